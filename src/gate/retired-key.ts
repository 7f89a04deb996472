import { type Failure, localFailure, StepError } from '../core/failures/failure.ts'
import type { Http } from '../core/http/client.ts'
import { onFreshConnections } from '../core/http/wrappers.ts'
import type { Clock, Random } from '../core/ports.ts'
import { type KeyReply, keyCall } from '../services/inference/key-call.ts'
import type { Route } from '../services/inference/route.ts'
import { isPaidByThePiece, keyRouteOf } from '../services/inference/row.ts'
import type { Account, KeyAccess } from '../services/resource-manager/account.ts'
import { keyAccessOf } from './key-access.ts'
import type { Note } from './record.ts'
import type { Reporter } from './reporter.ts'
import type { Settings } from './settings.ts'
import type { Inspection } from './values.ts'
import type { Round } from './waiting/round.ts'
import { untilLive } from './waiting/wait.ts'

interface Known {
  settings: Settings
  inspection: Inspection
  /** The key that must be refused. */
  key: string
}

interface RetiredKeyTools {
  http: Http
  clock: Clock
  random: Random
  reporter: Reporter
}

/**
 * Repeats one of the calls of the proof, with the key, and waits until it is refused: a switch-off takes minutes to hours to
 * reach the data plane.
 * @throws StepError `retired-key-accepted`; `keys-enabled` if the refusal of this key is not enough; or another code if the
 * replies say nothing about the key.
 */
export async function requireRefused(
  { settings, inspection, key }: Known,
  tools: RetiredKeyTools,
  note: Note<'retiredKey'>,
): Promise<void> {
  const { account, routes } = inspection
  const route = keyRouteOf(routes)
  if (route === undefined) throw new Error('Every run calls a deployment')
  const { propagationTimeoutMs, consecutiveSuccesses } = settings.waiting
  const refusals: Array<Extract<KeyReply, { kind: 'refused' }>> = []
  // A balancer may bind a connection to one replica, and another may still take the key.
  const callTools = { ...tools, http: onFreshConnections(tools.http) }
  const probe = async () => {
    const reply = await keyCall(route, key, settings.smoke, callTools)
    if (reply.kind === 'accepted') note({ result: { outcome: 'accepted' } })
    if (reply.kind === 'refused') {
      note({ result: { outcome: reply.outcome } })
      refusals.push(reply)
    }
    return keyRoundOf(reply, { account, route })
  }
  const { failure, propagationMs } = await untilLive({
    first: await probe(),
    firstAt: tools.clock.now(),
    grantedAt: undefined,
    doubtMs: 0,
    // Nothing shows how long ago keys were switched off.
    isSettled: false,
    probe: count => Promise.all(Array.from({ length: count }, probe)),
    consecutiveSuccesses,
    denialPatienceMs: propagationTimeoutMs,
    overallMs: propagationTimeoutMs,
    clock: tools.clock,
    random: tools.random,
    onPause: tools.reporter.waitingForKeyRefusal,
  })
  if (failure !== undefined) throw new StepError('trying the retired key', { ...failure, kind: 'fatal' })
  const last = refusals.at(-1)
  if (last === undefined) throw new Error('A wait that ends well ends with a refusal of the key')
  const { outcome, said } = last
  tools.reporter.keyRefused({ outcome, said, waitedMs: propagationMs, keyAccess: account?.keyAccess })
  requireShown(settings, keyAccessOf({ account, retiredKey: { outcome } }))
}

/**
 * The gate waits for the refusal. If Resource Manager says that keys are on, there is nothing to wait for; and the gate does
 * not repeat a call that is billed per item.
 */
function keyRoundOf(
  reply: KeyReply,
  { account, route }: { account: Account | undefined; route: Route },
): Round {
  if (reply.kind === 'refused') return { kind: 'ok' }
  if (reply.kind === 'unproven') return { kind: 'refused', failure: reply.failure }
  const isFinal = account?.keyAccess === 'enabled' || isPaidByThePiece(route)
  const kind: Failure['kind'] = isFinal ? 'fatal' : 'wait'
  return { kind: 'refused', failure: { kind, code: 'retired-key-accepted', said: reply.said } }
}

/**
 * `key-access: forbid` demands that no key works. A key of another resource shows nothing about the others.
 * @throws StepError `keys-enabled` if the account did not show it either.
 */
function requireShown({ keys }: Settings, keyAccess: KeyAccess): void {
  if (keys.access !== 'forbid' || keyAccess !== 'unknown') return
  const message =
    'The account could not be read, and the retired key was refused because it is not a key of this resource. It is not known whether other keys work.'
  throw new StepError('checking key access', localFailure('keys-enabled', message))
}
