import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { everything, localVariables, localWorld } from '../../conformance/local-world.ts'
import { madeHere } from '../../conformance/terms.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { cognitiveServicesUser } from '../../src/azure/rbac/built-in-roles.ts'
import { envelope, refuse } from '../support/arrange.ts'
import { compileCache } from '../support/child-node.ts'

/** `npm run conformance` as a person runs it, another local cloud standing in for the real services. */

/** What docs/conformance.md has a person set up. */
const asInTheDocuments = new Set(['keys-on', 'key-access-unset', 'project', 'chat', 'embeddings'])

let cloud: LocalCloud
let folder: string
beforeAll(async () => {
  cloud = await createLocalCloud({ seed: localWorld(everything), granted: true })
  // As in Azure, somebody made each.
  for (const assignment of cloud.world.roleAssignments) {
    assignment.createdBy ??= assignment.principalId
    assignment.updatedBy ??= assignment.principalId
  }
  folder = mkdtempSync(join(tmpdir(), 'key-less-gate-conformance-'))
})
afterAll(async () => {
  await cloud.close()
  rmSync(folder, { recursive: true, force: true })
})

const usualEnvironment = { PATH: process.env.PATH, ...compileCache, ...localVariables }

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

const conformance = (...args: string[]) => conformanceOn(cloud, ...args)

const conformanceOn = (other: LocalCloud, ...args: string[]) => runIn(other.jobEnvironment(), ...args)

