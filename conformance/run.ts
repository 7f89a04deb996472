import { readAssertionClaims } from '../src/services/github/assertion-claims.ts'
import type { CloudServices } from './cloud.ts'
import type { Exchange } from './exchange.ts'
import { goodCall } from './exchanges/inference.ts'
import { isDeniedByNow, type LagTools, measureLag, whyNotAssigning } from './lag.ts'
import { lackingFor, type PlayTools, play } from './play.ts'
import type { Lag, Recording } from './recording.ts'
import { roleDrift } from './role-drift.ts'
import { sanitised } from './sanitise.ts'
import { patient } from './send.ts'
import { removeOfEarlierRuns, removeTheRest } from './sweep.ts'
import { kindsPerItem, type Need } from './terms.ts'
import { openWorld, type World } from './world.ts'

/** The answers of one side. */
export interface Side {
  world: World
  recordings: Recording[]
  /** The reason by exchange: what the world lacks, or why no reply came. */
  leftOut: Map<string, string>
  /** Exchanges that got no reply, or were not sent, although the world has all that they need. */
  unanswered: string[]
  lag: Lag | undefined
  /** Addresses of objects that the run made and that may still exist. */
  leftBehind: string[]
  /** What changed in the built-in roles that ship, one sentence each. */
  drift: string[]
}

interface RunTools extends LagTools, Pick<PlayTools, 'signal'> {
  cloud: CloudServices
  env: Readonly<Record<string, string | undefined>>
  /** Gets the world as soon as it is open. */
  onOpen?: (world: World) => void
  say: (line: string) => void
}

/**
 * Plays all exchanges against the services that the environment names. If the principal cannot call models yet, but can assign
 * roles, the run first records denials, then grants the role, and removes it at the end.
 * @throws Error if nothing can be tried
 */
export async function runSide(exchanges: readonly Exchange[], tools: RunTools): Promise<Side> {
  const { cloud, env, signal } = tools
  const send = patient(tools.send, tools)
  let world = await openWorld(env, cloud, send)
  tools.onOpen?.(world)
  const leftBehind: string[] = []
  const playing = { send, signal, onLeft: (url: string) => void leftBehind.push(url) }
  // The principal may have had an ability from what was removed.
  if (await removeOfEarlierRuns(world, { ...tools, ...playing })) world = await openWorld(env, cloud, send)
  const side: Side = {
    ...{ world, recordings: [], leftOut: new Map(), unanswered: [] },
    ...{ lag: undefined, leftBehind, drift: [] },
  }
  try {
    const refusal = await whyNotAssigning(world, playing)
    const possible = withoutRefused(exchanges, refusal, side)
    const [later, now] = partition(possible, ({ needs }) => needs.includes('expired-assertion'))
    await playInOrder(now, side, { ...tools, ...playing })
    await playAfterExpiry(later, side, { ...tools, ...playing })
  } finally {
    side.leftBehind = await removeTheRest(world, playing, leftBehind)
  }
  return side
}

/**
 * Exchanges that assign a role are about one difference each. If a policy, a limit or a condition refuses every assignment of the role
 * that they use, they are left out, with its answer.
 */
function withoutRefused(
  exchanges: readonly Exchange[],
  refusal: string | undefined,
  { world, leftOut }: Side,
): readonly Exchange[] {
  if (refusal === undefined) return exchanges
  const assigns = ({ needs }: Exchange) => needs.includes('may-assign-roles')
  for (const { name } of exchanges.filter(assigns))
    leftOut.set(name, sanitised(`assigning a role to the run's own principal ${refusal}`, world))
  return exchanges.filter(exchange => !assigns(exchange))
}

