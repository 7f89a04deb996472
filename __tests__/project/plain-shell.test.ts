import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { accountEndpoint, holds, pipeline, roles } from '../support/arrange.ts'
import { accountScope, usualInputs } from '../support/scenario.ts'
import { runScript } from '../support/shell.ts'

/** examples/plain-shell.sh, with a `sleep` that moves the cloud's clock instead of taking time. */

let cloud: LocalCloud
let folder: string
beforeAll(async () => {
  cloud = await createLocalCloud({ lag: { roleAssignments: [60_000, 45_000] } })
  folder = mkdtempSync(join(tmpdir(), 'key-less-gate-shell-'))
  const sleep = join(folder, 'sleep')
  writeFileSync(
    sleep,
    `#!/bin/sh
exec curl --silent --fail --header 'Authorization: Bearer ${cloud.controlToken}' \\
  --data "{\\"advanceSeconds\\":$1}" '${cloud.endpoints.control}/clock' --output /dev/null
`,
  )
  chmodSync(sleep, 0o755)
})
beforeEach(() => cloud.reset())
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await cloud.close()
})

function callModel(others: Readonly<Record<string, string>> = {}) {
  const inputs = usualInputs(cloud)
  return runScript(script, [], folder, {
    ...cloud.runnerEnvironment(),
    CURL_CA_BUNDLE: cloud.caFile,
    CLIENT_ID: inputs['client-id'] ?? '',
    TENANT_ID: inputs['tenant-id'] ?? '',
    RESOURCE_ID: accountScope(cloud),
    ENDPOINT: accountEndpoint(cloud),
    DEPLOYMENT: 'gpt-4o-mini',
    AUTHORITY_HOST: cloud.endpoints.authorityHost,
    RESOURCE_MANAGER: cloud.endpoints.resourceManager,
    ...others,
  })
}

const calls = () => cloud.journal.entries.filter(({ operation }) => operation === 'chatCompletions.create')
const grants = () => cloud.journal.entries.filter(({ operation }) => operation === 'roleAssignments.create')

const script = join(repositoryRoot, 'examples/plain-shell.sh')
const curlIsHere = spawnSync('curl', ['--version']).status === 0

test('says so where there is no curl', () => {
  const { status, stderr } = spawnSync('/bin/sh', [script], { env: { PATH: '' }, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 127, stderr: 'This script needs curl.\n' })
})

// The one program that the tests want besides Node and a shell.
if (curlIsHere) testWithCurl()
else
  process.stderr.write('There is no curl here: examples/plain-shell.sh is not run against the local cloud.\n')

function testWithCurl() {
  test('grants once, waits until three calls in a row succeed, and finds the role the next time', async () => {
    expect(await callModel()).toEqual({
      status: 0,
      stdout: expect.stringContaining('gpt-4o-mini answers without a key'),
      stderr: '',
    })
    expect(grants()).toHaveLength(1)
    expect(
      calls()
        .map(({ status }) => status)
        .slice(-3),
    ).toEqual([200, 200, 200])
    expect(calls().length).toBeLessThan(45)

    cloud.journal.clear()
    expect((await callModel()).stdout).toMatch(/1 calls, 0 seconds\n$/)
    expect(grants()).toEqual([])
  })

  test('prints no token that is not masked first', async () => {
    const { stdout } = await callModel()
    const masked = [...stdout.matchAll(/^::add-mask::(.+)$/gm)].map(([, token]) => token ?? '')

    expect(masked).toHaveLength(3)
    for (const token of masked) {
      expect(token).toMatch(/^[\w-]+\.[\w-]+\.[\w-]+$/)
      expect(stdout.split(token)).toHaveLength(2)
    }
  })

  test('says who is to be granted what, where it may not grant', async () => {
    holds(cloud, { role: roles.reader })
    const { status, stdout } = await callModel()

    expect(status).toBe(1)
    expect(stdout).toContain(`--assignee-object-id ${pipeline(cloud).principal.objectId}`)
    expect(stdout).toContain('::error title=Key-less access::The role was not granted (403)')
  })

  test('shows what Entra says, without letting it command the runner', async () => {
    cloud.faults.add({
      name: 'command',
      operation: 'token',
      effect: { kind: 'reply', status: 401, body: '::warning::a\n##[error]b\n' },
    })
    const { status, stdout } = await callModel()

    expect(status).toBe(1)
    expect(stdout).toContain('| ::warning::a\n| ## [error]b\n')
  })

  test('a refusal that no waiting mends ends it at once', async () => {
    holds(cloud, { role: roles.user })
    const { status, stdout } = await callModel({ DEPLOYMENT: 'nowhere' })

    expect({ status, calls: calls().length }).toEqual({ status: 1, calls: 1 })
    expect(stdout).toContain('DeploymentNotFound')
  })

  test.each([
    ['another host', '@127.0.0.1/subscriptions/1'],
    ['a longer name of the host', '.contoso.example/subscriptions/1'],
    ['a path that leads elsewhere', '/subscriptions/1/../../elsewhere'],
    ['a query', '/subscriptions/1?x=1'],
    ['a quotation mark', "/subscriptions/1' || true '"],
    ['a list', '/subscriptions/{1,2}'],
  ])('takes no id that is %s', async (_, RESOURCE_ID) => {
    const { status, stderr } = await callModel({ RESOURCE_ID })

    expect({ status, stderr }).toEqual({ status: 1, stderr: 'RESOURCE_ID is no id of a resource\n' })
    expect(cloud.journal.entries).toEqual([])
  })

  test('gives up when the time is over', async () => {
    const { status, stdout } = await callModel({ TIMEOUT_SECONDS: '20' })

    expect(status).toBe(1)
    expect(stdout).toMatch(/No access after \d+ seconds/)
  })
}
