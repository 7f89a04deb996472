import { isDependabotRun, type WorkflowRun } from '../../workflow-run.ts'
import { advice, type Explanations, type Fix, paragraph, type Told } from '../explanation.ts'
import { bash, jobName } from './commands.ts'

const permissions = `    permissions:
      id-token: write
      contents: read`

/** `.github/workflows/deploy.yml` of `owner/repo/.github/workflows/deploy.yml@refs/heads/main`. */
function workflowFile({ workflowRef }: WorkflowRun): string | undefined {
  return /^[^/]+\/[^/]+\/([^@]+)@/.exec(workflowRef ?? '')?.[1]
}

function permissionFixes({ facts: { run } }: Told): Fix[] {
  const file = workflowFile(run)
  const where = file === undefined ? '' : ` (${file})`
  return [
    {
      title: `Give the job the permission${where}`,
      language: 'yaml',
      text: `jobs:\n  ${jobName(run.job)}:\n${permissions}`,
    },
    {
      title: `If the job stands in a reusable workflow: give it to the caller's job as well${where}, for a called workflow gets no more than its caller`,
      language: 'yaml',
      text: `jobs:\n  call:\n${permissions}\n    uses: OWNER/REPO/.github/workflows/WORKFLOW.yml@REF`,
    },
  ]
}

function whyNoToken({ facts: { run } }: Told): string {
  if (run.fromFork)
    return 'GitHub gives runs of pull requests from forks no OIDC token, whatever the workflow asks for, unless an administrator lets forks have write tokens.'
  if (isDependabotRun(run) && run.eventName === 'pull_request_target')
    return "The pull request is Dependabot's, and runs of pull_request_target get a read-only token for it, whatever the workflow asks for."
  return 'Runs that Dependabot starts have a read-only token, unless the job itself names the permissions that it needs.'
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

function fixesWithoutToken(told: Told): Fix[] {
  const { run } = told.facts
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

export const githubOidcExplanations: Explanations<'githubOidc'> = {
  'oidc-permission-missing': {
    title: 'The job may not ask GitHub for an OIDC token',
    why: () =>
      "The runner sets ACTIONS_ID_TOKEN_REQUEST_URL and ACTIONS_ID_TOKEN_REQUEST_TOKEN only for jobs with the permission id-token: write, and they are not set. A job that names any permission has none but those that it names: its own list takes the place of the workflow's.",
    unlike:
      'An outage never looks like this: where the permission is there and the endpoint fails, the code is `oidc-endpoint-unavailable`. For pull requests from forks and for Dependabot it is `oidc-unavailable-fork`. In a container of your own making, the two variables may also have been left outside.',
    fixes: permissionFixes,
  },
  'oidc-unavailable-fork': {
    title: 'GitHub gives this run no OIDC token',
    about:
      'Runs of pull requests from forks get no OIDC token, whatever the workflow asks for, unless an administrator lets forks have write tokens. Runs that Dependabot starts have a read-only token unless the job itself names its permissions; for pull_request_target from Dependabot there is none at all.',
    why: whyNoToken,
    unlike:
      'In `oidc-permission-missing` the run is one of the repository itself, and the permission is all that is missing.',
    fixes: fixesWithoutToken,
  },
  'oidc-endpoint-unavailable': {
    title: "GitHub's OIDC endpoint gave no token",
    why: () =>
      'The job has the permission, and the endpoint answered with an error of its own, with something that is no token, or with a request to slow down, several times. That is an outage or a throttled endpoint, not a setting.',
    unlike:
      'A missing permission shows as `oidc-permission-missing`, before any request. A host that cannot be reached at all has a network code.',
    fixes: () => [
      bash("Ask GitHub's status page", 'curl --silent https://www.githubstatus.com/api/v2/status.json'),
      advice(
        'Run the job again. On a self-hosted or larger runner, see that it may reach the host of ACTIONS_ID_TOKEN_REQUEST_URL.',
      ),
    ],
  },
  'oidc-request-refused': {
    title: "GitHub's OIDC endpoint refused the request",
    why: ({ facts }) =>
      paragraph(
        'The endpoint answered with a refusal that trying again does not change. The request token belongs to the job and ends with it; an audience that the endpoint does not take is refused as well.',
        facts.settings && `This run asked for the audience ${facts.settings.identity.assertionAudience}.`,
      ),
    unlike: 'Errors of the endpoint itself, from 500 on, and throttling are `oidc-endpoint-unavailable`.',
    fixes: () => [
      advice(
        'Check the input `audience`, and that nothing in the workflow overwrites ACTIONS_ID_TOKEN_REQUEST_URL or ACTIONS_ID_TOKEN_REQUEST_TOKEN. A step that outlived its job has to run again.',
      ),
    ],
  },
}