function runIn(job: Readonly<Record<string, string>>, ...args: string[]): Promise<Ended> {
  // Nobody moves the time of that cloud.
  const env = { ...usualEnvironment, CONFORMANCE_EXPIRED_ASSERTION: '', ...job }
  return new Promise(resolve => {
    const child = execFile(
      process.execPath,
      [join(repositoryRoot, 'conformance/cli.ts'), ...args],
      { env, maxBuffer: 16 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

test('it records the answers of a service, and says where the local cloud differs', async () => {
  cloud.faults.add({
    name: 'another code',
    operation: 'usages.listOfAccount',
    effect: {
      kind: 'reply',
      status: 404,
      headers: { 'content-type': 'application/json' },
      body: { error: { code: 'NotThere' } },
    },
  })
  const out = join(folder, 'recordings.json')
  const { code, stdout } = await conformance('--against', 'real', '--out', out)
  cloud.faults.clear()

  expect(code).toBe(1)
  expect(stdout).toContain('arm-usages: status: real has `404`, the local cloud `200`')
  expect(stdout).toContain('arm-usages: code: real has `NotThere`, the local cloud nothing')
  expect(stdout).toMatch(/ differences\.\n$/)
  const recorded = readFileSync(out, 'utf8')
  for (const secret of [cloud.jobEnvironment().ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? '', 'contoso', 'eyJ']) {
    expect(recorded).not.toContain(secret)
    expect(stdout).not.toContain(secret)
  }

  const lag = { kept: { asked: 9, denied: 4, firstSuccessMs: 61_000, lastDenialMs: 58_500 } }
  const withLag = {
    ...JSON.parse(recorded),
    lag: { ...lag, fresh: { asked: 9, denied: 9, lastDenialMs: 70_000 } },
  }
  writeFileSync(out, JSON.stringify(withLag))
  const again = await conformance('--against', out)
  expect(again.code).toBe(1)
  expect(again.stdout).toContain('arm-usages: status: the recording of ')
  expect(again.stdout).toContain(
    'the first call succeeded after 61.0 s, the last denial came after 58.5 s; 4 of 9 calls were denied.',
  )
  expect(again.stdout).toContain(
    'On new connections no call succeeded, the last denial came after 70.0 s; 9 of 9 calls were denied.',
  )
})

test('a service that breaks the connection has not agreed', async () => {
  cloud.faults.add({
    name: 'broken off',
    operation: 'usages.listOfAccount',
    effect: { kind: 'reset', when: 'before' },
  })
  const { code, stdout } = await conformance('--against', 'real')
  cloud.faults.clear()

  expect(code).toBe(1)
  expect(stdout).toContain('arm-usages: no answer: real has nothing, the local cloud `200`')
  expect(stdout).not.toContain('Nothing differs.')
})

test('if a recording would contain an id, nothing is written', async () => {
  const id = '0f3d8a61-b27c-4e95-8146-d5c0e7f92ab3'
  cloud.faults.add({
    name: 'an id where no word of a service stands',
    operation: 'usages.listOfAccount',
    effect: { kind: 'reply', status: 404, headers: { 'content-type': `application/${id}` }, body: '' },
  })
  const out = join(folder, 'with-an-id.json')
  const { code, stdout, stderr } = await conformance('--against', 'real', '--out', out)
  cloud.faults.clear()

  expect(code).toBe(2)
  expect(stderr).toMatch(/^The recording of arm-usages would contain an id.*: nothing was written\./)
  expect(`${stdout}${stderr}`).not.toContain(id)
  expect(existsSync(out)).toBe(false)
})

test('a role assignment that was left behind is named, and the run exits with 2', async () => {
  const locked = await createLocalCloud({ seed: localWorld(everything), lag: { roleAssignments: [0] } })
  try {
    refuse(locked, 'roleAssignments.delete', 409, envelope('ScopeLocked', 'locked'))
    const { code, stdout, stderr } = await conformanceOn(locked, '--against', 'real')

    expect(stdout).toMatch(/ differences\.\n$/)
    expect(stderr).toMatch(/^NOT REMOVED, remove it by hand: \/subscriptions\//m)
    expect(code).toBe(2)
  } finally {
    await locked.close()
  }
})

test('another cloud is found by just the address of its Resource Manager', async () => {
  const {
    LOCAL_CLOUD_AUTHORITY_HOST: entra = '',
    LOCAL_CLOUD_RESOURCE_MANAGER: resourceManager = '',
    LOCAL_CLOUD_GRAPH: _graph,
    ...job
  } = cloud.jobEnvironment()

  const { code, stdout } = await runIn(job, '--against', `${resourceManager}/`)
  expect(stdout).toContain('Nothing differs.')
  expect(code).toBe(0)
  expect(await runIn(job, '--against', entra)).toMatchObject({
    code: 2,
    stderr: expect.stringMatching(
      / answered 404, without metadata of a cloud: the address must be that of a Resource Manager\n$/,
    ),
  })
  expect(await runIn(job, '--against', 'http://127.0.0.1:1')).toMatchObject({
    code: 2,
    stderr: expect.stringContaining('Not an https address'),
  })
})

test('the error names every wrong variable', async () => {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: _url, AZURE_TENANT_ID: _tenant, ...job } = cloud.jobEnvironment()
  const wrong = {
    AZURE_CLIENT_ID: '',
    CONFORMANCE_RESOURCE_ID: '/subscriptions/x',
    CONFORMANCE_FAULTY_IDENTITIES: '{"other-subject": "mine"}',
  }

  expect((await runIn({ ...job, ...wrong }, '--against', 'real')).stderr).toBe(
    [
      'ACTIONS_ID_TOKEN_REQUEST_URL: is not set: GitHub sets it in a job with `id-token: write`',
      'AZURE_CLIENT_ID: is not a GUID',
      'AZURE_TENANT_ID: is not set',
      'CONFORMANCE_RESOURCE_ID: is not the id of a Microsoft.CognitiveServices/accounts resource',
      'CONFORMANCE_FAULTY_IDENTITIES: is not a GUID',
      '',
    ].join('\n'),
  )
})

test('the local cloud gets the same abilities as the resource and the identity', async () => {
  const withKeys = await createLocalCloud({
    seed: localWorld(asInTheDocuments),
    lag: { roleAssignments: [0] },
  })
  try {
    const out = join(folder, 'keys-on.json')
    const { code, stdout } = await conformanceOn(withKeys, '--against', 'real', '--out', out)

    expect(stdout).toContain('Nothing differs.')
    expect(code).toBe(0)
    expect(readFileSync(out, 'utf8')).toContain('inference-chat-key-is-wrong')
    expect(await conformance('--against', out)).toMatchObject({ code: 0 })
  } finally {
    await withKeys.close()
  }
})

test('without --against it prints its usage', async () => {
  const { code, stderr } = await conformance()

  expect(code).toBe(2)
  expect(stderr).toContain('Usage: npm run conformance -- --against real|local|URL|FILE')
})

test('if nothing can be tried, it says why', async () => {
  const stranger = { CONFORMANCE_SETUP_CLIENT_ID: '0e6a9d13-5b48-4c72-8f90-d3b1e7a4c265' }
  const { code, stdout, stderr } = await runIn(
    { ...cloud.jobEnvironment(), ...stranger },
    '--against',
    'real',
  )

  expect(code).toBe(2)
  // The issue quotes it, without what names anyone.
  expect(stdout).toMatch(
    /^The run ended before it had compared everything: Entra gives no token .+ 'GUID' was not found .+ this job is SUBJECT\n$/,
  )
  expect(stderr).toMatch(
    /^Entra gives no token for Resource Manager, so nothing can be tried\. For CONFORMANCE_SETUP_CLIENT_ID it answered 400 AADSTS700016: AADSTS700016: .+ The subject of this job is repo:contoso\/shop:ref:refs\/heads\/main\n$/,
  )
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  'interrupted by %s while the role is waited for it takes the role back',
  async signal => {
    const slow = await createLocalCloud({
      seed: localWorld(everything),
      lag: { roleAssignments: [3_600_000] },
    })
    try {
      const before = slow.world.roleAssignments.length
      const out = join(folder, `${signal}.json`)
      const child = spawn(
        process.execPath,
        [join(repositoryRoot, 'conformance/cli.ts'), '--against', 'real', '--out', out],
        {
          env: { ...usualEnvironment, ...slow.jobEnvironment() },
          stdio: ['ignore', 'ignore', 'pipe'],
        },
      )
      const ended = once(child, 'close')
      const stderr = text(child.stderr)
      const isGranted = () =>
        slow.world.roleAssignments.some(
          ({ roleDefinitionId, description }) =>
            roleDefinitionId === cognitiveServicesUser.guid && description === madeHere,
        )
      while (!isGranted()) await sleep(20)
      child.kill(signal)

      expect(await ended).toEqual([2, null])
      expect(await stderr).toBe(
        `${signal}: removing the assignments of this run. Another ${signal} ends the run at once; then the next run removes the rest\n` +
          `Interrupted by ${signal}: nothing was compared\n`,
      )
      expect(slow.world.roleAssignments).toHaveLength(before)
      expect(existsSync(out)).toBe(false)
    } finally {
      await slow.close()
    }
  },
)
