import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { sdkVariables } from '../../src/azure/sdk-environment.ts'

/** Every variable that the bundle reads by its name: a library that comes to read another one fails here. */

const dist = join(import.meta.dirname, '../../dist')
const bundle = readdirSync(dist)
  .filter(name => name.endsWith('.js'))
  .map(name => readFileSync(join(dist, name), 'utf8'))
  .join('\n')

/** What the context of @actions/github reads when it is loaded, which is once a subject did not match: the runner sets them, and they cannot be overwritten. */
const ofTheRun = [
  'GITHUB_ACTION',
  'GITHUB_ACTOR',
  'GITHUB_API_URL',
  'GITHUB_EVENT_NAME',
  'GITHUB_EVENT_PATH',
  'GITHUB_GRAPHQL_URL',
  'GITHUB_JOB',
  'GITHUB_REF',
  'GITHUB_REPOSITORY',
  'GITHUB_RUN_ATTEMPT',
  'GITHUB_RUN_ID',
  'GITHUB_RUN_NUMBER',
  'GITHUB_SERVER_URL',
  'GITHUB_SHA',
  'GITHUB_WORKFLOW',
]

/** What stays, and why. */
const kept: Readonly<Record<string, string>> = {
  ...Object.fromEntries(ofTheRun.map(name => [name, 'what the runner says of the run'])),
  ACTIONS_ID_TOKEN_REQUEST_URL:
    'whether the job may ask for a token: only then tls is loaded early (step/early-tls.ts)',
  GITHUB_ENV: 'file commands of the runner',
  GITHUB_OUTPUT: 'file commands of the runner',
  GITHUB_STATE: 'file commands of the runner',
  GITHUB_STEP_SUMMARY: 'file commands of the runner',
  RUNNER_DEBUG: 'whether the runner shows debug lines',
  HTTP_PROXY: 'proxies are the job’s to name; the SDKs get none but ours (azure/sdk-transport.ts)',
  HTTPS_PROXY: 'the same',
  NO_PROXY: 'the same',
  http_proxy: 'the same',
  https_proxy: 'the same',
  no_proxy: 'the same',
  NODE_V8_COVERAGE: 'undici: whether dispatchers are finalised',
  CI: 'undici: colours of a table for its mocks',
  JEST_WORKER_ID: 'undici: which of two builds of its parser; it sends nothing of ours',
  UNDICI_NO_FG: 'the same',
  ProgramData: 'MSAL: where Azure Arc has its files, for managed identities of machines; never used',
  ProgramFiles: 'the same',
}

const removed: readonly string[] = sdkVariables
const read = new Set([...bundle.matchAll(/process\.env\.([A-Za-z_]\w*)/g)].map(([, name = '']) => name))

test('every variable that the code reads by name is listed', () => {
  expect([...read].filter(name => !(name in kept) && !removed.includes(name))).toEqual([])
})

test('every listed variable is read', () => {
  expect(Object.keys(kept).filter(name => !read.has(name))).toEqual([])
  // In the list itself, and where it is read.
  const count = (name: string) => bundle.split(new RegExp(`\\b${name}\\b`)).length - 1
  expect(removed.filter(name => count(name) < 2)).toEqual([])
})
