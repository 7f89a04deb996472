import fc from 'fast-check'
import { diagnosisCodes } from '../../../src/core/failures/codes.ts'
import type { Failure } from '../../../src/core/failures/failure.ts'
import {
  NetworkFailure,
  proxyUnusable,
  requestTimedOut,
  responseTooLarge,
} from '../../../src/core/http/network-failure.ts'
import { scrubberOf } from '../../../src/core/text/scrub.ts'
import { type AppAnswer, answerOf, appOutcome, noAnswer } from '../../../src/services/app/errors.ts'
import { anyReply, expectHarmless, replyOf } from '../../support/replies.ts'

const scrub = scrubberOf([], '***')
const answer = (reply: ReturnType<typeof replyOf>, expect?: RegExp) => answerOf(reply, { expect, scrub }, 0)
const failureOf = (given: AppAnswer): Failure | undefined => (given.kind === 'ok' ? undefined : given.failure)
const html = { 'content-type': 'text/html; charset=utf-8' }

describe('by status', () => {
  test.each<[number, Failure['kind']]>([
    [300, 'fatal'],
    [301, 'fatal'],
    [302, 'fatal'],
    [304, 'fatal'],
    [307, 'fatal'],
    [308, 'fatal'],
    [400, 'fatal'],
    [401, 'wait'],
    [402, 'fatal'],
    [403, 'wait'],
    [404, 'wait'],
    [405, 'fatal'],
    [408, 'wait'],
    [409, 'fatal'],
    [410, 'fatal'],
    [422, 'fatal'],
    [429, 'throttled'],
    [451, 'fatal'],
    [499, 'fatal'],
    [500, 'wait'],
    [501, 'wait'],
    [503, 'wait'],
    [599, 'wait'],
  ])('%d is %s', (status, kind) => {
    const given = answer(replyOf(status, 'No'))
    expect(given.kind).toBe('refused')
    expect(failureOf(given)).toMatchObject({ kind, code: 'probe-failed', said: { status, message: 'No' } })
    expect(appOutcome(given)).toBe(`HTTP ${status}`)
  })

  test.each([200, 201, 204, 206, 299])('%d is an answer', status => {
    expect(appOutcome(answer(replyOf(status, '')))).toBe('ok')
    expect(answer(replyOf(status, ''))).toMatchObject({ kind: 'ok', said: { status } })
  })
})

describe('2xx replies that prove nothing', () => {
  test.each([
    ['a page', replyOf(200, 'ready', html), undefined, /^It is a page/],
    ['a page that is marked as text', replyOf(200, '<!doctype html>'), undefined, /^It is a page/],
    ['an error', replyOf(200, { error: { message: 'denied' } }), undefined, /^It reports an error/],
    ['an answer of a cache', replyOf(200, 'ready', { age: '1' }), /ready/, /out of a cache/],
    ['the same in words', replyOf(200, 'ready', { 'x-cache': 'HIT' }), /ready/, /out of a cache/],
    [
      'an error in a stream',
      replyOf(200, 'data: {"delta":"re"}\n\ndata: {"error":{"message":"denied"}}\n\n'),
      undefined,
      /^It reports an error/,
    ],
    [
      'an error in a line',
      replyOf(200, '{"delta":"re"}\n{"error":"denied"}\n'),
      undefined,
      /^It reports an error/,
    ],
    ['another answer', replyOf(200, 'starting'), /^ready$/, /^It does not match \/\^ready\$\/\./],
    [
      'an answer that the pattern never ends on',
      replyOf(200, `${'a'.repeat(40)}!`),
      /^(a+)+$/,
      /took too long/,
    ],
  ])('%s', (_, reply, expectation, message) => {
    const given = answer(reply, expectation)
    expect(failureOf(given)).toMatchObject({ kind: 'wait', code: 'probe-failed' })
    expect(failureOf(given)?.said.message).toMatch(message)
    expect(appOutcome(given)).toBe('unexpected')
  })

  test.each([
    ['no error', replyOf(200, { error: null, answer: 'ready' }), undefined],
    ['a message', replyOf(200, { message: 'ready', code: 'x' }), undefined],
    ['a stream', replyOf(200, 'data: {"delta":"ready"}\n\ndata: [DONE]\n\n'), undefined],
    ['what a cache has just asked for', replyOf(200, 'ready', { age: '0' }), undefined],
    ['a page that matches', replyOf(200, '<html>ready', html), /ready/],
    ['an error that matches', replyOf(200, { error: 'ready' }), /ready/],
  ])('not so: %s', (_, reply, expectation) => {
    expect(answer(reply, expectation).kind).toBe('ok')
  })
})

