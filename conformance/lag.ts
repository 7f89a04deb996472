import { randomUUID } from 'node:crypto'
import { cognitiveServicesUser } from '../src/azure/rbac/built-in-roles.ts'
import { chatAt } from './exchanges/inference.ts'
import { assignment, put } from './exchanges/resource-manager.ts'
import { isDone, onTheWire, type PlayTools } from './play.ts'
import type { Lag } from './recording.ts'
import type { Clock, Send } from './send.ts'
import { answerOf } from './sign-in.ts'
import type { World } from './world.ts'

type Connection = keyof Lag
type CallsOver = Lag[Connection]

/** The tools for the measurement: `send` sends every request, `clock` gives the time. */
export interface LagTools {
  send: Send
  clock: Clock
  /** Milliseconds. */
  limitMs: number
  pauseMs: number
  /** The number of successful rounds in a row that end it. A round is one call on a kept connection and one on a new one. */
  row: number
}

/**
 * Tries whether the principal may assign the role that exchanges assign. @returns what Resource Manager answered instead; undefined if it
 * may, or if nobody said that it may
 */
export async function whyNotAssigning(
  world: World,
  { send, onLeft }: PlayTools,
): Promise<string | undefined> {
  if (!world.has.has('may-assign-roles')) return undefined
  const name = randomUUID()
  try {
    const reply = await send(onTheWire(put(world, name), world))
    return reply.status === 201 ? undefined : answerOf(reply)
  } catch {
    // No answer is no refusal.
    return undefined
  } finally {
    const removal = assignment(world, name, { method: 'DELETE' })
    if (!(await isDone(removal, world, send))) onLeft(removal.url)
  }
}

interface Granted {
  /** Undefined if nothing was measured. */
  lag?: Lag
  /** Why the principal cannot call models with the role, if it cannot. */
  failed?: string
  /** Removes the role. */
  takeBack: () => Promise<void>
}

/**
 * Grants the run's principal the role for calling models, and calls until it works. The caller must remove the role even after a failure,
 * because a grant whose answer was lost may exist.
 */
export async function measureLag(world: World, tools: LagTools & PlayTools): Promise<Granted> {
  const { send, clock, onLeft } = tools
  const name = randomUUID()
  const takeBack = async () => {
    const removal = assignment(world, name, { method: 'DELETE' })
    if (!(await isDone(removal, world, send))) onLeft(removal.url)
  }
  try {
    const reply = await send(onTheWire(put(world, name, { role: cognitiveServicesUser.guid }), world))
    if (reply.status !== 201)
      return { failed: `the role could not be granted: Resource Manager ${answerOf(reply)}`, takeBack }
    const { lag, isHonoured } = await untilHonoured(world, tools, clock.now())
    const minutes = Math.round(tools.limitMs / 60_000)
    return {
      lag,
      ...(!isHonoured && { failed: `the role did not let every call through within ${minutes} minutes` }),
      takeBack,
    }
  } catch (error) {
    return { failed: error instanceof Error ? error.message : String(error), takeBack }
  }
}

/** How long services may accept calls after a role was removed, in milliseconds. */
const longestAfterRemovalMs = 5 * 60_000

/**
 * Whether the services deny calls, as they must before the grant. They may still accept a role that an earlier run removed a short time
 * ago, so this waits.
 */
export async function isDeniedByNow(world: World, tools: LagTools & PlayTools): Promise<boolean> {
  const { send, clock, pauseMs, signal } = tools
  const startedAt = clock.now()
  for (;;) {
    signal?.throwIfAborted()
    const statuses: number[] = []
    for (const fresh of [false, true])
      statuses.push((await send({ ...onTheWire(chatAt(world, world.hosts.openAI), world), fresh })).status)
    // Anything but an answer is no sign of a role.
    if (!statuses.includes(200)) return true
    if (clock.now() - startedAt >= longestAfterRemovalMs) return false
    await clock.sleep(Math.max(pauseMs, 5000), signal)
  }
}

async function untilHonoured(
  world: World,
  { send, clock, limitMs, pauseMs, row, signal }: LagTools & PlayTools,
  grantedAt: number,
): Promise<{ lag: Lag; isHonoured: boolean }> {
  const lag: Record<Connection, CallsOver> = {
    kept: { asked: 0, denied: 0 },
    fresh: { asked: 0, denied: 0 },
  }
  const ask = async (connection: Connection) => {
    const { status } = await send({
      ...onTheWire(chatAt(world, world.hosts.openAI), world),
      fresh: connection === 'fresh',
    })
    const afterMs = clock.now() - grantedAt
    const calls = lag[connection]
    calls.asked += 1
    if (status === 401 || status === 403) {
      calls.denied += 1
      calls.lastDenialMs = afterMs
    }
    // A throttled or broken service says nothing about the role.
    if (status === 200) calls.firstSuccessMs ??= afterMs
    return status === 200
  }
  let inARow = 0
  while (inARow < row && clock.now() - grantedAt < limitMs) {
    signal?.throwIfAborted()
    const answers = [await ask('kept'), await ask('fresh')]
    inARow = answers.every(isAnswered => isAnswered) ? inARow + 1 : 0
    if (inARow < row) await clock.sleep(pauseMs, signal)
  }
  return { lag, isHonoured: inARow === row }
}

export function lagLines(lag: Lag): string[] {
  const after = (ms: number) => `after ${(ms / 1000).toFixed(1)} s`
  return (['kept', 'fresh'] as const).map(connection => {
    const { asked, denied, firstSuccessMs, lastDenialMs } = lag[connection]
    const where = connection === 'kept' ? 'one kept connection' : 'new connections'
    const success =
      firstSuccessMs === undefined ? 'no call succeeded' : `the first call succeeded ${after(firstSuccessMs)}`
    const denial =
      lastDenialMs === undefined ? 'no denial came' : `the last denial came ${after(lastDenialMs)}`
    return `On ${where} ${success}, ${denial}; ${denied} of ${asked} calls were denied.`
  })
}
