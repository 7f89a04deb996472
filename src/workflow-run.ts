import { readFileSync } from 'node:fs'
import * as v from 'valibot'
import { parseJson } from './diagnosis/verdict.ts'

/** Facts about the workflow run, read from the runner's environment once. */
export interface WorkflowRun {
  repository: string | undefined
  eventName: string | undefined
  actor: string | undefined
  job: string | undefined
  workflow: string | undefined
  runId: string | undefined
  runAttempt: string | undefined
  serverUrl: string
  apiUrl: string
  /** A pull request whose head lies in another repository: GitHub gives it no OIDC token. */
  fromFork: boolean
  /** Absent without `permissions: id-token: write`. */
  oidc: { requestUrl: string; requestToken: string } | undefined
}

const pullRequestEvent = v.object({
  pull_request: v.object({
    head: v.object({ repo: v.nullable(v.object({ full_name: v.string() })) }),
    base: v.object({ repo: v.object({ full_name: v.string() }) }),
  }),
})

type Environment = Readonly<Record<string, string | undefined>>

export function readWorkflowRun(env: Environment): WorkflowRun {
  const requestUrl = env.ACTIONS_ID_TOKEN_REQUEST_URL
  const requestToken = env.ACTIONS_ID_TOKEN_REQUEST_TOKEN
  return {
    repository: env.GITHUB_REPOSITORY,
    eventName: env.GITHUB_EVENT_NAME,
    actor: env.GITHUB_ACTOR,
    job: env.GITHUB_JOB,
    workflow: env.GITHUB_WORKFLOW,
    runId: env.GITHUB_RUN_ID,
    runAttempt: env.GITHUB_RUN_ATTEMPT,
    serverUrl: env.GITHUB_SERVER_URL ?? 'https://github.com',
    apiUrl: env.GITHUB_API_URL ?? 'https://api.github.com',
    fromFork: isFromFork(env.GITHUB_EVENT_PATH),
    oidc: requestUrl && requestToken ? { requestUrl, requestToken } : undefined,
  }
}

function isFromFork(eventPath: string | undefined): boolean {
  if (eventPath === undefined) return false
  let text: string
  try {
    text = readFileSync(eventPath, 'utf8')
  } catch {
    return false
  }
  const event = v.safeParse(pullRequestEvent, parseJson(text))
  if (!event.success) return false
  const { head, base } = event.output.pull_request
  // A deleted fork leaves null behind.
  return head.repo?.full_name !== base.repo.full_name
}

/** Address of the run's page, where it is known. */
export function runUrl({ serverUrl, repository, runId, runAttempt }: WorkflowRun): string | undefined {
  if (repository === undefined || runId === undefined) return undefined
  return `${serverUrl}/${repository}/actions/runs/${runId}/attempts/${runAttempt ?? '1'}`
}
