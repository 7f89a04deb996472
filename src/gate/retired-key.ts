import { headOf, ownRefusal, type Refusal, type Said, StepFailure } from '../core/failures/failure.ts'
import type { Http } from '../core/http/client.ts'
import type { Clock, Log, Random } from '../core/ports.ts'
import { inWords } from '../core/text/duration.ts'
import { progressLine, sayRefusal } from '../report/progress-lines.ts'
import { type KeyReply, keyCall } from '../services/inference/key-call.ts'
import type { Route } from '../services/inference/route.ts'
import { keyAccessOf } from './key-access.ts'
import type { Facts } from './record.ts'
import type { Settings } from './settings.ts'
import { type Progress, type Round, untilLive } from './waiting/wait.ts'

/** What became of a data-plane call with the key that must be refused. */
export type RetiredKeyResult =
  /** 403 AuthenticationTypeDisabled: the resource takes no key at all. */
  | { outcome: 'key-access-off' }
  /** 401: this key is not one of the resource's; others may be. */
  | { outcome: 'key-invalid' }
  /** The call got as far as the model. */
  | { outcome: 'accepted' }

interface RetiredKeyTools {
  http: Http
  clock: Clock
  log: Log
  random: Random
}

/**
 * Makes the first of the calls that were the proof once more, with the key; and waits until it is refused, for a switch-off takes minutes to
 * hours to reach the data plane.
 * @throws StepFailure `retired-key-accepted`; `keys-enabled` where more has to be shown than this key's end; or another code where the
 * replies say nothing about the key.
 */
export async function requireRefused(
  key: string,
  settings: Settings,
  [route]: readonly Route[],
  tools: RetiredKeyTools,
  facts: Facts,
): Promise<void> {
  if (route === undefined) throw new Error('Every run calls a deployment')
  const { propagationTimeoutMs, consecutiveSuccesses } = settings.waiting
  let refusedWith: Said | undefined
  const probe = async () => {
    const reply = await keyCall(route, key, settings.smoke, tools)
    if (reply.kind === 'accepted') facts.retiredKey = { outcome: 'accepted' }
    if (reply.kind === 'refused') {
      facts.retiredKey = { outcome: reply.outcome }
      refusedWith = reply.said
    }
    return roundOf(reply, facts)
  }
  const { failure, propagationMs } = await untilLive({
    first: await probe(),
    firstAt: tools.clock.now(),
    grantedAt: undefined,
    doubtMs: 0,
    rowWithoutDenial: true,
    probe,
    consecutiveSuccesses,
    denialPatienceMs: propagationTimeoutMs,
    overallMs: propagationTimeoutMs,
    clock: tools.clock,
    random: tools.random,
    onPause: progress => tools.log.info(progressLine(progress, answered(progress))),
  })
  if (failure !== undefined) throw new StepFailure('trying the retired key', { ...failure, kind: 'fatal' })
  const waited = propagationMs > 0 ? `, ${inWords(propagationMs)} after the first try` : ''
  tools.log.info(`The retired key is refused${waited}${meaningOf(facts, refusedWith)}`)
  requireShown(settings, facts)
}

/** What is waited for is the refusal. Where Resource Manager says that keys are on, there is nothing to wait for. */
function roundOf(reply: KeyReply, { account }: Facts): Round {
  if (reply.kind === 'refused') return { kind: 'ok' }
  if (reply.kind === 'unproven') return { kind: 'refused', refusal: reply.refusal }
  const kind: Refusal['kind'] = account?.keyAccess === 'enabled' ? 'fatal' : 'wait'
  return { kind: 'refused', refusal: { kind, code: 'retired-key-accepted', said: reply.said } }
}

function answered({ round, successesInARow, successesWanted }: Progress): string {
  if (round.kind === 'ok') return `refused, ${successesInARow} of ${successesWanted} in a row`
  return round.refusal.code === 'retired-key-accepted' ? 'accepted' : sayRefusal(round.refusal)
}

/** The two refusals do not mean the same. */
function meaningOf({ account, retiredKey }: Facts, said: Said | undefined): string {
  const reply = headOf(said ?? {})
  if (retiredKey?.outcome === 'key-access-off')
    return ` (${reply}): key access is off, so no other key works either.`
  const others =
    account?.keyAccess === 'disabled'
      ? 'That no other key works either is what Resource Manager says.'
      : 'That says nothing of other keys.'
  return ` (${reply}): it is not, or no longer, a key of this resource. ${others}`
}

/**
 * What `key-access: forbid` demands is that no key works. A key that is none of the resource shows nothing of the others.
 * @throws StepFailure `keys-enabled` where the account did not say it either.
 */
function requireShown({ keys }: Settings, facts: Facts): void {
  if (keys.access !== 'forbid' || keyAccessOf(facts) !== 'unknown') return
  const message =
    'The account could not be read, and the retired key was refused as one that is not of this resource: whether other keys work is not known.'
  throw new StepFailure('checking key access', ownRefusal('keys-enabled', message))
}
