import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { styleText } from 'node:util'
import { type ActionResult, startAction } from '../action-runner/index.ts'
import type { LocalCloud } from '../local-cloud/local-cloud.ts'
import { renderMarkdown } from './render.ts'
import { createDemoCloud, demoInputs } from './world.ts'

/** The first thing a new user watches: the built action does its main job on the local cloud, in three acts. */

const repositoryRoot = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const print = (text = '') => process.stdout.write(`${text}\n`)

interface Act {
  title: string
  story: string
  /** Changes the world before the act. */
  arrange?: (cloud: LocalCloud) => void
  /** The expected outputs of the act. */
  expected: Readonly<Record<string, string>>
}

const dayMs = 86_400_000

const acts: readonly Act[] = [
  {
    title: 'Act 1 · the first run',
    story:
      'The pipeline has a federated credential, no key, and no role yet. A second identity may grant it this one role and nothing else. The grant takes some seconds to reach every replica of the data plane.',
    expected: { result: 'passed', 'role-state': 'granted' },
  },
  {
    title: 'Act 2 · every run after it',
    story:
      'A day has passed, and the pipeline has the role. The gate grants nothing, waits for nothing, and proves access again.',
    // A role younger than half an hour still needs a row of calls as proof.
    arrange: cloud => cloud.clock.advance(dayMs),
    expected: { result: 'passed', 'role-state': 'direct' },
  },
  {
    title: 'Act 3 · somebody puts the job into an environment',
    story:
      'The job now has `environment: production`. GitHub now puts the environment into the subject of the token instead of the branch, so the federated credential no longer matches. (A new credential can take a while to reach all of Entra, so the gate retries for twenty seconds before it is sure.)',
    arrange: cloud => {
      cloud.world.workflow.environment = 'production'
    },
    expected: { result: 'failed', diagnosis: 'federated-subject-mismatch' },
  },
]

async function play(act: Act, cloud: LocalCloud, folder: string): Promise<boolean> {
  print()
  print(styleText(['bold', 'inverse'], ` ${act.title} `))
  print(styleText('dim', act.story))
  print()
  act.arrange?.(cloud)
  mkdirSync(folder, { recursive: true })
  const startedAt = performance.now()
  const { result: running } = startAction({
    action: repositoryRoot,
    inputs: demoInputs(cloud),
    env: cloud.runnerEnvironment(),
    workFolder: folder,
    onLine: line => print(`  ${line}`),
  })
  const result = await running
  print()
  print(`  ${styleText('dim', '┌─ job summary ─────')}`)
  for (const line of renderMarkdown(result.summary).split('\n')) print(`  ${styleText('dim', '│')} ${line}`)
  print(`  ${styleText('dim', '└─')}`)
  print(`  JSON report: ${result.outputs.report}`)
  return tellEnd(act, result, (performance.now() - startedAt) / 1000)
}

function tellEnd(act: Act, { outputs, exitCode }: ActionResult, seconds: number): boolean {
  const wrong = Object.entries(act.expected).filter(([name, value]) => outputs[name] !== value)
  const exitAsExpected = exitCode === (act.expected.result === 'failed' ? 1 : 0)
  const told = Object.keys(act.expected).map(name => `${name}=${outputs[name]}`)
  const end = `exit code ${exitCode}, ${told.join(', ')}, ${seconds.toFixed(1)} s`
  if (wrong.length === 0 && exitAsExpected) {
    print(styleText('green', `  ✔ as expected: ${end}`))
    return true
  }
  print(styleText('red', `  ✘ expected ${JSON.stringify(act.expected)}, got ${end}`))
  return false
}

print(
  'Key-less Gate on the local cloud: GitHub OIDC, Entra ID, Resource Manager and a Foundry resource, on 127.0.0.1.',
)
const cloud = await createDemoCloud()
const reports = mkdtempSync(join(tmpdir(), 'key-less-gate-demo-'))
let succeeded = true
try {
  for (const [index, act] of acts.entries()) {
    succeeded = (await play(act, cloud, join(reports, `act-${index + 1}`))) && succeeded
  }
} finally {
  await cloud.close()
}
print()
print(
  succeeded
    ? 'All three acts ended as expected. Next: docs/setup.md, for your own resource.'
    : 'The demo did not end as expected.',
)
process.exitCode = succeeded ? 0 : 1
