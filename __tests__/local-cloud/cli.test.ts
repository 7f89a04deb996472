import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseEnv } from 'node:util'
import { decodeJwt } from 'jose'
import * as v from 'valibot'
import { defaultWorld } from '../../local-cloud/default-world.ts'
import { accountKeys } from '../../local-cloud/inference/keys.ts'
import { parseSeed } from '../../local-cloud/seed.ts'
import { type Seed, worldSchema } from '../../local-cloud/world.ts'
import { childEnvironment } from '../support/child-node.ts'
import { accessTokenFor, createClient, freePorts, idTokenFor, type SendOptions } from './cloud-fixture.ts'

const OWNER = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
const root = fileURLToPath(new URL('../..', import.meta.url))
const workFolder = mkdtempSync(join(tmpdir(), 'cli-test-'))
const started = new Map<ChildProcess, Promise<Ended>>()

// Not SIGKILL: the local cloud could not remove its files.
afterEach(async () => {
  for (const child of started.keys()) child.kill('SIGTERM')
  await Promise.all(started.values())
  started.clear()
})
afterAll(() => rmSync(workFolder, { recursive: true }))

interface Ended {
  code: number | null
  signal: NodeJS.Signals | null
  stdout: string
  stderr: string
}

function run(command: string, args: readonly string[], env: Record<string, string> = {}) {
  const child = spawn(command, args, {
    cwd: root,
    env: { PATH: process.env.PATH ?? '', ...childEnvironment, ...env },
  })
  const output = { stdout: '', stderr: '' }
  child.stdout.setEncoding('utf8').on('data', chunk => {
    output.stdout += chunk
  })
  child.stderr.setEncoding('utf8').on('data', chunk => {
    output.stderr += chunk
  })
  const ended = new Promise<Ended>(resolve => {
    child.once('close', (code, signal) => resolve({ code, signal, ...output }))
  })
  started.set(child, ended)
  return { child, ended, firstOutput: new Promise<string>(resolve => child.stdout.once('data', resolve)) }
}

const cli = (...args: string[]) => run(process.execPath, ['local-cloud/cli.ts', ...args])

const variables = v.record(v.string(), v.string())

/** Starts the local cloud and reads its variables, which come in one piece. */
async function startCli(...args: string[]) {
  const running = cli('--format', 'json', ...args)
  return { ...running, env: v.parse(variables, JSON.parse(await running.firstOutput)) }
}

/** The default world, in which the pipeline was given the role to infer this very moment. */
function justGranted(): Seed {
  const [application] = defaultWorld.applications
  const [subscription] = defaultWorld.subscriptions
  const assignment = {
    name: '6c0f1d52-93ab-4e7d-8f24-0b57ce91d3a8',
    scope: `/subscriptions/${subscription?.id}/resourceGroups/rg-keyless`,
    roleDefinitionId: 'a97b65f3-24c7-4388-baec-2e87135dc908',
    principalId: application?.servicePrincipal?.objectId ?? '',
    principalType: 'ServicePrincipal' as const,
    createdOn: new Date().toISOString(),
  }
  return { ...defaultWorld, roleAssignments: [...(defaultWorld.roleAssignments ?? []), assignment] }
}

