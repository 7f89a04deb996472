import { randomUUID } from 'node:crypto'
import { cognitiveServicesUser } from '../src/azure/rbac/built-in-roles.ts'
import type { Clock } from '../src/core/ports.ts'
import { chatAt } from './exchanges/inference.ts'
import { assignment, put } from './exchanges/resource-manager.ts'
import { isDone, onTheWire, type PlayTools } from './play.ts'
import type { Send } from './send.ts'
import type { World } from './world.ts'

/** How long a new role takes to be honoured, and whether connections disagree on it. */
export interface Lag {
  /** Milliseconds from the answer to the grant to the first call that was let through; absent where none was. */
  firstSuccessMs?: number
  /** Likewise to the last call that was denied. */
  lastDenialMs?: number
  /** Calls, and how many of them were denied, by whether the connection was kept or new. */
  calls: Readonly<Record<'kept' | 'fresh', { asked: number; denied: number }>>
}

/** What to measure it with; everything is sent by `send`, and `clock` says when. */
export interface LagTools {
  send: Send
  clock: Clock
  /** Milliseconds. */
  limitMs: number
  pauseMs: number
  /** So many rounds in a row, each of a call on a kept connection and one on a new one, end it. */
  row: number
}

export interface Granted {
  /** Or why it could not be measured. */
  lag: Lag | { failed: string }
  /** Takes the role back. */
  takeBack: () => Promise<void>
}

/**
 * Grants the run's principal the role that lets it call models, and asks until it is honoured. The caller takes it back in any case: a
 * grant whose answer was lost may have been made.
 */
export async function measureLag(world: World, tools: LagTools & PlayTools): Promise<Granted> {
  const { send, clock, onLeft } = tools
  const name = randomUUID()
  const takeBack = async () => {
    const removal = assignment(world, name, { method: 'DELETE' })
    if (!(await isDone(removal, world, send))) onLeft(removal.url)
  }
  try {
    const { status } = await send(onTheWire(put(world, name, { role: cognitiveServicesUser.guid }), world))
    if (status !== 201) return { lag: { failed: `the role could not be granted: ${status}` }, takeBack }
    return { lag: await untilHonoured(world, tools, clock.now()), takeBack }
  } catch (error) {
    return { lag: { failed: error instanceof Error ? error.message : String(error) }, takeBack }
  }
}

async function untilHonoured(
  world: World,
  { send, clock, limitMs, pauseMs, row }: LagTools,
  grantedAt: number,
): Promise<Lag> {
  const calls = { kept: { asked: 0, denied: 0 }, fresh: { asked: 0, denied: 0 } }
  let firstSuccessMs: number | undefined
  let lastDenialMs: number | undefined
  let inARow = 0
  const ask = async (kind: 'kept' | 'fresh') => {
    const { status } = await send({
      ...onTheWire(chatAt(world, world.hosts.openAI), world),
      fresh: kind === 'fresh',
    })
    const afterMs = clock.now() - grantedAt
    const isDenied = status === 401 || status === 403
    calls[kind].asked += 1
    if (isDenied) {
      calls[kind].denied += 1
      lastDenialMs = afterMs
    } else firstSuccessMs ??= afterMs
    return !isDenied
  }
  while (inARow < row && clock.now() - grantedAt < limitMs) {
    const answers = [await ask('kept'), await ask('fresh')]
    inARow = answers.every(isAnswered => isAnswered) ? inARow + 1 : 0
    if (inARow < row) await clock.sleep(pauseMs)
  }
  return {
    ...(firstSuccessMs === undefined ? {} : { firstSuccessMs }),
    ...(lastDenialMs === undefined ? {} : { lastDenialMs }),
    calls,
  }
}

export function lagLines({ firstSuccessMs, lastDenialMs, calls }: Lag): string[] {
  const seconds = (ms: number | undefined) =>
    ms === undefined ? 'never' : `after ${(ms / 1000).toFixed(1)} s`
  return [
    `First call let through ${seconds(firstSuccessMs)}, last call denied ${seconds(lastDenialMs)}.`,
    ...(['kept', 'fresh'] as const).map(
      kind =>
        `On ${kind === 'kept' ? 'one kept connection' : 'new connections'}: ${calls[kind].denied} of ${calls[kind].asked} calls denied.`,
    ),
  ]
}
