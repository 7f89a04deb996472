import { answered, type Examples } from '../../support/example.ts'

export const githubExamples: Examples<'github'> = {
  'oidc-permission-missing': {
    own: 'ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN are missing from the job’s environment.',
  },
  'oidc-unavailable-fork': {
    own: 'The same two variables are missing, and the event says that the pull request comes from a fork, or that Dependabot started the run.',
  },
  'oidc-endpoint-unavailable': answered(
    200,
    {},
    'https://github.com/actions/toolkit/blob/main/packages/core/src/oidc-utils.ts',
  ),
  'oidc-request-refused': answered(
    400,
    {
      source: 'actions-run-service',
      statusCode: 400,
      errorMessage: "Can't issue ID_TOKEN for audience 'https://github.com/apps/contoso'",
    },
    'reply quoted in public code',
  ),
}
