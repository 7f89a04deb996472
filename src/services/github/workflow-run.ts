import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { parseJson } from '../../core/text/json.ts'

/** Facts about the workflow run, read from the runner's environment once. */
export interface WorkflowRun {
  repository: string | undefined
  eventName: string | undefined
  actor: string | undefined
  job: string | undefined
  workflow: string | undefined
  /** `owner/repo/path@ref` of the workflow that was started; in a reusable workflow, the caller's. */
  workflowRef: string | undefined
  runId: string | undefined
  runAttempt: string | undefined
  commit: string | undefined
  ref: string | undefined
  runnerName: string | undefined
  serverUrl: string
  apiUrl: string
  /** Repository and ref of this action; undefined if it is in the workspace. */
  action: { repository: string; ref: string } | undefined
  /** A pull request from another repository, with an event for which GitHub then issues no OIDC token. */
  fromFork: boolean
  /** Author of the event's pull request. */
  pullRequestAuthor: string | undefined
  /** Absent without `permissions: id-token: write`. */
  oidc: { requestUrl: string; requestToken: string } | undefined
}

const pullRequestEvent = v.object({
  pull_request: v.object({
    head: v.object({ repo: v.nullable(v.object({ full_name: v.string() })) }),
    base: v.object({ repo: v.object({ full_name: v.string() }) }),
    user: v.fallback(v.optional(v.object({ login: v.string() })), undefined),
  }),
})
type PullRequest = v.InferOutput<typeof pullRequestEvent>['pull_request']

type Environment = Readonly<Record<string, string | undefined>>

export function readWorkflowRun(env: Environment): WorkflowRun {
  const requestUrl = env.ACTIONS_ID_TOKEN_REQUEST_URL
  const requestToken = env.ACTIONS_ID_TOKEN_REQUEST_TOKEN
  const pullRequest = readPullRequest(env.GITHUB_EVENT_PATH)
  return {
    repository: env.GITHUB_REPOSITORY,
    eventName: env.GITHUB_EVENT_NAME,
    actor: env.GITHUB_ACTOR,
    job: env.GITHUB_JOB,
    workflow: env.GITHUB_WORKFLOW,
    workflowRef: env.GITHUB_WORKFLOW_REF,
    runId: env.GITHUB_RUN_ID,
    runAttempt: env.GITHUB_RUN_ATTEMPT,
    commit: env.GITHUB_SHA,
    ref: env.GITHUB_REF,
    runnerName: env.RUNNER_NAME,
    serverUrl: env.GITHUB_SERVER_URL ?? 'https://github.com',
    apiUrl: env.GITHUB_API_URL ?? 'https://api.github.com',
    action: actionOf(env),
    // A run of pull_request_target belongs to the base repository, wherever the head is: it gets the token that it asks for.
    fromFork:
      pullRequest !== undefined && env.GITHUB_EVENT_NAME !== 'pull_request_target' && isFromFork(pullRequest),
    pullRequestAuthor: pullRequest?.user?.login,
    oidc: requestUrl && requestToken ? { requestUrl, requestToken } : undefined,
  }
}

function readPullRequest(eventPath: string | undefined): PullRequest | undefined {
  if (eventPath === undefined) return undefined
  let text: string
  try {
    text = readFileSync(eventPath, 'utf8')
  } catch {
    return undefined
  }
  const event = v.safeParse(pullRequestEvent, parseJson(text))
  return event.success ? event.output.pull_request : undefined
}

/** For a deleted fork GitHub sends null. */
const isFromFork = ({ head, base }: PullRequest) => head.repo?.full_name !== base.repo.full_name

/** The runner sets both for `uses: owner/repo@ref`, and leaves them empty for `uses: ./`. */
function actionOf(env: Environment): WorkflowRun['action'] {
  const repository = env.GITHUB_ACTION_REPOSITORY
  return repository ? { repository, ref: env.GITHUB_ACTION_REF || 'main' } : undefined
}

const dependabot = 'dependabot[bot]'

/**
 * Whether the run has only Dependabot's rights: because of its actor or, for `pull_request_target`, because of the author of
 * the pull request, no matter who started the run (docs.github.com, Dependabot on GitHub Actions).
 */
export function isDependabotRun({ actor, eventName, pullRequestAuthor }: WorkflowRun): boolean {
  return actor === dependabot || (eventName === 'pull_request_target' && pullRequestAuthor === dependabot)
}

/** Address of the run's page, if it is known. */
export function runUrl({ serverUrl, repository, runId, runAttempt }: WorkflowRun): string | undefined {
  if (repository === undefined || runId === undefined) return undefined
  return `${serverUrl}/${repository}/actions/runs/${runId}/attempts/${runAttempt ?? '1'}`
}
