import { bySkewedClock } from '../clock.ts'
import { edited } from '../edit.ts'
import type { Fault, FaultEffect } from '../faults.ts'
import type { ServiceReply } from '../service.ts'
import type { Outcome, Render } from './reply.ts'
import type { Wire } from './wire.ts'

/** Lets the request take effect, or not, as the fault has it, and finds what is to be sent. */
export async function settle(
  wire: Wire,
  fault: Fault | undefined,
  render: Render,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  if (fault === undefined) return run()
  const { effect, afterEffect = false } = fault
  if (effect.kind === 'delay') return delayed(wire, effect.ms, afterEffect, run)
  // What is sent in part must first exist: these take effect whatever `afterEffect` says.
  if (effect.kind === 'drip' || effect.kind === 'truncate' || isLateReset(effect)) return run()
  if (effect.kind === 'skew') return bySkewedClock(effect.ms, run)
  if (effect.kind === 'headers') return withHeaders(await run(), effect.headers)
  if (effect.kind === 'edit') return withEdit(await run(), effect)
  const { reply: _lost, ...kept } = afterEffect ? await run() : {}
  return effect.kind === 'reply' ? { ...(await render(() => replacement(effect))), ...kept } : kept
}

function withHeaders(outcome: Outcome, headers: Record<string, string>): Outcome {
  const { reply } = outcome
  return reply === undefined
    ? outcome
    : { ...outcome, reply: { ...reply, headers: { ...reply.headers, ...headers } } }
}

/** A reply that is no JSON is sent as it is. */
function withEdit(outcome: Outcome, { path, ...change }: Extract<FaultEffect, { kind: 'edit' }>): Outcome {
  const { reply } = outcome
  if (reply === undefined || !reply.headers['content-type']?.startsWith('application/json')) return outcome
  const json: unknown = JSON.parse(reply.body.toString('utf8'))
  const body = Buffer.from(JSON.stringify(edited(json, path, change)) ?? '', 'utf8')
  return { ...outcome, reply: { ...reply, body } }
}

const isLateReset = (effect: FaultEffect) => effect.kind === 'reset' && effect.when !== 'before'

function replacement({ status, headers, body }: Extract<FaultEffect, { kind: 'reply' }>): ServiceReply {
  return headers === undefined ? { status, body } : { status, headers, body }
}

async function delayed(
  wire: Wire,
  ms: number,
  effectFirst: boolean,
  run: () => Promise<Outcome>,
): Promise<Outcome> {
  const before = effectFirst ? await run() : undefined
  if (!(await wire.wait(ms))) return {}
  return before ?? run()
}
