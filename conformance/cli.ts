import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { parseArgs } from 'node:util'
import * as v from 'valibot'
import { createLocalCloud } from '../local-cloud/local-cloud.ts'
import { cloudAt, cloudOfEnvironment } from './cloud.ts'
import { compare, type Difference, differenceLines } from './compare.ts'
import { exchanges } from './exchanges/index.ts'
import { lagLines } from './lag.ts'
import { everything, localVariables, localWorld } from './local-world.ts'
import { type Recordings, recordingsSchema } from './recording.ts'
import { runSide, type Side } from './run.ts'
import { refuseSecrets } from './sanitise.ts'
import { clock, createSend } from './send.ts'

const usage = `Usage: npm run conformance -- --against real|local|URL|FILE [--out FILE]

Plays ${exchanges.length} exchanges against real services, records what they answer, plays the same against the local cloud, and prints
what differs. Nothing is left behind: role assignments that it makes it takes back.

  --against real   the services that the environment names: a job with id-token: write, AZURE_CLIENT_ID, AZURE_TENANT_ID and
                   CONFORMANCE_RESOURCE_ID (docs/conformance.md has four more); or the variables of another local cloud (key-less-cloud --format dotenv)
  --against URL    the same in another cloud: https://management.usgovcloudapi.net, or the LOCAL_CLOUD_RESOURCE_MANAGER of a local cloud that runs.
                   A Resource Manager tells which Entra and Graph belong to it; who signs in, and at which resource, the environment says as above
  --against local  a local cloud against itself: whether the exchanges themselves can be played
  --against FILE   recordings of an earlier run
  --out FILE       where the recordings go (JSON)

Ends with 0 where nothing differs, with 1 where something does, and with 2 where nothing could be tried, or something was left behind.
`

const say = (line: string) => void process.stdout.write(`${line}\n`)
/** The first interruption ends the run in good order, the second at once. */
const stop = new AbortController()
for (const signal of ['SIGINT', 'SIGTERM'] as const)
  process.once(signal, () => {
    process.stderr.write(
      `${signal}: what was made is being removed. Another ${signal} ends the run at once: then the next run removes the rest\n`,
    )
    stop.abort(new Error(`Interrupted by ${signal}: nothing was compared`))
  })

const lagTools = { clock, limitMs: 15 * 60_000, pauseMs: 1000, row: 5 }

/** A cloud of its own, which knows nothing of the other side but what that has, and whose roles are honoured at once. */
async function runLocal(has: ReadonlySet<string>): Promise<Side> {
  const cloud = await createLocalCloud({ seed: localWorld(has), lag: { roleAssignments: [0] } })
  const before = getCACertificates('default')
  setDefaultCACertificates([...before, cloud.caPem])
  try {
    const env = { ...cloud.jobEnvironment(), ...localVariables }
    // A client trusts whom the process trusts when it is made.
    const send = createSend(env)
    return await runSide(exchanges, {
      ...lagTools,
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

function tell(name: string, { recordings, leftOut, lag, leftBehind }: Side): void {
  say(`${name}: ${recordings.length} exchanges answered, ${leftOut.size} left out.`)
  for (const [exchange, why] of leftOut) say(`  left out: ${exchange} (${why})`)
  // Not among the differences, which are published: it names the resource, and must be seen.
  for (const url of leftBehind)
    process.stderr.write(`NOT REMOVED, take it away by hand: ${new URL(url).pathname}\n`)
  for (const line of lag === undefined ? [] : lagLines(lag)) say(`  ${line}`)
}

function write(path: string, { recordings, lag, world }: Side): void {
  const document: Recordings = {
    recordedOn: new Date().toISOString().slice(0, 10),
    has: [...world.has],
    ...(lag && { lag }),
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
  tell(against, side)
  stop.signal.throwIfAborted()
  // Before anything of it is written or printed. The run was dear: what comes after cannot lose it.
  refuseSecrets(side.recordings, side.world)
  if (out !== undefined) write(out, side)
  const local = await runLocal(side.world.has)
  stop.signal.throwIfAborted()
  tell('local cloud', local)
  const code = conclude(compare(side.recordings, local.recordings), against)
  return side.leftBehind.length > 0 ? 2 : code
}

async function runAgainst(against: string): Promise<Side> {
  if (against === 'local') return runLocal(everything)
  const { env } = process
  const send = createSend(env)
  const cloud = against === 'real' ? cloudOfEnvironment(env) : await cloudAt(against, send)
  return runSide(exchanges, { ...lagTools, send, cloud, env, say, signal: stop.signal })
}

function conclude(differences: readonly Difference[], name: string): number {
  for (const line of differenceLines(differences, [name, 'the local cloud'])) say(line)
  say(differences.length === 0 ? 'Nothing differs.' : `${differences.length} differences.`)
  return differences.length === 0 ? 0 : 1
}

process.exitCode = await main().catch(error => {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`)
  return 2
})
