import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { createClock } from '../local-cloud/clock.ts'
import { createLocalCloud } from '../local-cloud/local-cloud.ts'
import { plain } from '../src/core/text/untrusted.ts'
import { cloudAt, cloudOfEnvironment } from './cloud.ts'
import { compare, type Difference, differenceLines } from './compare.ts'
import { exchanges } from './exchanges/index.ts'
import { failureLine, knownFrom } from './failure.ts'
import { lagLines } from './lag.ts'
import { everything, localVariables, localWorld } from './local-world.ts'
import { type Recordings, recordingsSchema } from './recording.ts'
import { runSide, type Side } from './run.ts'
import { type Known, refuseSecrets, refuseSecretsIn } from './sanitise.ts'
import { clock, createSend } from './send.ts'

const usage = `Usage: npm run conformance -- --against real|local|URL|FILE [--out FILE]

Sends ${exchanges.length} exchanges to real services, records the answers, sends the same exchanges to the local cloud, and prints
the differences. Leaves nothing behind: it removes the role and deny assignments that it makes.

  --against real   the services that the environment names: a job with id-token: write, AZURE_CLIENT_ID, AZURE_TENANT_ID and
                   CONFORMANCE_RESOURCE_ID (docs/conformance.md has six more); or the variables of another local cloud (key-less-cloud --format dotenv)
  --against URL    the same in another cloud: https://management.usgovcloudapi.net, or the LOCAL_CLOUD_RESOURCE_MANAGER of a running local cloud.
                   The Resource Manager says which Entra and Graph belong to it. The variables above still say who signs in, and to which resource
  --against local  a local cloud against itself, to check that the exchanges themselves work
  --against FILE   recordings of an earlier run
  --out FILE       file for the recordings (JSON)

Exits with 0 if nothing differs, with 1 if something does, and with 2 if nothing could be tried, or if something was left behind.
`

const say = (line: string) => void process.stdout.write(`${line}\n`)
/** The first interruption ends the run after its cleanup, the second one ends it at once. */
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    process.stderr.write(
      `${signal}: removing the assignments of this run. Another ${signal} ends the run at once; then the next run removes the rest\n`,
    )
    stop.abort(new Error(`Interrupted by ${signal}: nothing was compared`))
  })

/** What may not be printed of the other side. */
let known: Known = knownFrom(process.env)

const lagTools = { clock, limitMs: 15 * 60_000, pauseMs: 1000, row: 5 }

/** A new local cloud with the same abilities as the other side's world, which honours roles at once. Its time passes at once. */
async function runLocal(has: ReadonlySet<string>): Promise<Side> {
  const time = createClock()
  const cloud = await createLocalCloud({ seed: localWorld(has), lag: { roleAssignments: [0] }, clock: time })
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, cloud.caPem])
  try {
    const env = { ...cloud.jobEnvironment(), ...localVariables }
    // A client takes the trusted authorities of the process when it is created.
    const send = createSend(env)
    return await runSide(exchanges, {
      ...lagTools,
      clock: { now: () => time.now(), sleep: async ms => time.advance(ms) },
      send,
      pauseMs: 0,
      cloud: cloudOfEnvironment(env),
      env,
      say: () => {},
      signal: stop.signal,
    })
  } finally {
    setDefaultCACertificates(before)
    await cloud.close()
  }
}

function tell(name: string, { recordings, leftOut, lag, leftBehind, drift }: Side): void {
  say(`${name}: ${recordings.length} exchanges answered, ${leftOut.size} left out.`)
  for (const [exchange, why] of leftOut) say(`  left out: ${exchange} (${why})`)
  // Printed apart from the differences, because those are published and this names the resource.
  for (const url of leftBehind)
    process.stderr.write(`NOT REMOVED, remove it by hand: ${new URL(url).pathname}\n`)
  for (const line of lag === undefined ? [] : lagLines(lag)) say(`  ${line}`)
  for (const line of drift) say(`  built-in role, changed since it ships: ${plain(line)}`)
}

function write(path: string, { recordings, lag, world, drift }: Side): void {
  const document: Recordings = {
    recordedOn: new Date().toISOString().slice(0, 10),
    has: [...world.has],
    ...(lag && { lag }),
    drift,
    recordings,
  }
  mkdirSync(dirname(resolve(path)), { recursive: true })
  writeFileSync(path, `${JSON.stringify(document, null, 2)}\n`)
  say(`Recorded in ${path}`)
}

function readRecordings(path: string): Recordings {
  return v.parse(recordingsSchema, JSON.parse(readFileSync(path, 'utf8')))
}

/** @returns the exit code */
async function main(): Promise<number> {
  const { values } = parseArgs({ options: { against: { type: 'string' }, out: { type: 'string' } } })
  const { against, out } = values
  if (against === undefined) {
    process.stderr.write(usage)
    return 2
  }
  if (against === 'real' || against === 'local' || /^https?:/.test(against))
    return runAndCompare(against, out)
  const { recordings, recordedOn, has, lag } = readRecordings(against)
  for (const line of lag === undefined ? [] : lagLines(lag)) say(line)
  const local = await runLocal(new Set(has))
  return conclude(compare(recordings, local.recordings), `the recording of ${recordedOn}`)
}

/** @returns the exit code */
async function runAndCompare(against: string, out: string | undefined): Promise<number> {
  const side = await runAgainst(against)
  // Before anything of it is written or printed.
  refuseSecretsIn('built-in roles', side.drift, side.world)
  tell(against, side)
  stop.signal.throwIfAborted()
  // Written before the comparison, so that a failure there does not lose an expensive run.
  refuseSecrets(side.recordings, side.world)
  if (out !== undefined) write(out, side)
  const local = await runLocal(side.world.has)
  stop.signal.throwIfAborted()
  tell('local cloud', local)
  const code = conclude(compare(side.recordings, local.recordings, side.unanswered), against)
  return side.leftBehind.length > 0 ? 2 : code
}

async function runAgainst(against: string): Promise<Side> {
  if (against === 'local') return runLocal(everything)
  const { env } = process
  const send = createSend(env)
  const cloud = against === 'real' ? cloudOfEnvironment(env) : await cloudAt(against, send)
  const onOpen = (world: Known) => {
    known = world
  }
  return runSide(exchanges, { ...lagTools, send, cloud, env, onOpen, say, signal: stop.signal })
}

function conclude(differences: readonly Difference[], name: string): number {
  for (const line of differenceLines(differences, [name, 'the local cloud'])) say(line)
  say(differences.length === 0 ? 'Nothing differs.' : `${differences.length} differences.`)
  return differences.length === 0 ? 0 : 1
}

process.exitCode = await main().catch(error => {
  // What is printed here may be published, unlike what follows.
  say(failureLine(error, known))
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return 2
})
