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
 * Classifies the answers of a route of the user's own app. The app may be starting, its role may not be live yet, and it may pass
 * on or hide the model's reply. The gate waits for everything that may pass. A redirect, and a request that the app does not
 * understand, do not pass.
 */

export type AppAnswer =
  | { kind: 'ok'; said: ServiceResponse; connection?: number }
  | { kind: 'refused'; failure: Failure }

interface Expected {
  /** What the answer must match; undefined: anything except a page or an error. */
  expect: RegExp | undefined
  /** Removes the secrets of the address from what the app quotes. */
  scrub: Scrub
}

/** The user's pattern runs against this many characters at most. */
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

/** Statuses of an app that is starting, or whose role is not live yet. */
const mayPass: ReadonlySet<number> = new Set([401, 403, 404, 408])

function kindOf(status: number): Failure['kind'] {
  if (status === 429) return 'throttled'
  return mayPass.has(status) || status >= 500 ? 'wait' : 'fatal'
}

/**
 * Apps, and what is in front of them, answer 200 in many cases that are not a model's answer. @returns why it proves nothing
 */
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

/** One document or several: chats are often streamed, with one event or document per line. */
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

/** The reply without the query of its address, in case the app quoted it: a log-in page gets the query in its own address. */
function quotable(reply: HttpReply, scrub: Scrub): HttpReply {
  const headers = Object.fromEntries(
    Object.entries(reply.headers).map(([name, text]) => [
      name,
      scrub(name === 'location' ? shownAddress(text) : text),
    ]),
  )
  return { ...reply, headers, body: scrubBody(reply.body.slice(0, maxMatched), scrub) }
}

/** What an ingress shows until it has the certificate of a new name: a certificate for another name, or its own. */
const placeholders: ReadonlySet<string> = new Set([
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
])

/**
 * No name, no connection, no certificate yet, or no answer in time: all of these are normal for an app that is being deployed.
 */
export function noAnswer(error: NetworkFailure): AppAnswer {
  const failure = failureOfNetwork(error)
  const isFinal = failure.kind === 'fatal' && !placeholders.has(error.code)
  return { kind: 'refused', failure: { ...failure, kind: isFinal ? 'fatal' : 'wait' } }
}

/** Result of a probe, in a word: the status, `unexpected` if it is 2xx and no proof, or a network code. */
export type AppOutcome = 'ok' | 'unexpected' | `HTTP ${number}` | DiagnosisCode

export function appOutcome(answer: AppAnswer | { kind: 'ok' }): AppOutcome {
  if (answer.kind === 'ok') return 'ok'
  const { code, said } = answer.failure
  if (said.status === undefined) return code
  return said.status < 300 ? 'unexpected' : `HTTP ${said.status}`
}