describe('variables', () => {
  test('let the official SDKs sign in unchanged', async () => {
    const { env } = await startCli()
    const script = `
      import { getIDToken } from '@actions/core'
      import { ClientAssertionCredential } from '@azure/identity'
      const { AZURE_TENANT_ID, AZURE_CLIENT_ID, LOCAL_CLOUD_AUTHORITY_HOST } = process.env
      const assertion = await getIDToken('api://AzureADTokenExchange')
      const options = { authorityHost: LOCAL_CLOUD_AUTHORITY_HOST, disableInstanceDiscovery: true }
      const credential = new ClientAssertionCredential(AZURE_TENANT_ID, AZURE_CLIENT_ID, async () => assertion, options)
      process.stdout.write('\\n' + (await credential.getToken('https://ai.azure.com/.default')).token)`
    const { code, stdout, stderr } = await run(process.execPath, ['--input-type=module', '-e', script], env)
      .ended
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(decodeJwt(stdout.split('\n').at(-1) ?? '')).toMatchObject({
      aud: 'https://ai.azure.com',
      appid: defaultWorld.applications[0]?.clientId,
    })
  })

  test('name the resource, its endpoint and the control endpoint', async () => {
    const { env } = await startCli()
    expect(env.LOCAL_CLOUD_RESOURCE_ID).toMatch(/^\/subscriptions\/.*\/accounts\/contoso-ai$/)
    expect(env.AZURE_SUBSCRIPTION_ID).toBe(defaultWorld.subscriptions[0]?.id)
    const client = createClient(readFileSync(env.NODE_EXTRA_CA_CERTS ?? '', 'utf8'))
    const world = await client.send(`${env.LOCAL_CLOUD_CONTROL_URL}/world`, {
      headers: { authorization: `Bearer ${env.LOCAL_CLOUD_CONTROL_TOKEN}` },
    })
    expect(world.json).toMatchObject({ workflow: { repository: 'shop' } })
    for (const endpoint of [env.LOCAL_CLOUD_ENDPOINT, env.AZURE_OPENAI_ENDPOINT]) {
      expect(await client.send(`${endpoint}/openai/v1/models`)).toMatchObject({ status: 401 })
    }
    expect(env.AZURE_OPENAI_ENDPOINT).not.toBe(env.LOCAL_CLOUD_ENDPOINT)
    expect(
      await client.send(`${env.LOCAL_CLOUD_RESOURCE_MANAGER}/subscriptions?api-version=2022-12-01`),
    ).toMatchObject({
      status: 401,
    })
    await client.close()
  })

  test('can be read by a shell', async () => {
    const seed = { ...defaultWorld, workflow: { ...defaultWorld.workflow, workflow: "Deploy 'it' $HOME" } }
    const seedFile = join(workFolder, 'seed.json')
    writeFileSync(seedFile, JSON.stringify(seed))
    const exports = await cli('--seed', seedFile).firstOutput
    const { stdout } = await run('sh', ['-c', `${exports}\nprintf %s "$GITHUB_WORKFLOW"`]).ended
    expect(stdout).toBe("Deploy 'it' $HOME")
  })

  test('can be appended to $GITHUB_ENV, without the variables that the runner owns', async () => {
    const lines = (await cli('--format', 'github').firstOutput).trimEnd().split('\n')
    const names = lines.map(line => line.replace(/=.*/, ''))
    expect(names).toEqual(
      expect.arrayContaining(['ACTIONS_ID_TOKEN_REQUEST_URL', 'AZURE_CLIENT_ID', 'ARM_CLIENT_ID']),
    )
    expect(names.filter(name => name.startsWith('GITHUB_'))).toEqual([])
    expect(lines.filter(line => !/^[A-Z_]+=[^\n]+$/.test(line))).toEqual([])
  })
})

