import { spawnSync } from 'node:child_process'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { createClient, idToken } from '../local-cloud/cloud-fixture.ts'
import { accountEndpoint, holds, pipeline, roles } from '../support/arrange.ts'
import { execNode } from '../support/child-node.ts'
import { accountScope, usualInputs } from '../support/scenario.ts'
import { runScript } from '../support/shell.ts'

/** examples/plain-shell.sh, with a `sleep` that moves the cloud's clock instead of taking time. */

const isHere = (program: string) => spawnSync(program, ['--version']).status === 0

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
  if (isHere('jq')) return
  const jq = join(folder, 'jq')
  writeFileSync(jq, `#!/bin/sh\n${execNode(join(repositoryRoot, '__tests__/support/jq.ts'))}\n`)
  chmodSync(jq, 0o755)
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
    DEPLOYMENT: 'chat',
    AUTHORITY_HOST: cloud.endpoints.authorityHost,
    RESOURCE_MANAGER: cloud.endpoints.resourceManager,
    ...others,
  })
}

const calls = () => cloud.journal.entries.filter(({ operation }) => operation === 'chatCompletions.create')
const grants = () => cloud.journal.entries.filter(({ operation }) => operation === 'roleAssignments.create')

const script = join(repositoryRoot, 'examples/plain-shell.sh')

test('says so if curl is missing', () => {
  const { status, stderr } = spawnSync('/bin/sh', [script], { env: { PATH: '' }, encoding: 'utf8' })
  expect({ status, stderr }).toEqual({ status: 127, stderr: 'This script needs curl.\n' })
})

// The one program that the tests want besides Node and a shell: without it, they are reported as skipped.
const withCurl = isHere('curl') ? describe : describe.skip

