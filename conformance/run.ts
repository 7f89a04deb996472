import type { Exchange } from './exchange.ts'
import { type Lag, type LagTools, measureLag } from './lag.ts'
import { lackingFor, play } from './play.ts'
import type { Recording } from './recording.ts'
import type { Send } from './send.ts'
import { openWorld, type World } from './world.ts'

/** What one side answered. */
export interface Side {
  world: World
  recordings: Recording[]
  /** By exchange: what its world lacks, or why no reply came. */
  leftOut: Map<string, string>
  lag: Lag | undefined
}

interface RunTools extends LagTools {
  env: Readonly<Record<string, string | undefined>>
  say: (line: string) => void
}

/**
 * Plays all exchanges against the services that the environment names. Where the principal may not call models yet, and may assign
 * roles, it is denied first, then granted the role, and in the end the role is taken back.
 * @throws Error where nothing can be tried
 */
export async function runSide(exchanges: readonly Exchange[], tools: RunTools): Promise<Side> {
  const { send, env, say } = tools
  const world = await openWorld(env, send)
  const side: Side = { world, recordings: [], leftOut: new Map(), lag: undefined }
  const isDenied = !world.has.has('may-infer') && world.has.has('chat')
  if (!isDenied || !world.has.has('may-assign-roles')) {
    await playAll(exchanges, side, send)
    say(
      isDenied
        ? 'The principal may neither call models nor grant itself the role: calls of models are left out.'
        : 'The principal may call models already: denied calls and lag were not tried.',
    )
    return side
  }
  // An OIDC token lives five minutes, and a role may take longer: what needs no role comes before it.
  const isCall = ({ needs }: Exchange) => needs.includes('may-infer')
  await playAll(
    exchanges.filter(exchange => !isCall(exchange)),
    side,
    send,
  )
  await playAll(deniedCalls(exchanges), side, send)
  const { lag, takeBack } = await measureLag(world, tools)
  side.lag = lag
  try {
    await playAll(exchanges.filter(isCall), { ...side, world: mayInfer(world) }, send)
  } finally {
    await takeBack()
  }
  return side
}

const mayInfer = (world: World): World => ({ ...world, has: new Set([...world.has, 'may-infer' as const]) })

/** The good call of every API, by a principal that may not call it yet. */
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

async function playAll(exchanges: readonly Exchange[], side: Side, send: Send): Promise<void> {
  for (const exchange of exchanges) {
    const lacking = lackingFor(exchange, side.world)
    if (lacking.length > 0) {
      side.leftOut.set(exchange.name, `needs ${lacking.join(', ')}`)
      continue
    }
    try {
      side.recordings.push(await play(exchange, side.world, send))
    } catch (error) {
      side.leftOut.set(exchange.name, error instanceof Error ? error.message : String(error))
    }
  }
}