describe('options', () => {
  test('--port sets the first of consecutive ports', async () => {
    const port = await freePorts(9)
    const { env } = await startCli('--port', String(port))
    expect(env.ACTIONS_ID_TOKEN_REQUEST_URL).toBe(`https://127.0.0.1:${port}/oidc/token?api-version=2.0`)
    expect(env.LOCAL_CLOUD_AUTHORITY_HOST).toBe(`https://127.0.0.1:${port + 1}`)
  })

  test('--propagation takes seconds, one number per replica', async () => {
    const seedFile = join(workFolder, 'just-granted.json')
    writeFileSync(seedFile, JSON.stringify(justGranted()))
    const { env } = await startCli('--seed', seedFile, '--propagation', '0,600')
    const client = createClient(readFileSync(env.NODE_EXTRA_CA_CERTS ?? '', 'utf8'))
    const token = await accessTokenFor(client.send, {
      authorityHost: env.LOCAL_CLOUD_AUTHORITY_HOST ?? '',
      tenantId: env.AZURE_TENANT_ID ?? '',
      clientId: env.AZURE_CLIENT_ID ?? '',
      resource: 'https://ai.azure.com',
      assertion: await idTokenFor(client.send, env),
    })
    const infer = async () => {
      const answer = await client.send(`${env.LOCAL_CLOUD_ENDPOINT}/openai/v1/chat/completions`, {
        method: 'POST',
        headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
        body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'Hello' }] }),
      })
      return answer.status
    }
    expect([await infer(), await infer()].sort()).toEqual([200, 401])
    await client.send(`${env.LOCAL_CLOUD_CONTROL_URL}/clock`, {
      method: 'POST',
      headers: { authorization: `Bearer ${env.LOCAL_CLOUD_CONTROL_TOKEN}` },
      body: JSON.stringify({ advanceSeconds: 601 }),
    })
    expect([await infer(), await infer()]).toEqual([200, 200])
    await client.close()
  })

  test('--key-access-lag takes seconds', async () => {
    const seed = structuredClone(defaultWorld)
    const [account] = seed.accounts
    if (account === undefined) throw new Error('The default world has an account')
    account.keyAccessChangedOn = new Date().toISOString()
    const seedFile = join(workFolder, 'just-switched-off.json')
    writeFileSync(seedFile, JSON.stringify(seed))
    const { env } = await startCli('--seed', seedFile, '--key-access-lag', '600,0')
    const client = createClient(readFileSync(env.NODE_EXTRA_CA_CERTS ?? '', 'utf8'))
    const list = () =>
      client.send(`${env.LOCAL_CLOUD_ENDPOINT}/openai/v1/models`, {
        headers: { 'api-key': accountKeys(env.LOCAL_CLOUD_RESOURCE_ID ?? '').key1 },
      })
    expect([(await list()).status, (await list()).status]).toEqual([200, 403])
    await client.close()
  })

  test('--throttling limits requests to Resource Manager like Azure', async () => {
    const { env } = await startCli('--throttling')
    const client = createClient(readFileSync(env.NODE_EXTRA_CA_CERTS ?? '', 'utf8'))
    const token = await accessTokenFor(client.send, {
      authorityHost: env.LOCAL_CLOUD_AUTHORITY_HOST ?? '',
      tenantId: env.AZURE_TENANT_ID ?? '',
      clientId: env.AZURE_CLIENT_ID ?? '',
      resource: 'https://management.azure.com',
      assertion: await idTokenFor(client.send, env),
    })
    const url = `${env.LOCAL_CLOUD_RESOURCE_MANAGER}${env.LOCAL_CLOUD_RESOURCE_ID}?api-version=2023-05-01`
    const { headers } = await client.send(url, { headers: { authorization: `Bearer ${token}` } })
    expect(headers['x-ms-ratelimit-remaining-subscription-reads']).toBe('249')
    await client.close()
  })
})

test('Node reads the output of --format dotenv, no matter what a value contains', async () => {
  const workflow = {
    ...defaultWorld.workflow,
    workflow: 'Deploy "it" for $HOME # now',
    ref: "refs/heads/it's",
  }
  const seedFile = join(workFolder, 'dotenv.json')
  writeFileSync(seedFile, JSON.stringify({ ...defaultWorld, workflow }))
  const env = parseEnv(await cli('--format', 'dotenv', '--seed', seedFile).firstOutput)
  expect(env).toMatchObject({
    GITHUB_WORKFLOW: workflow.workflow,
    GITHUB_REF: workflow.ref,
    AZURE_CLIENT_ID: defaultWorld.applications[0]?.clientId,
    ACTIONS_ID_TOKEN_REQUEST_URL: expect.stringMatching(/\?api-version=2\.0$/),
  })
})

test('only --instance-discovery gives a program a proxy', async () => {
  const { env } = await startCli('--instance-discovery')
  expect(env.HTTPS_PROXY).toMatch(/^http:\/\/127\.0\.0\.1:\d+$/)
  const { env: without } = await startCli()
  expect(without.HTTPS_PROXY).toBeUndefined()
})

