import { randomUUID } from 'node:crypto'
import { cognitiveServicesUser } from '../src/azure/rbac/built-in-roles.ts'
import type { Clock } from '../src/core/ports.ts'
import { chatAt } from './exchanges/inference.ts'
import { assignment, put } from './exchanges/resource-manager.ts'
import { isDone, onTheWire, type PlayTools } from './play.ts'
import type { Lag } from './recording.ts'
import type { Send } from './send.ts'
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

interface Granted {
  /** The lag, or why it could not be measured. */
  lag: Lag | { failed: string }
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
    const { status } = await send(onTheWire(put(world, name, { role: cognitiveServicesUser.guid }), world))
    if (status !== 201) return { lag: { failed: `the role could not be granted: ${status}` }, takeBack }
    return { lag: await untilHonoured(world, tools, clock.now()), takeBack }
  } catch (error) {
    return { lag: { failed: error instanceof Error ? error.message : String(error) }, takeBack }
  }
}

async function untilHonoured(
  world: World,
  { send, clock, limitMs, pauseMs, row, signal }: LagTools & PlayTools,
  grantedAt: number,
): Promise<Lag> {
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
    const isDenied = status === 401 || status === 403
    const calls = lag[connection]
    calls.asked += 1
    if (isDenied) {
      calls.denied += 1
      calls.lastDenialMs = afterMs
    } else calls.firstSuccessMs ??= afterMs
    return !isDenied
  }
  let inARow = 0
  while (inARow < row && clock.now() - grantedAt < limitMs) {
    signal?.throwIfAborted()
    const answers = [await ask('kept'), await ask('fresh')]
    inARow = answers.every(isAnswered => isAnswered) ? inARow + 1 : 0
    if (inARow < row) await clock.sleep(pauseMs, signal)
  }
  return lag
}

export function lagLines(lag: Lag): string[] {
  const seconds = (ms: number | undefined) =>
    ms === undefined ? 'never' : `after ${(ms / 1000).toFixed(1)} s`
  return (['kept', 'fresh'] as const).map(connection => {
    const { asked, denied, firstSuccessMs, lastDenialMs } = lag[connection]
    return (
      `On ${connection === 'kept' ? 'one kept connection' : 'new connections'} the first call succeeded ` +
      `${seconds(firstSuccessMs)}, the last denial came ${seconds(lastDenialMs)}; ${denied} of ${asked} calls were denied.`
    )
  })
}