describe('the words about an answer', () => {
  const secret = scrubberOf(['s3cr3t-code'], '***')
  const told = (reply: ReturnType<typeof replyOf>, expect?: RegExp) =>
    answerOf(reply, { expect, scrub: secret }, 0)

  test('are its text, in quotes, and the connection', () => {
    expect(told({ ...replyOf(200, ' ready '), connection: 7 })).toStrictEqual({
      kind: 'ok',
      connection: 7,
      said: { status: 200, message: 'The answer was "ready"', ids: {} },
    })
    expect(told(replyOf(204, ' \n'))).toStrictEqual({
      kind: 'ok',
      said: { status: 204, message: 'The answer was empty.', ids: {} },
    })
  })

  test('are its problem and its text', () => {
    expect(failureOf(told(replyOf(200, 'no'), /yes/))?.said.message).toBe(
      'It does not match /yes/. The answer was "no"',
    )
    expect(failureOf(told(replyOf(200, { error: 'x' })))?.said.message).toBe(
      'It reports an error. The answer was "{"error":"x"}"',
    )
  })

  test('have no secret of the address, even if the app quotes it', () => {
    const code = 's3cr3t-code'
    for (const reply of [
      replyOf(200, `at ?code=${code}`, { 'x-request-id': code }),
      replyOf(400, { error: { message: `at ?code=${code}` } }, { location: `/x?code=${code}` }),
      replyOf(302, '', { location: `/log-in/${code}` }),
    ]) {
      const given = JSON.stringify(told(reply))
      expect(given).not.toContain(code)
      expect(given).toContain('***')
    }
  })

  test('are computed within a time limit', () => {
    expect(told(replyOf(200, `${'x'.repeat(65_531)}ready`), /ready/).kind).toBe('ok')
    expect(told(replyOf(200, `${'x'.repeat(65_532)}ready`), /ready/).kind).toBe('refused')
  })

  test('have the ids of the request unchanged', () => {
    expect(told(replyOf(400, '', { 'x-request-id': 'a?b=c' }))).toMatchObject({
      failure: { said: { ids: { 'x-request-id': 'a?b=c' } } },
    })
  })

  test('of 300 characters at most', () => {
    const { said } = failureOf(told(replyOf(400, 'word '.repeat(80)))) ?? {}
    expect([...(said?.message ?? '')]).toHaveLength(300)
  })
})

test('an app that names no time gives none', () => {
  expect(failureOf(answer(replyOf(429, '')))).not.toHaveProperty('retryAfterMs')
})

test('a throttled app says how long to stay away', () => {
  expect(failureOf(answer(replyOf(429, '', { 'retry-after': '7' })))).toMatchObject({ retryAfterMs: 7000 })
})

test('the target of a redirect is shown without its query', () => {
  const location = 'https://login.example/authorize?state=redir%3Dcode'
  expect(failureOf(answer(replyOf(302, 'Moved', { location })))?.said.message).toBe(
    'It redirects to https://login.example/authorize?***; redirects are not followed. Moved',
  )
})

test('any reply of an app is harmless, and is an answer or a refusal with the code of the probe', () => {
  const shapes = [(code: string, message: string) => ({ error: { code, message } })]
  fc.assert(
    fc.property(anyReply(shapes), fc.constantFrom(undefined, /ready/, /^$/), (reply, expectation) => {
      const given = answer(reply, expectation)
      if (given.kind === 'ok') expect(Math.floor(reply.status / 100)).toBe(2)
      else expectHarmless(given.failure, ['probe-failed'])
    }),
  )
})

describe('without a reply', () => {
  const codes: readonly string[] = Object.values(diagnosisCodes).flat()

  test.each<[string, Failure['kind'], string]>([
    ['ENOTFOUND', 'wait', 'dns-failed'],
    ['EAI_AGAIN', 'wait', 'dns-failed'],
    ['ECONNREFUSED', 'wait', 'connection-failed'],
    ['ECONNRESET', 'wait', 'connection-failed'],
    ['EPROTO', 'wait', 'connection-failed'],
    [requestTimedOut, 'wait', 'request-timeout'],
    // What an ingress shows until it has the certificate of a new name.
    ['ERR_TLS_CERT_ALTNAME_INVALID', 'wait', 'tls-untrusted'],
    ['DEPTH_ZERO_SELF_SIGNED_CERT', 'wait', 'tls-untrusted'],
    ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'wait', 'tls-untrusted'],
    ['CERT_HAS_EXPIRED', 'fatal', 'tls-untrusted'],
    ['SELF_SIGNED_CERT_IN_CHAIN', 'fatal', 'tls-untrusted'],
    [responseTooLarge, 'fatal', 'connection-failed'],
  ])('%s: %s, told as %s', (code, kind, outcome) => {
    const given = noAnswer(new NetworkFailure(code, 'shop.example:443', 'No reply'))
    expect(given.kind).toBe('refused')
    expect(failureOf(given)).toMatchObject({ kind })
    expect(appOutcome(given)).toBe(outcome)
    expect(codes).toContain(outcome)
  })

  test.each<[string, Failure['kind']]>([
    ['PROXY_503', 'wait'],
    ['PROXY_403', 'fatal'],
    [proxyUnusable, 'fatal'],
  ])('of a proxy, %s: %s', (code, kind) => {
    const proxy = { host: 'proxy.example:3128', failed: true }
    const given = noAnswer(new NetworkFailure(code, 'shop.example:443', 'No way', proxy))
    expect(failureOf(given)).toMatchObject({ kind, code: 'proxy-refused' })
  })
})
