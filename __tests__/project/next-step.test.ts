import { spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { text } from 'node:stream/consumers'
import * as v from 'valibot'
import { parse } from 'yaml'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { accessToken, type Send, startLocalCloud } from '../local-cloud/cloud-fixture.ts'
import { execNode } from '../support/child-node.ts'
import { codeBlocks, readDocument } from '../support/documents.ts'
import { runGate } from '../support/scenario.ts'

/**
 * The recipe "Call the model in the next step", as docs/recipes.md shows it: what a gate exports is all that its scripts are given. Of
 * `az`, which is signed in by then, there is as much as they need; packages are not installed, but found where they are.
 */

const { cloud, send } = await startLocalCloud()
const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-next-step-'))
afterAll(() => rmSync(folder, { recursive: true }))

const steps = v.array(
  v.object({
    run: v.optional(v.string()),
    with: v.optional(v.record(v.string(), v.unknown()), {}),
  }),
)
const page = readDocument('docs/recipes.md')
const recipe = page.text.split('\n## ').find(part => part.startsWith('Call the model')) ?? ''
const shown = codeBlocks(page)
  .filter(({ language, text: block }) => language === 'yaml' && recipe.includes(block))
  .flatMap(({ text: block }) => {
    const piece: unknown = parse(block)
    return v.parse(steps, Array.isArray(piece) ? piece : v.parse(v.object({ steps }), piece).steps)
  })
const [gate] = shown
const scriptWith = (word: string): string => {
  const script = shown.find(({ run = '' }) => run.includes(word))?.run
  if (script === undefined) throw new Error(`The recipe has no script with ${word}`)
  return script.replace(/^(python -m pip|npm) install .*\n/, '')
}

/** What is left of az: a session, and `az rest`. */
function writeAz(token: string): void {
  const program = join(folder, 'az.mjs')
  writeFileSync(
    program,
    `const [group, ...rest] = process.argv.slice(2)
const option = name => rest[rest.indexOf('--' + name) + 1]
const accessToken = ${JSON.stringify(token)}
if (group === 'account' && option('resource') === 'https://cognitiveservices.azure.com')
  console.log(JSON.stringify({ accessToken, expires_on: Date.now() / 1000 + 3600, expiresOn: '2099-01-01 00:00:00.000000', tokenType: 'Bearer' }))
else if (group === 'rest' && option('resource') === 'https://cognitiveservices.azure.com') {
  const headers = { authorization: 'Bearer ' + accessToken, 'content-type': 'application/json' }
  const answer = await fetch(option('url'), { method: option('method').toUpperCase(), headers, body: option('body') })
  console.log(await answer.text())
  process.exitCode = answer.ok ? 0 : 1
} else process.exit(2)
`,
  )
  writeFileSync(join(folder, 'az'), `#!/bin/sh\n${execNode(program)}\n`)
  chmodSync(join(folder, 'az'), 0o755)
}

/** Runs a script as the next step of a job whose gate was green. */
async function nextStep(script: string, at: LocalCloud, client: Send) {
  const inputs = Object.fromEntries(
    Object.entries(gate?.with ?? {})
      .filter(([, value]) => !String(value).includes('${{'))
      .map(([name, value]) => [name, String(value)]),
  )
  const { environment } = await runGate(at, { inputs })
  writeAz(await accessToken(at, client, 'https://cognitiveservices.azure.com'))
  const running = spawn('bash', ['-e', '-c', script], {
    cwd: repositoryRoot,
    env: {
      ...environment,
      PATH: `${folder}${delimiter}${process.env.PATH}`,
      HOME: folder,
      NODE_EXTRA_CA_CERTS: at.caFile,
      SSL_CERT_FILE: at.caFile,
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [status]] = await Promise.all([
    text(running.stdout),
    text(running.stderr),
    once(running, 'close'),
  ])
  return { status, stdout, stderr }
}

const answered = { status: 0, stdout: expect.stringContaining('This is the local cloud speaking.') }

test('in az', async () => {
  expect(await nextStep(scriptWith('az rest'), cloud, send)).toMatchObject(answered)
})

test('in JavaScript', async () => {
  expect(await nextStep(scriptWith("from '@azure/identity'"), cloud, send)).toMatchObject(answered)
})

// Packages of Python are none of this repository's: without them, it is reported as skipped.
const hasPackages = spawnSync('python', ['-c', 'import openai, azure.identity']).status === 0
const withPython = hasPackages ? test : test.skip
withPython('in Python', async () => {
  expect(await nextStep(scriptWith('from azure.identity'), cloud, send)).toMatchObject(answered)
})
