import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type ActionResult, readKeyValues, startAction } from '../../action-runner/index.ts'
import { accountKeys } from '../../local-cloud/inference/keys.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { accessTokenFor, createClient, idTokenFor } from './cloud-fixture.ts'

/** The setup action, started from the archive that a runner downloads. */
const folder = mkdtempSync(join(tmpdir(), 'setup-action-test-'))
const action = join(folder, 'archive/local-cloud')
afterAll(() => rmSync(folder, { recursive: true }))

beforeAll(() => {
  const archive = execFileSync('git', ['archive', 'HEAD'], { cwd: repositoryRoot, maxBuffer: 100_000_000 })
  mkdirSync(join(folder, 'archive'))
  execFileSync('tar', ['-x', '-C', join(folder, 'archive')], { input: archive })
})

let steps = 0
let pid = 0
afterEach(() => {
  if (isAlive(pid)) process.kill(pid, 'SIGKILL')
})

async function step(options: Partial<Parameters<typeof startAction>[0]>) {
  steps += 1
  const workFolder = join(folder, `step-${steps}`)
  mkdirSync(workFolder)
  const result = await startAction({ action, inputs: {}, workFolder, ...options }).result
  return { ...result, exported: readKeyValues(readFileSync(join(workFolder, 'GITHUB_ENV'), 'utf8')) }
}

async function started(inputs: Record<string, string> = {}) {
  const run = await step({ inputs: { 'job-status': 'success', ...inputs } })
  pid = Number(run.state.pid)
  return run
}

const ended = ({ state }: ActionResult, env: Record<string, string>, status: string) =>
  step({ step: 'post', state, env, inputs: { 'job-status': status } })

function isAlive(process_: number): boolean {
  try {
    return process_ > 0 && process.kill(process_, 0)
  } catch {
    return false
  }
}

async function gone(): Promise<true> {
  while (isAlive(pid)) await new Promise(resolve => setTimeout(resolve, 20))
  return true
}

test('a runner downloads at most 3 MB, and of the local cloud only its action', () => {
  const files = execFileSync('find', ['.', '-type', 'f'], { cwd: join(folder, 'archive'), encoding: 'utf8' })
  const paths = files.trim().split('\n')
  expect(paths.filter(path => path.startsWith('./local-cloud/'))).toEqual(['./local-cloud/action.yml'])
  const sizes = paths.map(path => statSync(join(folder, 'archive', path)).size)
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(3_000_000)
})

test('later steps get the environment, the runner masks secrets, and the post step leaves nothing behind', async () => {
  const run = await started({ granted: 'true' })
  expect(run.exitCode).toBe(0)
  const { exported, masks } = run
  expect(Object.keys(exported).filter(name => name.startsWith('GITHUB_'))).toEqual([])
  for (const name of ['ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'IDENTITY_HEADER', 'LOCAL_CLOUD_CONTROL_TOKEN']) {
    expect(masks).toContain(exported[name])
  }
  const client = createClient(readFileSync(exported.NODE_EXTRA_CA_CERTS ?? '', 'utf8'))
  const token = await accessTokenFor(client.send, {
    authorityHost: exported.AZURE_AUTHORITY_HOST ?? '',
    tenantId: exported.AZURE_TENANT_ID ?? '',
    clientId: exported.AZURE_CLIENT_ID ?? '',
    resource: 'https://ai.azure.com',
    assertion: await idTokenFor(client.send, exported),
  })
  const answer = await client.send(`${exported.AZURE_OPENAI_ENDPOINT}/openai/v1/models`, {
    headers: { authorization: `Bearer ${token}` },
  })
  expect(answer.status).toBe(200)
  await client.close()
  const post = await ended(run, exported, 'success')
  expect(post).toMatchObject({ exitCode: 0, log: [] })
  expect(await gone()).toBe(true)
})

test('a failed job shows the requests, without secrets in any form, and none becomes a command', async () => {
  const run = await started({ granted: 'true' })
  const { exported } = run
  const client = createClient(readFileSync(exported.NODE_EXTRA_CA_CERTS ?? '', 'utf8'))
  const assertion = await idTokenFor(client.send, exported)
  const token = await accessTokenFor(client.send, {
    authorityHost: exported.AZURE_AUTHORITY_HOST ?? '',
    tenantId: exported.AZURE_TENANT_ID ?? '',
    clientId: exported.AZURE_CLIENT_ID ?? '',
    resource: 'https://management.azure.com',
    assertion,
  })
  const secrets = [
    assertion,
    token,
    readFileSync(exported.AZURE_FEDERATED_TOKEN_FILE ?? '', 'utf8'),
    exported.ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? '',
    exported.IDENTITY_HEADER ?? '',
    exported.LOCAL_CLOUD_CONTROL_TOKEN ?? '',
    ...Object.values(accountKeys(exported.LOCAL_CLOUD_RESOURCE_ID ?? '')),
  ]
  const host = exported.AZURE_OPENAI_ENDPOINT ?? ''
  for (const secret of secrets) {
    const encoded = encodeURIComponent(secret)
    await client.send(`${host}/nowhere?key=${encoded}`, {
      headers: { 'x-any': `so: ${secret}`, 'api-key': secret },
    })
    await client.send(`${host}/nowhere`, {
      method: 'POST',
      body: `a=b&client_assertion=${encoded}&c=${encoded}`,
    })
    await client.send(`${host}/nowhere`, {
      method: 'POST',
      body: JSON.stringify({ deep: [{ anything: secret }] }),
    })
  }
  // Secrets of the user's own, which nobody here issued.
  const own = 'a-secret-of-their-own'
  await client.send(`${host}/nowhere`, { method: 'POST', body: `client_secret=${own}` })
  await client.send(`${host}/nowhere`, { method: 'POST', body: JSON.stringify({ password: own }) })
  await client.send(`${host}/nowhere`, { method: 'POST', body: '\n::error::obeyed\n##[error]obeyed' })
  await client.close()

  const post = await ended(run, exported, 'failure')
  expect(post).toMatchObject({ exitCode: 0, annotations: [] })
  const log = post.unmasked.join('\n')
  expect(log).toContain('entra token POST')
  expect(log.split('/nowhere').length - 1).toBe(3 * secrets.length + 3)
  for (const secret of [...secrets, own]) expect(log).not.toContain(secret)
  expect(await gone()).toBe(true)
})

test('an invalid seed fails the step with its mistakes', async () => {
  const seed = join(folder, 'seed.yaml')
  writeFileSync(seed, 'tenants: []\n')
  const run = await step({ inputs: { seed, 'job-status': 'success' } })
  expect(run.exitCode).toBe(1)
  expect(run.annotations).toMatchObject([
    { level: 'error', message: expect.stringContaining('subscriptions: the field is missing') },
  ])
  expect(run.state).toEqual({})
})

test('an input that is neither true nor false is refused', async () => {
  const run = await step({ inputs: { granted: 'yes', 'job-status': 'success' } })
  expect(run).toMatchObject({
    exitCode: 1,
    annotations: [{ message: "granted is 'yes': it can be true or false." }],
  })
})
