import * as v from 'valibot'
import type { DiagnosisCode } from '../../core/failures/codes.ts'
import { readErrorBody } from '../../core/failures/error-body.ts'
import {
  type Failure,
  retryAfterMs,
  type ServiceResponse,
  summarizeResponse,
} from '../../core/failures/failure.ts'
import { isFromCache, isPage } from '../../core/failures/intermediary.ts'
import { failureOfNetwork } from '../../core/failures/network.ts'
import type { HttpReply } from '../../core/http/client.ts'
import type { NetworkFailure } from '../../core/http/network-failure.ts'
import { parseErrorJson } from '../../core/text/json.ts'
import { matchesInTime } from '../../core/text/match.ts'
import { type Scrub, scrubBody } from '../../core/text/scrub.ts'
import { plain } from '../../core/text/untrusted.ts'
import { shownAddress } from './address.ts'

/**
 * What a route of the user's own app answers. It may be starting, its role may not be live yet, and it passes on or hides as it likes what
 * the model said: whatever may pass is waited out. A redirect never passes, nor does a request that the app does not understand.
 */

export type AppAnswer =
  | { kind: 'ok'; said: ServiceResponse; connection?: number }
  | { kind: 'refused'; failure: Failure }

interface Expected {
  /** What the answer must match; undefined: anything but a page or an error. */
  expect: RegExp | undefined
  /** Takes the secrets of the address out of what the app quotes. */
  scrub: Scrub
}

/** A pattern of the user's own is run against no more than this many characters. */
const maxMatched = 65_536
const maxQuoted = 300

/** @param now Milliseconds since the epoch. */
export function answerOf(reply: HttpReply, { expect, scrub }: Expected, now: number): AppAnswer {
  const { status, connection } = reply
  const quoted = quotable(reply, scrub)
  const saying = (message: string) => summarizeResponse(quoted, undefined, message)
  if (status < 200 || status > 299) {
    const after = retryAfterMs(reply.headers, now)
    const failure: Failure = {
      kind: kindOf(status),
      code: 'probe-failed',
      said: saying(plain(readErrorBody(quoted.body).message, maxQuoted)),
      ...(after === undefined ? {} : { retryAfterMs: after }),
    }
    return { kind: 'refused', failure }
  }
  const objection = objectionTo(reply, expect)
  const said = saying(`${objection ?? ''} The answer was ${inQuotes(quoted.body)}`)
  if (objection !== undefined)
    return { kind: 'refused', failure: { kind: 'wait', code: 'probe-failed', said } }
  return { kind: 'ok', said, ...(connection === undefined ? {} : { connection }) }
}

/** Not there yet, not let through yet, too slow yet: what an app says while it starts, or while its role is not live. */
const mayPass: ReadonlySet<number> = new Set([401, 403, 404, 408])

function kindOf(status: number): Failure['kind'] {
  if (status === 429) return 'throttled'
  return mayPass.has(status) || status >= 500 ? 'wait' : 'fatal'
}

/** Apps and those in front of them answer 200 to much that is no answer of a model. @returns why it proves nothing */
function objectionTo(reply: HttpReply, expect: RegExp | undefined): string | undefined {
  if (isFromCache(reply)) return 'It comes out of a cache, and not from the app.'
  if (expect !== undefined) {
    const match = matchesInTime(expect, reply.body.slice(0, maxMatched))
    if (match === true) return undefined
    return match === 'too-slow'
      ? `Whether it matches ${plain(String(expect), 200)} took too long to find out: the pattern backtracks on this answer.`
      : `It does not match ${plain(String(expect), 200)}.`
  }
  if (isPage(reply))
    return 'It is a page, and may be that of an error, a log-in or a start; probe-expect is not set.'
  return answersIn(reply.body).some(answer => v.is(reportsError, answer)) ? 'It reports an error.' : undefined
}

/** A document, or several: chats are often streamed, an event or a document a line. */
function answersIn(body: string): unknown[] {
  const whole = parseErrorJson(body)
  if (whole !== undefined) return [whole]
  const lines = body.slice(0, maxMatched).split('\n')
  return lines.map(line => parseErrorJson(line.replace(/^data:/, '')))
}

const reportsError = v.object({
  error: v.pipe(
    v.unknown(),
    v.check(error => Boolean(error)),
  ),
})

const inQuotes = (body: string) => (body.trim() === '' ? 'empty.' : `"${plain(body, maxQuoted)}"`)

/** The reply as if the app had not quoted the query of its address; a log-in page gets it handed on in its own. */
function quotable(reply: HttpReply, scrub: Scrub): HttpReply {
  const headers = Object.fromEntries(
    Object.entries(reply.headers).map(([name, text]) => [
      name,
      scrub(name === 'location' ? shownAddress(text) : text),
    ]),
  )
  return { ...reply, headers, body: scrubBody(reply.body.slice(0, maxMatched), scrub) }
}

/** What an ingress shows until it has the certificate of a new name: one of another name, or one of its own making. */
const placeholders: ReadonlySet<string> = new Set([
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/** No name, no connection, no certificate yet, or no answer in time: an app that is being deployed has all of these. */
export function noAnswer(error: NetworkFailure): AppAnswer {
  const failure = failureOfNetwork(error)
  const isFinal = failure.kind === 'fatal' && !placeholders.has(error.code)
  return { kind: 'refused', failure: { ...failure, kind: isFinal ? 'fatal' : 'wait' } }
}

/** What a probe came to, in a word: the status, `unexpected` where it is 2xx and no proof, or what the network said. */
export type AppOutcome = 'ok' | 'unexpected' | `HTTP ${number}` | DiagnosisCode

export function appOutcome(answer: AppAnswer | { kind: 'ok' }): AppOutcome {
  if (answer.kind === 'ok') return 'ok'
  const { code, said } = answer.failure
  if (said.status === undefined) return code
  return said.status < 300 ? 'unexpected' : `HTTP ${said.status}`
}
