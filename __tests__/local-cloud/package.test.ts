import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import {
  cpSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import * as v from 'valibot'
import { repositoryRoot } from '../../scripts/tools.ts'

/** The package as npm packs it, put where npm would put it; its dependencies are those of the repository. */
const folder = mkdtempSync(join(tmpdir(), 'package-test-'))
const installed = join(folder, 'node_modules/key-less-cloud')
afterAll(() => rmSync(folder, { recursive: true }))

const neededByExamples = ['openai', '@azure/identity', '@jest/globals']

const manifest = v.object({
  version: v.string(),
  private: v.optional(v.boolean(), false),
  scripts: v.record(v.string(), v.string()),
  dependencies: v.record(v.string(), v.string()),
})
const readManifest = (path: string) =>
  v.parse(manifest, JSON.parse(readFileSync(join(repositoryRoot, path), 'utf8')))

beforeAll(() => {
  const options = ['--json', '--pack-destination', folder, '--foreground-scripts=false']
  const packed = execFileSync('npm', ['pack', '--workspace', 'local-cloud', ...options], {
    cwd: repositoryRoot,
    encoding: 'utf8',
  })
  const [{ filename }] = v.parse(v.tuple([v.object({ filename: v.string() })]), JSON.parse(packed))
  mkdirSync(installed, { recursive: true })
  execFileSync('tar', ['-xzf', join(folder, filename), '--strip-components', '1', '-C', installed])
  writeFileSync(join(folder, 'package.json'), '{}')
  mkdirSync(join(folder, 'node_modules/.bin'))
  symlinkSync('../key-less-cloud/build/local-cloud/cli.js', join(folder, 'node_modules/.bin/key-less-cloud'))
  for (const name of [...dependencies(), ...neededByExamples]) {
    const link = join(folder, 'node_modules', name)
    mkdirSync(dirname(link), { recursive: true })
    symlinkSync(join(repositoryRoot, 'node_modules', name), link)
  }
  cpSync(join(repositoryRoot, 'local-cloud/examples/tests'), folder, { recursive: true })
})

const lockfile = v.object({
  packages: v.record(
    v.string(),
    v.object({ dependencies: v.optional(v.record(v.string(), v.string()), {}) }),
  ),
})

/** Names of all packages that an empty folder gets along with ours. */
function dependencies(): string[] {
  const { packages } = v.parse(
    lockfile,
    JSON.parse(readFileSync(join(repositoryRoot, 'package-lock.json'), 'utf8')),
  )
  const found = new Set<string>()
  const add = (path: string) => {
    for (const name of Object.keys(packages[path]?.dependencies ?? {})) {
      if (found.has(name)) continue
      found.add(name)
      add(`node_modules/${name}`)
    }
  }
  add('local-cloud')
  return [...found]
}

const sizeOf = (path: string): number =>
  readdirSync(path, { recursive: true, encoding: 'utf8' })
    .map(file => statSync(join(path, file)))
    .reduce((sum, file) => sum + (file.isFile() ? file.size : 0), 0)

const run = (...args: string[]) => execFileSync(process.execPath, args, { cwd: folder, encoding: 'utf8' })

test('it has the version of the action, and runs no script when it is installed', () => {
  const { version, private: isPrivate, scripts, dependencies: own } = readManifest('local-cloud/package.json')
  expect({ version, isPrivate }).toEqual({ version: readManifest('package.json').version, isPrivate: false })
  expect(Object.keys(scripts)).toEqual(['prepack'])
  expect(Object.keys(own)).not.toHaveLength(0)
})

test('with its dependencies it takes less than 30 MB', () => {
  const names = dependencies()
  expect(names).toContain('jose')
  const sizes = names.map(name => sizeOf(join(repositoryRoot, 'node_modules', name)))
  expect(sizes.reduce((sum, size) => sum + size, sizeOf(installed))).toBeLessThan(30_000_000)
})

test('the command starts from the package', () => {
  expect(statSync(join(installed, 'build/local-cloud/cli.js')).mode & 0o111).not.toBe(0)
  expect(run(join(installed, 'build/local-cloud/cli.js'), '--help')).toBe('')
})

test('the package exports one function, which starts a cloud', () => {
  const program = `
    import * as all from 'key-less-cloud'
    const cloud = await all.createLocalCloud()
    const members = [...Object.keys(cloud), ...Object.getOwnPropertySymbols(cloud).map(String)]
    console.log(JSON.stringify({ exported: Object.keys(all), members, client: cloud.env.AZURE_CLIENT_ID }))
    await cloud.close()`
  expect(JSON.parse(run('--input-type=module', '-e', program))).toEqual({
    exported: ['createLocalCloud'],
    members: [
      ...['env', 'endpoints', 'ca', 'clock', 'faults', 'requests', 'world', 'reset', 'close'],
      'Symbol(Symbol.asyncDispose)',
    ],
    client: '1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37',
  })
})

test('nothing else can be imported, except the schema of a seed', () => {
  const program = `
    const outcomes = await Promise.allSettled([
      import('key-less-cloud/build/local-cloud/world.js'),
      import('key-less-cloud/seed.schema.json', { with: { type: 'json' } }),
    ])
    console.log(JSON.stringify(outcomes.map(({ reason, value }) => reason?.code ?? value.default.title)))`
  expect(JSON.parse(run('--input-type=module', '-e', program))).toEqual([
    'ERR_PACKAGE_PATH_NOT_EXPORTED',
    'Seed of the local cloud',
  ])
})

/** vitest is tried by `npm run test:clients`, which installs it, and pytest there as well. */
describe('the examples of tests pass', () => {
  const jest = join(repositoryRoot, 'node_modules/jest/bin/jest.js')

  /** What runs below a test runner takes itself for a part of it, unless these are gone. No question leaves the machine. */
  const { NODE_TEST_CONTEXT: _, JEST_WORKER_ID: __, ...others } = process.env
  const env = { ...others, HTTPS_PROXY: 'http://127.0.0.1:9', NO_PROXY: '127.0.0.1' }

  function outcome(program: string, args: readonly string[]) {
    const { status, stdout, stderr } = spawnSync(program, args, { cwd: folder, env, encoding: 'utf8' })
    return { status, said: `${stdout}${stderr}` }
  }

  test('with node:test', () => {
    const { status, said } = outcome(process.execPath, ['--test', '--test-reporter=tap', 'ask.node.test.mjs'])
    expect(said).toContain('# pass 3')
    expect(status).toBe(0)
  })

  test('with jest', () => {
    const options = ['--rootDir', folder, '--testMatch', '**/ask.jest.test.mjs']
    const { status, said } = outcome(process.execPath, ['--experimental-vm-modules', jest, ...options])
    expect(said).toContain('3 passed, 3 total')
    expect(status).toBe(0)
  })

  const hasPytest =
    spawnSync('python3', ['-c', 'import pytest, openai, azure.identity'], { stdio: 'ignore' }).status === 0
  const testWithPytest = hasPytest ? test : test.skip
  testWithPytest('with pytest, where Python has it and the libraries', () => {
    const { status, said } = outcome('python3', ['-m', 'pytest', '-q', 'test_ask.py'])
    expect(said).toContain('2 passed')
    expect(status).toBe(0)
  })
})

describe.each(['/bin/sh', '/bin/bash'])('started by npx, whose shell is %s', shell => {
  const started: ChildProcess[] = []
  afterEach(() => {
    for (const child of started.splice(0)) child.kill('SIGKILL')
  })

  /** npm, and the port of the server that it started two processes further down. */
  async function start() {
    const npx = spawn('npx', ['--no', '--script-shell', shell, 'key-less-cloud', '--format', 'json'], {
      cwd: folder,
      // What `npm test` has in its environment would lead npx to the repository.
      env: { PATH: process.env.PATH ?? '', HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    started.push(npx)
    let said = ''
    npx.stderr.setEncoding('utf8').on('data', text => {
      said += text
    })
    const text = await new Promise<string>((resolve, reject) => {
      npx.stdout.setEncoding('utf8').once('data', resolve)
      npx.once('exit', () => reject(new Error(`npx ended: ${said}`)))
    })
    const { LOCAL_CLOUD_ISSUER: issuer } = v.parse(
      v.object({ LOCAL_CLOUD_ISSUER: v.string() }),
      JSON.parse(text),
    )
    return { npx, port: Number(new URL(issuer).port) }
  }

  const isOpen = (port: number) =>
    new Promise<boolean>(resolve => {
      const socket = connect(port, '127.0.0.1')
      socket.once('connect', () => resolve(true)).once('error', () => resolve(false))
      socket.once('connect', () => socket.destroy())
    })

  async function closed(port: number): Promise<true> {
    while (await isOpen(port)) await sleep(50)
    return true
  }

  test.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)('%s to npx leaves no server behind', async signal => {
    const { npx, port } = await start()
    expect(await isOpen(port)).toBe(true)
    npx.kill(signal)
    expect(await closed(port)).toBe(true)
  })

  // One to npx alone is not tried: npm goes on, and so does dash, until the command ends.
  test('Ctrl-C in a terminal leaves no server behind', async () => {
    const { npx, port } = await start()
    process.kill(-(npx.pid ?? 0), 'SIGINT')
    expect(await closed(port)).toBe(true)
  })

  test('SIGTERM to the process that npx started leaves no server behind', async () => {
    const { npx, port } = await start()
    const below = execFileSync('ps', ['-o', 'pid=', '--ppid', String(npx.pid)], { encoding: 'utf8' })
    process.kill(Number(below), 'SIGTERM')
    expect(await closed(port)).toBe(true)
  })
})
