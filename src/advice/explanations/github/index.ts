import { isDependabotRun, type WorkflowRun } from '../../../services/github/workflow-run.ts'
import { bash, jobName } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from '../explanation.ts'

const permissions = `    permissions:
      id-token: write
      contents: read`

/** `.github/workflows/deploy.yml` from `owner/repo/.github/workflows/deploy.yml@refs/heads/main`. */
function workflowFile({ workflowRef }: WorkflowRun): string | undefined {
  return /^[^/]+\/[^/]+\/([^@]+)@/.exec(workflowRef ?? '')?.[1]
}

function permissionFixes({ record: { run } }: ExplainContext): Fix[] {
  const file = workflowFile(run)
  const where = file === undefined ? '' : ` (${file})`
  return [
    {
      title: `Give the job the permission${where}`,
      language: 'yaml',
      text: `jobs:\n  ${jobName(run.job)}:\n${permissions}`,
    },
    {
      title: `If the job is in a reusable workflow, give it to the calling job too${where}: a called workflow gets no more than its caller`,
      language: 'yaml',
      text: `jobs:\n  call:\n${permissions}\n    uses: OWNER/REPO/.github/workflows/WORKFLOW.yml@REF`,
    },
  ]
}

function whyNoToken({ record: { run } }: ExplainContext): string {
  if (run.fromFork)
    return 'Pull requests from forks get no OIDC token, no matter what the workflow asks for, unless an administrator sends write tokens to forks.'
  if (isDependabotRun(run) && run.eventName === 'pull_request_target')
    return "The pull request is Dependabot's: runs of pull_request_target get a read-only token, no matter what the workflow asks for."
  return 'Runs that Dependabot starts have a read-only token, unless the job itself names the permissions it needs.'
}

const skipForks: Fix = {
  title: 'Skip the gate for pull requests from forks',
  language: 'yaml',
  text: "if: github.event_name != 'pull_request' || github.event.pull_request.head.repo.full_name == github.repository",
}
const skipDependabot: Fix = {
  title: 'Skip the gate for Dependabot',
  language: 'yaml',
  text: "if: github.actor != 'dependabot[bot]' && github.event.pull_request.user.login != 'dependabot[bot]'",
}

function fixesWithoutToken(told: ExplainContext): Fix[] {
  const { run } = told.record
  if (run.fromFork) return [skipForks, notByTarget]
  if (!isDependabotRun(run)) return [skipForks, skipDependabot, notByTarget]
  return run.eventName === 'pull_request_target'
    ? [skipDependabot]
    : [skipDependabot, ...permissionFixes(told).slice(0, 1)]
}

const notByTarget = advice(
  'Run the gate after the merge, or behind an environment with reviewers. Do not move the job to pull_request_target to get a token: code from the fork would run with it.',
  'Or prove access elsewhere',
)

export const githubExplanations: Explanations<'github'> = {
  'oidc-permission-missing': {
    title: 'The job lacks the permission id-token: write',
    why: () =>
      "The runner sets ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN only for jobs with the permission `id-token: write`. If a job names any permission, it has only those that it names: its list replaces the workflow's.",
    unlike:
      'An outage of the endpoint is `oidc-endpoint-unavailable`; pull requests from forks and Dependabot are `oidc-unavailable-fork`. If the permission is there, something removes the two variables, such as a container that a step starts itself.',
    fixes: permissionFixes,
  },
  'oidc-unavailable-fork': {
    title: 'GitHub gives this run no OIDC token',
    about:
      'Pull requests from forks get no OIDC token, no matter what the workflow asks for, unless an administrator sends write tokens to forks. Runs that Dependabot starts have a read-only token unless the job itself names its permissions; its `pull_request_target` runs get no OIDC token at all.',
    why: whyNoToken,
    unlike: 'In a run of the repository itself only the permission is missing: `oidc-permission-missing`.',
    fixes: fixesWithoutToken,
  },
  'oidc-endpoint-unavailable': {
    title: "GitHub's OIDC endpoint gave no token",
    why: () =>
      'The job has the permission, but the endpoint failed several times: with an error, with a reply that is not a token, or by throttling. That is an outage, not a setting.',
    unlike:
      'A missing permission shows as `oidc-permission-missing`, before any request. A host that cannot be reached at all has a network code.',
    fixes: () => [
      bash("Ask GitHub's status page", 'curl --silent https://www.githubstatus.com/api/v2/status.json'),
      advice(
        'Run the job again. On a self-hosted or larger runner, check that it can reach the host of ACTIONS_ID_TOKEN_REQUEST_URL.',
      ),
    ],
  },
  'oidc-request-refused': {
    title: "GitHub's OIDC endpoint refused the request",
    why: ({ record }) =>
      paragraph(
        'Trying again would not help. The usual reasons: GitHub does not accept the audience, or the request token is not the one of this job (a request token ends with its job).',
        record.settings && `This run asked for the audience ${record.settings.identity.assertionAudience}.`,
      ),
    unlike: 'Errors of the endpoint itself, from 500 on, and throttling are `oidc-endpoint-unavailable`.',
    fixes: () => [
      advice(
        'Check the input `audience`, and that nothing in the workflow overwrites ACTIONS_ID_TOKEN_REQUEST_URL or ACTIONS_ID_TOKEN_REQUEST_TOKEN. Then run the job again.',
      ),
    ],
  },
}
