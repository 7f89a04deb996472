import { execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { setTimeout as sleep } from 'node:timers/promises'
import { localVariables, localWorld } from '../../conformance/local-world.ts'
import { madeHere } from '../../conformance/terms.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { cognitiveServicesUser } from '../../src/azure/rbac/built-in-roles.ts'

/** `npm run conformance` as a person runs it, another local cloud standing in for the real services. */

let cloud: LocalCloud
let folder: string
beforeAll(async () => {
  cloud = await createLocalCloud({ seed: localWorld({ keys: 'off' }), granted: true })
  folder = mkdtempSync(join(tmpdir(), 'key-less-gate-conformance-'))
})
afterAll(async () => {
  await cloud.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  code: number | null
  stdout: string
  stderr: string
}

const conformance = (...args: string[]) => conformanceOn(cloud, ...args)

function conformanceOn(other: LocalCloud, ...args: string[]): Promise<Ended> {
  const env = { PATH: process.env.PATH, ...other.jobEnvironment(), ...localVariables }
  return new Promise(resolve => {
    const child = execFile(
      process.execPath,
      [join(repositoryRoot, 'conformance/cli.ts'), ...args],
      { env, maxBuffer: 16 * 1024 * 1024 },
      (_error, stdout, stderr) => resolve({ code: child.exitCode, stdout, stderr }),
    )
  })
}

test('it records what a service answers, and says where the local cloud answers otherwise', async () => {
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

  const again = await conformance('--against', out)
  expect(again.code).toBe(1)
  expect(again.stdout).toContain('arm-usages: status: the recording of ')
})

test('what depends on whether keys are on is compared with a local cloud of the same state', async () => {
  const withKeys = await createLocalCloud({ seed: localWorld({ keys: 'on' }), granted: true })
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

test('without --against it says how it is called', async () => {
  const { code, stderr } = await conformance()

  expect(code).toBe(2)
  expect(stderr).toContain('Usage: npm run conformance -- --against real|local|FILE')
})

test('where nothing can be tried it says why', async () => {
  cloud.faults.add({ name: 'refused', operation: 'token', effect: { kind: 'reply', status: 401, body: {} } })
  const { code, stderr } = await conformance('--against', 'real')
  cloud.faults.clear()

  expect(code).toBe(2)
  expect(stderr).toContain('Entra gives no token for Resource Manager: nothing can be tried')
})

test.each(['SIGINT', 'SIGTERM'] as const)(
  'interrupted by %s while the role is waited for it takes the role back',
  async signal => {
    const slow = await createLocalCloud({
      seed: localWorld({ keys: 'off' }),
      lag: { roleAssignments: [3_600_000] },
    })
    try {
      const before = slow.world.roleAssignments.length
      const out = join(folder, `${signal}.json`)
      const child = spawn(
        process.execPath,
        [join(repositoryRoot, 'conformance/cli.ts'), '--against', 'real', '--out', out],
        {
          env: { PATH: process.env.PATH, ...slow.jobEnvironment(), ...localVariables },
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
      expect(await stderr).toBe(`Interrupted by ${signal}: nothing was compared, and nothing recorded\n`)
      expect(slow.world.roleAssignments).toHaveLength(before)
      expect(existsSync(out)).toBe(false)
    } finally {
      await slow.close()
    }
  },
)