withCurl('with curl, it', () => {
  test('grants once, waits until three calls in a row succeed, and finds the role the next time', async () => {
    expect(await callModel()).toEqual({
      status: 0,
      stdout: expect.stringContaining('chat answers without a key'),
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
    expect((await callModel()).stdout).toMatch(/3 calls, 0 seconds\n$/)
    expect(grants()).toEqual([])
  })

  test('masks every token before it prints anything', async () => {
    const { stdout } = await callModel()
    const masked = [...stdout.matchAll(/^::add-mask::(.+)$/gm)].map(([, secret]) => secret ?? '')
    const tokens = masked.filter(secret => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(secret))
    const others = stdout.replace(/^::add-mask::.+$/gm, '')

    expect(tokens).toHaveLength(3)
    expect(masked).toEqual(tokens.flatMap(token => [token, ...token.split('.')]))
    for (const secret of masked) expect(others).not.toContain(secret)
  })

  /** An agent of Azure Pipelines: what its server answers has the token of this job in it, whose credential is there. */
  async function inAzurePipelines(others: Readonly<Record<string, string>> = {}, refusal?: string) {
    const client = createClient(cloud.caPem)
    const oidcToken = await idToken(cloud, client.send)
    await client.close()
    cloud.journal.clear()
    cloud.faults.add({
      name: 'Azure DevOps',
      times: 1,
      service: 'github',
      effect: {
        kind: 'reply',
        ...(refusal === undefined ? { status: 200, body: { oidcToken } } : { status: 400, body: refusal }),
      },
    })
    const { origin } = new URL(cloud.runnerEnvironment().ACTIONS_ID_TOKEN_REQUEST_URL ?? '')
    return callModel({
      ACTIONS_ID_TOKEN_REQUEST_URL: '',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: '',
      SYSTEM_OIDCREQUESTURI: `${origin}/oidctoken`,
      SYSTEM_ACCESSTOKEN: 'of-the-agent',
      // The names that the task AzureCLI@2 gives to what its connection holds.
      AZURESUBSCRIPTION_SERVICE_CONNECTION_ID: '0f8fad5b-d9cb-469f-a165-70867728950e',
      AZURESUBSCRIPTION_CLIENT_ID: pipeline(cloud).application.clientId,
      AZURESUBSCRIPTION_TENANT_ID: pipeline(cloud).application.tenantId,
      CLIENT_ID: '',
      TENANT_ID: '',
      ...others,
    })
  }

  test("signs in from Azure Pipelines with its own request, and masks with its agent's command", async () => {
    holds(cloud, { role: roles.user })
    const { status, stdout } = await inAzurePipelines()
    const asked = cloud.journal.entries.find(({ service }) => service === 'github')
    const masked = [...stdout.matchAll(/^##vso\[task\.setsecret\](.+)$/gm)].map(([, secret]) => secret ?? '')
    const others = stdout.replace(/^##vso\[task\.setsecret\].+$/gm, '')

    expect(status).toBe(0)
    expect(asked).toMatchObject({
      method: 'POST',
      target: '/oidctoken?api-version=7.1-preview.1&serviceConnectionId=0f8fad5b-d9cb-469f-a165-70867728950e',
      headers: { authorization: 'Bearer of-the-agent' },
    })
    expect(masked.filter(secret => /^[\w-]+\.[\w-]+\.[\w-]+$/.test(secret))).toHaveLength(3)
    for (const secret of masked) expect(others).not.toContain(secret)
    expect(stdout).not.toContain('::add-mask::')
  })

  test.each([
    ['SYSTEM_ACCESSTOKEN', 'map it in the step: $(System.AccessToken)'],
    ['AZURESUBSCRIPTION_SERVICE_CONNECTION_ID', 'run this script in the task AzureCLI@2'],
    ['AZURESUBSCRIPTION_CLIENT_ID', 'CLIENT_ID'],
  ])('says what to do in Azure Pipelines without %s', async (name, said) => {
    const { status, stderr } = await inAzurePipelines({ [name]: '' })

    expect(status).not.toBe(0)
    expect(stderr).toContain(said)
  })

  test('shows why Azure DevOps gave no token, as an error of its own kind', async () => {
    const refusal = 'There is no explicit reference to service connection'
    const { status, stdout } = await inAzurePipelines({}, refusal)

    expect(status).toBe(1)
    expect(stdout).toBe(
      `##vso[task.logissue type=error]Key-less access: Azure DevOps gave no OIDC token (400)\n| ${refusal}\n`,
    )
  })

  test.each([
    ['an empty list', '{"choices":[]}'],
    ['a page to log in', '<html>Your choices: "choices"</html>'],
    ['a message without words', '{"choices":[{"message":{}}]}'],
    ['an error beside the answer', '{"error":{"code":"500"},"choices":[{"message":{"content":"ready"}}]}'],
    ['nothing', ''],
  ])('does not accept %s as a completion', async (_, body) => {
    holds(cloud, { role: roles.user })
    cloud.faults.add({
      name: 'no answer',
      operation: 'chatCompletions.create',
      effect: { kind: 'reply', status: 200, body },
    })
    const { status, stdout } = await callModel()

    expect(status).toBe(1)
    expect(stdout).toContain('::error title=Key-less access::The reply is not a completion\n')
  })

  test('accepts an answer that was cut short before its first word', async () => {
    holds(cloud, { role: roles.user })
    cloud.faults.add({
      name: 'cut short',
      operation: 'chatCompletions.create',
      effect: {
        kind: 'reply',
        status: 200,
        body: '{"choices":[{"finish_reason":"length","message":{"content":""}}]}',
      },
    })

    expect((await callModel()).status).toBe(0)
  })

  test.each([
    ['no string', 1],
    ['no token', 'abc'],
    ['a token with a line behind it', 'e30.e30.e30\n::warning::a'],
    ['a JWT of four parts', 'e30.e30.e30.e30'],
  ])('refuses a token that is %s, and does not print it', async (_, value) => {
    cloud.faults.add({
      name: 'no token',
      operation: 'oidc.token',
      effect: { kind: 'reply', status: 200, body: JSON.stringify({ value }) },
    })

    expect(await callModel()).toEqual({
      status: 1,
      stdout: '::error title=Key-less access::The reply of GitHub contains no token\n',
      stderr: '',
    })
  })

  test.each([
    ['a command', '$(id)'],
    ['a quotation mark', "1' || true '"],
    ['two lines', '00000000-0000-0000-0000-000000000001\n00000000-0000-0000-0000-000000000001'],
    ['nothing', undefined],
  ])('grants nothing to an object id that is %s', async (_, oid) => {
    const payload = Buffer.from(JSON.stringify({ oid })).toString('base64url')
    cloud.faults.add({
      name: 'odd principal',
      operation: 'token',
      effect: { kind: 'reply', status: 200, body: JSON.stringify({ access_token: `e30.${payload}.e30` }) },
    })
    cloud.faults.add({
      name: 'denied',
      operation: 'chatCompletions.create',
      effect: { kind: 'reply', status: 401, body: '{"error":{"code":"PermissionDenied","message":"-"}}' },
    })
    const { status, stdout } = await callModel()

    expect(status).toBe(1)
    expect(stdout).toContain('The access token contains no object id, so nothing was granted.')
    expect(grants()).toEqual([])
  })

  test("prints a server's message unchanged: backslashes do not start a new line", async () => {
    cloud.faults.add({
      name: 'escapes',
      operation: 'token',
      effect: { kind: 'reply', status: 401, body: 'a\\n::error::b\\033[2J' },
    })

    expect((await callModel()).stdout).toContain('| a\\n::error::b\\033[2J\n')
  })

  test('if it cannot grant, says which principal needs which role', async () => {
    holds(cloud, { role: roles.reader })
    const { status, stdout } = await callModel()

    expect(status).toBe(1)
    expect(stdout).toContain(`--assignee-object-id ${pipeline(cloud).principal.objectId}`)
    expect(stdout).toContain('::error title=Key-less access::The role was not granted (403)')
  })

  test("shows Entra's message, and does not let it command the runner", async () => {
    cloud.faults.add({
      name: 'command',
      operation: 'token',
      effect: { kind: 'reply', status: 401, body: '::warning::a\n##[error]b\n' },
    })
    const { status, stdout } = await callModel()

    expect(status).toBe(1)
    expect(stdout).toContain('| ::warning::a\n| # #[error]b\n')
  })

  test('a refusal that waiting cannot fix ends it at once', async () => {
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
  ])('refuses an id that is %s', async (_, RESOURCE_ID) => {
    const { status, stderr } = await callModel({ RESOURCE_ID })

    expect({ status, stderr }).toEqual({ status: 1, stderr: 'RESOURCE_ID is not the id of a resource\n' })
    expect(cloud.journal.entries).toEqual([])
  })

  test('gives up when its time is up', async () => {
    const { status, stdout } = await callModel({ TIMEOUT_SECONDS: '20' })

    expect(status).toBe(1)
    expect(stdout).toMatch(/No access after \d+ seconds/)
  })
})
