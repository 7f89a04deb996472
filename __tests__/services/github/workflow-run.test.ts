import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDependabotRun, readWorkflowRun, runUrl } from '../../../src/services/github/workflow-run.ts'

const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-run-'))
afterAll(() => rmSync(folder, { recursive: true }))

function eventFile(content: string): string {
  const path = join(folder, `${Math.random()}.json`)
  writeFileSync(path, content)
  return path
}

test("the runner's values are used", () => {
  const run = readWorkflowRun({
    GITHUB_REPOSITORY: 'contoso/app',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_ACTOR: 'someone',
    GITHUB_JOB: 'deploy',
    GITHUB_WORKFLOW: 'Deploy',
    GITHUB_RUN_ID: '42',
    GITHUB_RUN_ATTEMPT: '2',
    GITHUB_SHA: '0a1b2c3d',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_SERVER_URL: 'https://github.contoso.example',
    GITHUB_API_URL: 'https://github.contoso.example/api/v3',
    ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example/?x=1',
    ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'token',
  })

  expect(run).toEqual({
    repository: 'contoso/app',
    eventName: 'push',
    actor: 'someone',
    job: 'deploy',
    workflow: 'Deploy',
    runId: '42',
    runAttempt: '2',
    commit: '0a1b2c3d',
    ref: 'refs/heads/main',
    serverUrl: 'https://github.contoso.example',
    apiUrl: 'https://github.contoso.example/api/v3',
    fromFork: false,
    oidc: { requestUrl: 'https://oidc.example/?x=1', requestToken: 'token' },
  })
  expect(runUrl(run)).toBe('https://github.contoso.example/contoso/app/actions/runs/42/attempts/2')
})

test('outside a workflow nothing is known, and nothing fails', () => {
  const run = readWorkflowRun({})

  expect(run).toMatchObject({
    serverUrl: 'https://github.com',
    apiUrl: 'https://api.github.com',
    fromFork: false,
    oidc: undefined,
  })
  expect(runUrl(run)).toBeUndefined()
})

test.each([
  ['no URL', { ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'token' }],
  ['no token', { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example/?x=1' }],
  [
    'an empty token',
    { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example/?x=1', ACTIONS_ID_TOKEN_REQUEST_TOKEN: '' },
  ],
])('there is no OIDC with %s', (_, env) => {
  expect(readWorkflowRun(env).oidc).toBeUndefined()
})

const pullRequest = (head: string | null, base: string) =>
  JSON.stringify({
    pull_request: {
      head: { repo: head === null ? null : { full_name: head } },
      base: { repo: { full_name: base } },
    },
  })

test.each([
  ['a pull request of the repository itself', pullRequest('contoso/app', 'contoso/app'), false],
  ['a pull request of a fork', pullRequest('someone/app', 'contoso/app'), true],
  ['a pull request of a fork that is gone', pullRequest(null, 'contoso/app'), true],
  ['a push', JSON.stringify({ ref: 'refs/heads/main' }), false],
  ['an event that is no JSON', 'not JSON', false],
])('%s', (_, event, fromFork) => {
  expect(readWorkflowRun({ GITHUB_EVENT_PATH: eventFile(event) }).fromFork).toBe(fromFork)
})

test('an event that cannot be read does not count as a fork', () => {
  expect(readWorkflowRun({ GITHUB_EVENT_PATH: join(folder, 'absent.json') }).fromFork).toBe(false)
})

test('a pull request of a fork gets a token if the event belongs to the base repository', () => {
  const GITHUB_EVENT_PATH = eventFile(pullRequest('someone/app', 'contoso/app'))

  expect(readWorkflowRun({ GITHUB_EVENT_PATH, GITHUB_EVENT_NAME: 'pull_request_target' }).fromFork).toBe(
    false,
  )
  expect(readWorkflowRun({ GITHUB_EVENT_PATH, GITHUB_EVENT_NAME: 'pull_request' }).fromFork).toBe(true)
})

test.each([
  ['started by Dependabot', 'dependabot[bot]', 'push', undefined, true],
  [
    'of a pull request of Dependabot, started by somebody else',
    'someone',
    'pull_request_target',
    'dependabot[bot]',
    true,
  ],
  [
    'of such a pull request, with the rights of who started it',
    'someone',
    'pull_request',
    'dependabot[bot]',
    false,
  ],
  ['of somebody else', 'someone', 'pull_request_target', 'someone', false],
])('a run %s', (_, actor, eventName, pullRequestAuthor, expected) => {
  expect(isDependabotRun({ ...readWorkflowRun({}), actor, eventName, pullRequestAuthor })).toBe(expected)
})

test.each([
  [
    'from where it was used',
    { GITHUB_ACTION_REPOSITORY: 'contoso/key-less-gate', GITHUB_ACTION_REF: 'v1' },
    'v1',
  ],
  [
    'from a branch without a name',
    { GITHUB_ACTION_REPOSITORY: 'contoso/key-less-gate', GITHUB_ACTION_REF: '' },
    'main',
  ],
])('the action itself comes %s', (_, env, ref) => {
  expect(readWorkflowRun(env).action).toEqual({ repository: 'contoso/key-less-gate', ref })
})

test('the action itself comes from the workspace, if nothing else is known', () => {
  expect(readWorkflowRun({ GITHUB_ACTION_REPOSITORY: '', GITHUB_ACTION_REF: '' }).action).toBeUndefined()
})
