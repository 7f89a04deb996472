import { randomUUID } from 'node:crypto'
import { globSync, mkdtempSync, readFileSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative, resolve } from 'node:path'
import { startAction } from '../../action-runner/index.ts'
import { createLocalCloud } from '../../local-cloud/local-cloud.ts'
import { preloaded, repositoryRoot, runGate } from '../support/scenario.ts'

const entry = resolve(repositoryRoot, 'src/index.ts')
/** In the same file of the bundle, and run where the inputs are good. */
const firstRequest = resolve(repositoryRoot, 'src/step/tools.ts')

/** What is loaded before the first request: an SDK takes longer than the reply that hides the loading of it. */

const staticImport = /^(?:import|export)\s(?!type\s)(?:[^'"]*\sfrom\s)?['"]([^'"]+)['"]/gm

/** What the module loads by itself or through others, dynamic imports left out: names of packages, absolute paths of our own files. */
function loadedBy(path: string, loaded = new Set([path])): Set<string> {
  for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(staticImport)) {
    const module = specifier.startsWith('.') ? resolve(dirname(path), specifier) : specifier
    if (loaded.has(module)) continue
    loaded.add(module)
    if (module.endsWith('.ts')) loadedBy(module, loaded)
  }
  return loaded
}

test('SDKs load while the gate waits for a reply, and never at the start', () => {
  const loaded = [...loadedBy(entry), ...loadedBy(firstRequest)]

  expect(loaded).toContain('valibot')
  expect(loaded.filter(name => name.startsWith('@azure/') || name === '@actions/github')).toEqual([])
})

test('before the request to GitHub, neither later steps nor explanations are loaded, and of the APIs only what inputs name', () => {
  const loaded = [...loadedBy(entry), ...loadedBy(firstRequest)].map(path => relative(repositoryRoot, path))

  expect(loaded).toContain('src/services/github/oidc-token.ts')
  expect(loaded.filter(path => /^src\/(advice|gate\/waiting)\//.test(path))).toEqual([])
  expect(loaded).not.toContain('src/gate/gate.ts')
  expect(loaded.filter(path => path.startsWith('src/services/inference/')).toSorted()).toEqual([
    'src/services/inference/apis/api.ts',
    'src/services/inference/apis/choices.ts',
    'src/services/inference/named-actions.ts',
  ])
})

test('the entry of the bundle has at most 120 kB, and no unused HTTP stack', () => {
  const bundled = resolve(repositoryRoot, 'dist/index.js')

  expect(statSync(bundled).size).toBeLessThan(120_000)
  expect(readFileSync(bundled, 'utf8')).not.toContain('undici')
})

test('the bundle is pure ASCII: V8 keeps a file with any other character in two bytes for each, and reads it more slowly', () => {
  const files = globSync(join(repositoryRoot, 'dist/**/*.js'))

  expect(files.length).toBeGreaterThan(15)
  expect(files.filter(file => /\P{ASCII}/u.test(readFileSync(file, 'utf8')))).toEqual([])
})

test('every module of the bundle has the parenthesis that has V8 compile it at once', () => {
  const files = globSync(join(repositoryRoot, 'dist/*index.js'))
  const modules = files.flatMap(file => [
    ...readFileSync(file, 'utf8').matchAll(/[{,]\d+:(\(?)(?:function\b|\w+=>|\([\w,]*\)=>)/g),
  ])

  expect(modules.length).toBeGreaterThan(300)
  expect(modules.filter(([, parenthesis]) => parenthesis !== '(')).toEqual([])
})

/** What a run with bad inputs loaded of Node's own. */
async function loadedForBadInputs(env: Record<string, string>): Promise<readonly string[]> {
  const tell = `
    import { writeSync } from 'node:fs'
    process.on('exit', () => {
      const stacks = process.moduleLoadList.filter(name => /NativeModule (path|https|tls|.*undici)$/.test(name))
      writeSync(1, 'loaded: ' + stacks.join(', ') + '\\n')
    })`
  const { result } = startAction({
    action: repositoryRoot,
    inputs: {},
    env,
    nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(tell)}`],
    workFolder: mkdtempSync(join(tmpdir(), 'key-less-gate-start-up-')),
  })
  const { log, outputs } = await result

  expect(outputs.diagnosis).toBe('input-invalid')
  return log.filter(line => line.startsWith('loaded: '))
}

test("with bad inputs, Node's own HTTPS stack is not loaded either", async () => {
  expect(await loadedForBadInputs({})).toEqual(['loaded: NativeModule path'])
})

test('if the job may ask for a token, Node reads the certificates that it trusts while the inputs are read', async () => {
  const env = { ACTIONS_ID_TOKEN_REQUEST_URL: 'https://127.0.0.1:9/' }

  expect(await loadedForBadInputs(env)).toEqual(['loaded: NativeModule path, NativeModule tls'])
})

/** Node has a second HTTP stack, under `fetch`, and loads all of it once somebody names `FormData`. */
test('the HTTP stack of fetch is not loaded before the request to GitHub', async () => {
  const tell = `
    import { writeSync } from 'node:fs'
    import { subscribe } from 'node:diagnostics_channel'
    subscribe('http.client.request.start', () => {
      const stacks = process.moduleLoadList.filter(name => /NativeModule (https|.*undici)$/.test(name))
      writeSync(1, 'loaded: ' + stacks.join(', ') + '\\n')
      process.exit()
    })`
  const { result } = startAction({
    action: repositoryRoot,
    inputs: {
      'client-id': randomUUID(),
      'tenant-id': randomUUID(),
      endpoint: 'https://contoso.openai.azure.com',
      deployments: 'chat=chat-completions',
    },
    env: {
      ACTIONS_ID_TOKEN_REQUEST_URL: 'https://127.0.0.1:9/',
      ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of the job',
    },
    nodeOptions: ['--import', `data:text/javascript,${encodeURIComponent(tell)}`],
    workFolder: mkdtempSync(join(tmpdir(), 'key-less-gate-start-up-')),
  })

  expect((await result).log).toContain('loaded: NativeModule https')
})

/** One request in the chain of an SDK that asks whether it is a form, and all of that stack is loaded. */
test('a run that passes never loads the HTTP stack of fetch', async () => {
  const cloud = await createLocalCloud({ granted: true })
  try {
    const run = await runGate(cloud, {
      env: preloaded(`
        import { writeSync } from 'node:fs'
        process.on('exit', () => {
          const stacks = process.moduleLoadList.filter(name => /NativeModule (https|.*undici)$/.test(name))
          writeSync(1, 'loaded: ' + stacks.join(', ') + '\\n')
        })`),
    })

    expect(run.outputs.result).toBe('passed')
    expect(run.log.filter(line => line.startsWith('loaded: '))).toEqual(['loaded: NativeModule https'])
  } finally {
    await cloud.close()
  }
})

test('the check recognises a module that contains an SDK', () => {
  const client = resolve(repositoryRoot, 'src/services/resource-manager/client.ts')

  expect([...loadedBy(client)]).toContain('@azure/arm-authorization')
})
