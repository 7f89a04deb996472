import type { CloudServices } from './cloud.ts'
import type { Exchange } from './exchange.ts'
import { type LagTools, measureLag } from './lag.ts'
import { lackingFor, type PlayTools, play } from './play.ts'
import type { Lag, Recording } from './recording.ts'
import { roleDrift } from './role-drift.ts'
import { sanitised } from './sanitise.ts'
import { patient } from './send.ts'
import { removeOfEarlierRuns } from './sweep.ts'
import { openWorld, type World } from './world.ts'

/** The answers of one side. */
export interface Side {
  world: World
  recordings: Recording[]
  /** The reason by exchange: what the world lacks, or why no reply came. */
  leftOut: Map<string, string>
  lag: Lag | undefined
  /** Addresses of objects that the run made and that may still exist. */
  leftBehind: string[]
  /** What changed in the built-in roles that ship, one sentence each. */
  drift: string[]
}

interface RunTools extends LagTools, Pick<PlayTools, 'signal'> {
  cloud: CloudServices
  env: Readonly<Record<string, string | undefined>>
  say: (line: string) => void
}

/**
 * Plays all exchanges against the services that the environment names. If the principal cannot call models yet, but can assign
 * roles, the run first records denials, then grants the role, and removes it at the end.
 * @throws Error if nothing can be tried
 */
export async function runSide(exchanges: readonly Exchange[], tools: RunTools): Promise<Side> {
  const { cloud, env, say, signal } = tools
  const send = patient(tools.send, tools)
  const world = await openWorld(env, cloud, send)
  const side: Side = { world, recordings: [], leftOut: new Map(), lag: undefined, leftBehind: [], drift: [] }
  const playing = { send, signal, onLeft: (url: string) => void side.leftBehind.push(url) }
  await removeOfEarlierRuns(world, { ...playing, say })
  side.drift = await roleDrift(world, playing)
  const { has } = world
  const canBeDenied = !has.has('may-infer') && has.has('chat') && has.has('may-assign-roles')
  if (!canBeDenied) {
    await playAll(exchanges, side, playing)
    say(whyNotDenied(has))
    return side
  }
  // An OIDC token lives five minutes, and a role may take longer. So exchanges that need no role come first.
  const isCall = ({ needs }: Exchange) => needs.includes('may-infer')
  await playAll(
    exchanges.filter(exchange => !isCall(exchange)),
    side,
    playing,
  )
  await playAll(deniedCalls(exchanges), side, playing)
  const { lag, takeBack } = await measureLag(world, { ...tools, ...playing })
  try {
    if ('failed' in lag) say(`Calls of models are skipped: ${sanitised(lag.failed, world)}`)
    else side.lag = lag
    const granted = 'failed' in lag ? side : { ...side, world: mayInfer(world) }
    await playAll(exchanges.filter(isCall), granted, playing)
  } finally {
    await takeBack()
  }
  return side
}

function whyNotDenied(has: World['has']): string {
  if (has.has('may-infer'))
    return 'The principal can already call models, so denied calls and lag were not tried.'
  if (has.has('chat'))
    return 'The principal can neither call models nor grant itself the role, so calls of models are skipped.'
  return 'The resource has no chat deployment, so denied calls and lag were not tried.'
}

/** The granted role also lets its holder list keys. */
const mayInfer = (world: World): World => ({
  ...world,
  has: new Set([...world.has, 'may-infer' as const, 'may-list-keys' as const]),
})

/** The good call of every API, by a principal that cannot call it yet. */
function deniedCalls(exchanges: readonly Exchange[]): Exchange[] {
  return exchanges
    .filter(({ purpose }) => purpose === 'What an answer looks like')
    .map(exchange => ({
      ...exchange,
      name: `${exchange.name}-denied`,
      purpose: 'How a call without the role is refused',
      needs: exchange.needs.filter(need => need !== 'may-infer'),
    }))
}

async function playAll(exchanges: readonly Exchange[], side: Side, tools: PlayTools): Promise<void> {
  for (const exchange of exchanges) {
    if (tools.signal?.aborted) return
    const lacking = lackingFor(exchange, side.world)
    if (lacking.length > 0) {
      side.leftOut.set(exchange.name, `needs ${lacking.join(', ')}`)
      continue
    }
    try {
      side.recordings.push(await play(exchange, side.world, tools))
    } catch (error) {
      side.leftOut.set(
        exchange.name,
        sanitised(error instanceof Error ? error.message : String(error), side.world),
      )
    }
  }
}