async function playInOrder(
  exchanges: readonly Exchange[],
  side: Side,
  tools: LagTools & PlayTools & Pick<RunTools, 'say'>,
): Promise<void> {
  const { say } = tools
  const { world } = side
  const { has } = world
  const canBeDenied = !has.has('may-infer') && has.has('chat') && has.has('may-assign-roles')
  if (!canBeDenied) {
    await playAll(exchanges, side, tools)
    side.drift = await roleDrift(world, tools)
    say(whyNotDenied(has))
    return
  }
  // An OIDC token lives five minutes, and a role may take longer. So exchanges that need no role come first.
  const isCall = ({ needs }: Exchange) => needs.includes('may-infer')
  await playAll(
    exchanges.filter(exchange => !isCall(exchange)),
    side,
    tools,
  )
  side.drift = await roleDrift(world, tools)
  if (tools.signal?.aborted) return
  const isDenied = await isDeniedByNow(world, tools)
  if (isDenied) await playAll(deniedCalls(exchanges), side, tools)
  else
    say(
      'Calls without the role are still let through: a role that was removed a short time ago is still honoured. Denied calls and lag were not tried.',
    )
  const { lag, failed, takeBack } = await measureLag(world, tools)
  try {
    if (isDenied) side.lag = lag
    const calls = exchanges.filter(isCall)
    const asGranted = mayInfer(world)
    if (failed !== undefined) {
      say(`Calls of models are skipped: ${sanitised(failed, world)}`)
      const possible = calls.filter(call => lackingFor(call, asGranted).length === 0)
      side.unanswered.push(...possible.map(({ name }) => name))
    }
    await playAll(calls, failed === undefined ? { ...side, world: asGranted } : side, tools)
  } finally {
    await takeBack()
  }
}

function partition<T>(all: readonly T[], isFirst: (one: T) => boolean): [T[], T[]] {
  return [all.filter(isFirst), all.filter(one => !isFirst(one))]
}

/** Entra tolerates clocks that are five minutes off. Milliseconds. */
const toleratedMs = 6 * 60_000
/** A job ends after three quarters of an hour. Milliseconds. */
const longestForExpiryMs = 25 * 60_000

/** Exchanges that need an OIDC token that has expired, at the end: the run's own first one, after a wait if that was asked for. */
async function playAfterExpiry(
  exchanges: readonly Exchange[],
  side: Side,
  tools: LagTools & PlayTools & Pick<RunTools, 'say'>,
): Promise<void> {
  const { clock, signal, say } = tools
  const expiry = (readAssertionClaims(side.world.assertion)?.exp ?? Number.POSITIVE_INFINITY) * 1000
  const waitMs = expiry + toleratedMs - clock.now()
  if (side.world.has.has('expired-assertion') && exchanges.length > 0 && !signal?.aborted) {
    if (waitMs > longestForExpiryMs) {
      for (const { name } of exchanges) side.leftOut.set(name, 'the OIDC token of the job lives too long')
      return
    }
    if (waitMs > 0) {
      say(`Waiting ${Math.ceil(waitMs / 60_000)} minutes, until the OIDC token has expired.`)
      await clock.sleep(waitMs, signal).catch(() => {})
    }
  }
  await playAll(exchanges, side, tools)
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

/** The good call of every API, by a principal that cannot call it yet. No deployment is needed, because roles are looked at first. */
function deniedCalls(exchanges: readonly Exchange[]): Exchange[] {
  return exchanges
    .filter(({ purpose }) => purpose === goodCall)
    .map(exchange => ({
      ...exchange,
      name: `${exchange.name}-denied`,
      purpose: 'How a call without the role is refused',
      needs: [],
    }))
}

const inFull = (need: Need): string =>
  kindsPerItem.some(kind => kind === need)
    ? `${need}: a deployment that CONFORMANCE_DEPLOYMENTS names, because it is billed per item`
    : need

async function playAll(exchanges: readonly Exchange[], side: Side, tools: PlayTools): Promise<void> {
  for (const exchange of exchanges) {
    if (tools.signal?.aborted) return
    const lacking = lackingFor(exchange, side.world)
    if (lacking.length > 0) {
      side.leftOut.set(exchange.name, `needs ${lacking.map(inFull).join(', ')}`)
      continue
    }
    try {
      side.recordings.push(await play(exchange, side.world, tools))
    } catch (error) {
      side.unanswered.push(exchange.name)
      side.leftOut.set(
        exchange.name,
        sanitised(error instanceof Error ? error.message : String(error), side.world),
      )
    }
  }
}
