import { type Explanations, plainly } from '../explanation.ts'

const permissionYaml = (job: string) => `jobs:
  ${job}:
    permissions:
      id-token: write
      contents: read`

export const githubOidcExplanations: Explanations<'githubOidc'> = {
  'oidc-permission-missing': {
    title: 'The job may not ask GitHub for an OIDC token',
    why: () =>
      'The runner sets ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN only for jobs with the permission `id-token: write`, and they are not set. Once a job or workflow names any permission, all that it does not name are none.',
    fixes: ({ facts }) => [
      {
        title: 'Give the job the permission',
        language: 'yaml',
        text: permissionYaml(/^[\w-]+$/.test(facts.run.job ?? '') ? (facts.run.job ?? '') : 'deploy'),
      },
      {
        title: 'If the job runs in a reusable workflow',
        language: 'text',
        text: 'A called workflow gets no more than its caller gives: put the same permissions on the job that has `uses:` as well.',
      },
    ],
  },
  'oidc-unavailable-fork': {
    title: 'GitHub gives this run no OIDC token',
    why: ({ refusal }) =>
      `${refusal.said.message} That holds whatever the workflow asks for, unless an administrator has enabled write tokens for forks.`,
    fixes: () => [
      {
        title: 'Skip the gate for such runs',
        language: 'yaml',
        text: "if: github.event.pull_request.head.repo.full_name == github.repository && github.actor != 'dependabot[bot]'",
      },
    ],
  },
  'oidc-endpoint-unavailable': plainly(
    "GitHub's OIDC endpoint gave no token",
    'The job has the permission, and the endpoint answered with an error of its own, several times. That is an outage or a throttled endpoint, not a setting.',
    'Run the job again; look at githubstatus.com if it goes on.',
  ),
  'oidc-request-refused': plainly(
    "GitHub's OIDC endpoint refused the request",
    'The endpoint answered with a refusal that trying again does not change. The request token belongs to the job: it ends with it, and an audience that the endpoint does not accept is refused as well.',
    'Check the input `audience`, and that nothing in the workflow overwrites ACTIONS_ID_TOKEN_REQUEST_URL or ACTIONS_ID_TOKEN_REQUEST_TOKEN.',
  ),
}
