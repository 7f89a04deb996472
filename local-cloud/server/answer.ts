import type { Clock } from '../clock.ts'
import type { Faults } from '../faults.ts'
import type { Journal, JournalEntry } from '../journal.ts'
import type { Service } from '../service.ts'
import { settle } from './fault-effects.ts'
import { type Outcome, type Render, rendered } from './reply.ts'
import { findRoute, type Received, type RouteMatch, receive } from './request.ts'
import { leaveUnanswered, send } from './send.ts'
import type { Wire } from './wire.ts'

/** Operation of requests that no route takes. */
export const UNKNOWN_OPERATION = 'unknown'

interface AnswerOptions {
  clock: Clock
  faults: Faults
  journal: Journal
}

/** Takes one request from its body to the last byte of its reply. Never rejects; makes exactly one journal entry. */
export async function answer(
  wire: Wire,
  url: string,
  service: Service,
  { clock, faults, journal }: AnswerOptions,
) {
  const at = clock.now()
  const received = await receive(wire, url)
  const { request } = received
  const target = wire.request.url ?? '/'
  const match = findRoute(service, request)
  const operation = match?.route.operation ?? UNKNOWN_OPERATION
  const text = `${target}\n${request.body}`
  const fault = received.complete ? faults.take({ service: service.name, operation, text }) : undefined
  const render: Render = produce => rendered(service, request, clock, produce)
  const outcome = await settle(wire, fault, render, () => perform(service, match, received, render))

  const broken = wire.response.destroyed || wire.request.socket.destroyed
  const entry: JournalEntry = {
    at,
    service: service.name,
    operation,
    method: request.method,
    host: wire.request.headers.host ?? '',
    target,
    headers: request.headers,
    body: request.body,
    status: broken || outcome.reply === undefined ? null : outcome.reply.status,
  }
  if (outcome.caller !== undefined) entry.caller = outcome.caller
  if (outcome.unimplemented !== undefined) entry.unimplemented = outcome.unimplemented
  if (outcome.failure !== undefined) entry.failure = outcome.failure
  if (fault !== undefined) entry.fault = fault.name
  // Before the first byte goes out: anyone who has the reply finds the entry.
  journal.add(entry)

  if (outcome.reply === undefined) await leaveUnanswered(wire, fault?.effect)
  else await send(wire, outcome.reply, fault?.effect)
}

async function perform(
  service: Service,
  match: RouteMatch | undefined,
  { request, complete, tooLarge }: Received,
  render: Render,
): Promise<Outcome> {
  if (!complete) return {}
  if (tooLarge) return render(() => ({ status: 413 }))
  if (match === undefined) return render(() => service.notFound(request))
  return render(() => match.route.handle(request, match.params))
}
