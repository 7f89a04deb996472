import { randomUUID } from 'node:crypto'
import type { Clock } from '../src/core/ports.ts'
import type { ConformanceRequest } from './exchange.ts'
import { onTheWire } from './play.ts'
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

const userGuid = 'a97b65f3-24c7-4388-baec-2e87135dc908'

export interface Granted {
  lag: Lag
  /** Takes the role back. */
  takeBack: () => Promise<void>
}

/**
 * Grants the run's principal the role that lets it call models, and asks until it is honoured. The caller takes it back.
 * @throws Error where it may not be granted
 */
export async function measureLag(world: World, tools: LagTools): Promise<Granted> {
  const { send, clock } = tools
  const name = randomUUID()
  const path = `${world.accountId}/providers/Microsoft.Authorization/roleAssignments/${name}`
  const url = `${world.hosts.resourceManager}${path}?api-version=2022-04-01`
  const request = (method: 'PUT' | 'DELETE', json?: unknown) =>
    send(onTheWire({ method, url, as: 'resource-manager', ...(json === undefined ? {} : { json }) }, world))
  const takeBack = async () => void (await request('DELETE'))
  const { status } = await request('PUT', {
    properties: {
      roleDefinitionId: `/subscriptions/${world.subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${userGuid}`,
      principalId: world.principalId,
      principalType: 'ServicePrincipal',
    },
  })
  if (status !== 201) throw new Error(`The role could not be granted: ${status}`)
  try {
    return { lag: await untilHonoured(world, tools, clock.now()), takeBack }
  } catch (error) {
    await takeBack()
    throw error
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
    const { status } = await send({ ...onTheWire(chat(world), world), fresh: kind === 'fresh' })
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

const chat = ({ hosts, deployments }: World): ConformanceRequest => ({
  method: 'POST',
  url: `${hosts.openAI}/openai/v1/chat/completions`,
  as: 'cognitive-services',
  json: {
    model: deployments.get('chat'),
    messages: [{ role: 'user', content: 'Answer with the one word ready.' }],
    max_completion_tokens: 16,
  },
})

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