test('with --granted the pipeline can call models at once, even if grants take time', async () => {
  const { env } = await startCli('--granted', '--propagation', '600')
  const client = createClient(readFileSync(env.NODE_EXTRA_CA_CERTS ?? '', 'utf8'))
  const token = await accessTokenFor(client.send, {
    authorityHost: env.AZURE_AUTHORITY_HOST ?? '',
    tenantId: env.AZURE_TENANT_ID ?? '',
    clientId: env.AZURE_CLIENT_ID ?? '',
    resource: 'https://ai.azure.com',
    assertion: readFileSync(env.AZURE_FEDERATED_TOKEN_FILE ?? '', 'utf8'),
  })
  const answer = await client.send(`${env.AZURE_OPENAI_ENDPOINT}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: 'chat', messages: [{ role: 'user', content: 'Hello' }] }),
  })
  expect(answer.status).toBe(200)
  await client.close()
})

test('with --provisioning new accounts and deployments take that long on the clock of the cloud', async () => {
  const seed = justGranted()
  const [grant] = seed.roleAssignments?.slice(-1) ?? []
  if (grant) grant.roleDefinitionId = OWNER
  const seedFile = join(workFolder, 'owner.json')
  writeFileSync(seedFile, JSON.stringify(seed))
  const { env } = await startCli('--provisioning', '600', '--seed', seedFile)
  const client = createClient(readFileSync(env.NODE_EXTRA_CA_CERTS ?? '', 'utf8'))
  const token = await accessTokenFor(client.send, {
    authorityHost: env.AZURE_AUTHORITY_HOST ?? '',
    tenantId: env.AZURE_TENANT_ID ?? '',
    clientId: env.AZURE_CLIENT_ID ?? '',
    resource: 'https://management.azure.com',
    assertion: readFileSync(env.AZURE_FEDERATED_TOKEN_FILE ?? '', 'utf8'),
  })
  const path = `${env.LOCAL_CLOUD_RESOURCE_ID}/deployments/new?api-version=2025-06-01`
  const ask = (options: SendOptions = {}) =>
    client.send(`${env.LOCAL_CLOUD_RESOURCE_MANAGER}${path}`, {
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...options,
    })
  const model = { format: 'OpenAI', name: 'gpt-4.1-mini', version: '2025-04-14' }
  const body = JSON.stringify({ sku: { name: 'Standard', capacity: 1 }, properties: { model } })
  const is = (provisioningState: string) => ({ json: { properties: { provisioningState } } })

  expect(await ask({ method: 'PUT', body })).toMatchObject({ status: 201, ...is('Creating') })
  expect(await ask()).toMatchObject(is('Creating'))
  await client.send(`${env.LOCAL_CLOUD_CONTROL_URL}/clock`, {
    method: 'POST',
    headers: { authorization: `Bearer ${env.LOCAL_CLOUD_CONTROL_TOKEN}` },
    body: JSON.stringify({ advanceSeconds: 600 }),
  })
  expect(await ask()).toMatchObject(is('Succeeded'))
  await client.close()
})

describe('the message to people', () => {
  test('fits a screen, and names every service', async () => {
    const { child, ended, env } = await startCli()
    child.kill('SIGTERM')
    const { stderr } = await ended
    const lines = stderr.split('\n')
    expect(lines.length).toBeLessThanOrEqual(24)
    expect(lines.filter(line => line.length > 110)).toEqual([])
    for (const name of [
      'LOCAL_CLOUD_ISSUER',
      'AZURE_AUTHORITY_HOST',
      'LOCAL_CLOUD_ENDPOINT',
      'IDENTITY_ENDPOINT',
    ]) {
      expect(stderr).toContain(env[name])
    }
    expect(stderr).toContain('contoso-pipeline can sign in, but cannot call them yet')
  })

  test('says that the pipeline can call, if it can', async () => {
    const { child, ended } = await startCli('--granted')
    child.kill('SIGTERM')
    expect((await ended).stderr).toContain('contoso-pipeline can call them.')
  })
})

describe('-- COMMAND', () => {
  test('runs in the environment of the cloud, and its exit code is passed on', async () => {
    const program = 'process.stdout.write(process.env.AZURE_CLIENT_ID); process.exit(7)'
    const { code, stdout, stderr } = await cli('--', process.execPath, '-e', program).ended
    expect({ code, stdout, stderr }).toEqual({
      code: 7,
      stdout: defaultWorld.applications[0]?.clientId,
      stderr: '',
    })
  })

  test('a signal reaches the command, and both end', async () => {
    const program = `
      process.on('SIGTERM', () => { console.log('asked to stop'); process.exit(3) })
      setInterval(() => {}, 1000)
      console.log(process.env.NODE_EXTRA_CA_CERTS)`
    const { child, ended, firstOutput } = cli('--', process.execPath, '-e', program)
    const caFile = (await firstOutput).trim()
    child.kill('SIGTERM')
    expect(await ended).toMatchObject({ code: 3, stdout: `${caFile}\nasked to stop\n` })
    expect(existsSync(caFile)).toBe(false)
  })

  test('a command that cannot be started is named in the error', async () => {
    const { code, stderr } = await cli('--', join(workFolder, 'no-such-program')).ended
    expect(code).toBe(1)
    expect(stderr).toMatch(/no-such-program cannot be started: .*ENOENT/)
  })
})

describe('init', () => {
  test.each(['seed.yaml', 'seed.json'])('%s starts unchanged, and is the default world', async name => {
    const file = join(workFolder, `init-${name}`)
    expect(await cli('init', file).ended).toMatchObject({ code: 0, stdout: '' })
    expect(readFileSync(file, 'utf8')).toContain('/seed.schema.json')
    const { env } = await startCli('--seed', file)
    const client = createClient(readFileSync(env.NODE_EXTRA_CA_CERTS ?? '', 'utf8'))
    const { json } = await client.send(`${env.LOCAL_CLOUD_CONTROL_URL}/world`, {
      headers: { authorization: `Bearer ${env.LOCAL_CLOUD_CONTROL_TOKEN}` },
    })
    expect(json).toEqual(JSON.parse(JSON.stringify(parseSeed(defaultWorld))))
    await client.close()
  })

  test('a missing folder is named in the error', async () => {
    const file = join(workFolder, 'nowhere', 'mine.yaml')
    const { code, stderr } = await cli('init', file).ended
    expect({ code, stderr }).toEqual({
      code: 1,
      stderr: expect.stringContaining(`${file} cannot be written: ENOENT`),
    })
  })

  test('an existing file is not overwritten', async () => {
    const file = join(workFolder, 'mine.yaml')
    writeFileSync(file, 'mine: true\n')
    const { code, stderr } = await cli('init', file).ended
    expect({ code, stderr }).toEqual({ code: 1, stderr: `${file} is there already: it stays as it is.\n` })
    expect(readFileSync(file, 'utf8')).toBe('mine: true\n')
  })
})

describe('wait', () => {
  test.each(['shell', 'github', 'json', 'dotenv'])(
    'returns once the variables are there, as %s',
    async format => {
      const file = join(workFolder, `wait.${format}`)
      const waiting = cli('wait', file)
      const { ended, firstOutput } = cli('--format', format)
      void ended
      writeFileSync(file, await firstOutput)
      expect(await waiting.ended).toEqual({ code: 0, signal: null, stdout: '', stderr: '' })
    },
  )

  test('reads the variables from the environment if no file is named', async () => {
    const { env } = await startCli()
    expect(await run(process.execPath, ['local-cloud/cli.ts', 'wait'], env).ended).toMatchObject({ code: 0 })
  })

  test('gives up, and says what is missing', async () => {
    const file = join(workFolder, 'never.env')
    expect(await cli('wait', file, '--timeout', '1').ended).toMatchObject({
      code: 1,
      stderr: `${file} does not hold the variables of a local cloud, after 1 seconds.\n`,
    })
    const { child, ended, env } = await startCli('--format', 'json')
    const kept = join(workFolder, 'kept.pem')
    writeFileSync(kept, readFileSync(env.NODE_EXTRA_CA_CERTS ?? ''))
    child.kill('SIGTERM')
    await ended
    const gone = { ...env, NODE_EXTRA_CA_CERTS: kept }
    const { stderr } = await run(process.execPath, ['local-cloud/cli.ts', 'wait', '--timeout', '1'], gone)
      .ended
    expect(stderr).toBe(`${env.LOCAL_CLOUD_ISSUER} does not answer, after 1 seconds.\n`)
  })

  test('fails at once without a file and without variables', async () => {
    expect(await cli('wait').ended).toMatchObject({ code: 1, stderr: expect.stringContaining('wait needs') })
  })
})

describe('end', () => {
  test.each(['SIGINT', 'SIGTERM', 'SIGHUP'] as const)('%s stops it cleanly', async signal => {
    const { child, ended, env } = await startCli()
    const caFile = env.NODE_EXTRA_CA_CERTS ?? ''
    expect(existsSync(caFile)).toBe(true)
    child.kill(signal)
    expect(await ended).toMatchObject({ code: 0, signal: null })
    expect(existsSync(caFile)).toBe(false)
  })
})

describe('command line', () => {
  test.each([
    [['--unknown'], "Unknown option '--unknown'"],
    [['stray'], "Unexpected argument 'stray'"],
    [['--granted', '--'], "A command has to follow '--'."],
    [['init', 'one.yaml', 'two.yaml'], "init takes one file: 'two.yaml' is too much."],
    [['init', '--granted'], "Unknown option '--granted'"],
    [['wait', '--timeout', 'long'], "--timeout is 'long': it takes whole numbers from 1 to 86400."],
    [['--port', 'http'], "--port is 'http': it takes whole numbers from 1 to 65535."],
    [['--port', '70000'], "--port is '70000'"],
    [['--propagation', '5,soon'], "--propagation is 'soon': it takes whole numbers from 0 to 86400."],
    [['--key-access-lag', '0,1.5'], "--key-access-lag is '1.5': it takes whole numbers from 0 to 86400."],
    [['--provisioning', '1.5'], "--provisioning is '1.5': it takes whole numbers from 0 to 86400."],
    [['--format', 'yaml'], "--format is 'yaml': it can be shell, github, json, dotenv."],
  ])('%j is refused with a pointer to --help', async (args, message) => {
    const { code, stdout, stderr } = await cli(...args).ended
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/\nkey-less-cloud --help lists the commands\.\n$/)
  })

  test('--help prints the usage and starts nothing', async () => {
    const { code, stdout, stderr } = await cli('--help').ended
    expect({ code, stdout }).toEqual({ code: 0, stdout: '' })
    expect(stderr).toMatch(/^Usage: /)
    const words = new Set(stderr.match(/[\w-]+/g))
    expect(Object.keys(worldSchema.entries).filter(field => !words.has(field))).toEqual([])
  })

  test.each([
    ['nowhere.json', undefined, /The seed .*nowhere\.json cannot be read: ENOENT/],
    ['broken.json', '{', /The seed .*broken\.json cannot be read: .*JSON/],
    ['broken.yaml', 'tenants: [', /The seed .*broken\.yaml cannot be read: .*line 1/],
    ['wrong.yaml', 'tenants: []', /The seed of the local cloud is invalid:\n {2}subscriptions: /],
    [
      'mistyped.yaml',
      'tenants: [{id: 8f6b2c1e-4d3a-4b7f-9c58-2e1d0a6b7c90, displayNam: Contoso}]',
      / {2}tenants\.0\.displayName: the field is missing\n {2}tenants\.0\.displayNam: there is no such field\n/,
    ],
    ['wrong.json', '{"tenants":[]}', /The seed of the local cloud is invalid:\n {2}subscriptions: /],
  ])('the seed %s is refused', async (name, content, message) => {
    const file = join(workFolder, name)
    if (content !== undefined) writeFileSync(file, content)
    const { code, stdout, stderr } = await cli('--seed', file).ended
    expect({ code, stdout }).toEqual({ code: 1, stdout: '' })
    expect(stderr).toMatch(message)
  })
})
