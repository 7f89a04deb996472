import fc from 'fast-check'
import { diagnosisCodes } from '../../../src/core/failures/codes.ts'
import { failureOfOidc, oidcUnavailable } from '../../../src/services/github/errors.ts'
import { readWorkflowRun } from '../../../src/services/github/workflow-run.ts'
import { anyReply, expectHarmless, replyOf } from '../../support/replies.ts'

const now = Date.parse('2026-11-01T12:00:00Z')
const run = readWorkflowRun({})

test.each([
  ['a fork', { ...run, fromFork: true }, 'oidc-unavailable-fork', /comes from a fork/],
  [
    'a fork, by Dependabot',
    { ...run, fromFork: true, actor: 'dependabot[bot]' },
    'oidc-unavailable-fork',
    /comes from a fork/,
  ],
  ['Dependabot', { ...run, actor: 'dependabot[bot]' }, 'oidc-unavailable-fork', /Dependabot/],
  [
    'a job without the permission',
    { ...run, actor: 'someone' },
    'oidc-permission-missing',
    /ACTIONS_ID_TOKEN_REQUEST_URL/,
  ],
])('no endpoint is offered to %s', (_, of, code, message) => {
  expect(oidcUnavailable(of)).toMatchObject({
    kind: 'fatal',
    code,
    said: { message: expect.stringMatching(message) },
  })
})

test.each([
  [200, '{}', 'oidc-endpoint-unavailable', 'transient'],
  [200, '<html>', 'oidc-endpoint-unavailable', 'transient'],
  [302, '', 'blocked-on-the-way', 'fatal'],
  [408, '', 'oidc-endpoint-unavailable', 'transient'],
  [429, '{"message":"slow down"}', 'oidc-endpoint-unavailable', 'throttled'],
  [500, '', 'oidc-endpoint-unavailable', 'transient'],
  [503, '', 'oidc-endpoint-unavailable', 'transient'],
  [400, '{"message":"Can\'t issue ID_TOKEN for audience"}', 'oidc-request-refused', 'fatal'],
  [401, '', 'oidc-request-refused', 'fatal'],
  [299, '', 'oidc-endpoint-unavailable', 'transient'],
  [300, '', 'blocked-on-the-way', 'fatal'],
  [399, '', 'blocked-on-the-way', 'fatal'],
  [499, '', 'oidc-request-refused', 'fatal'],
  [403, '{"message":"You have exceeded a secondary rate limit."}', 'oidc-endpoint-unavailable', 'throttled'],
  [401, '{"message":"You have exceeded a secondary rate limit."}', 'oidc-request-refused', 'fatal'],
  [403, '{"message":"Corporate limit"}', 'oidc-request-refused', 'fatal'],
  [403, '', 'oidc-request-refused', 'fatal'],
  [511, '', 'blocked-on-the-way', 'fatal'],
  [403, '<html>Blocked</html>', 'blocked-on-the-way', 'fatal'],
])('%i %s', (status, body, code, kind) => {
  expect(failureOfOidc(replyOf(status, body), now)).toMatchObject({ code, kind, said: { status } })
})

test('GitHub can also report throttling in a header', () => {
  const code = (remaining: string) =>
    failureOfOidc(replyOf(403, '', { 'x-ratelimit-remaining': remaining }), now).kind

  expect(['0', '1'].map(code)).toEqual(['throttled', 'fatal'])
  expect(failureOfOidc(replyOf(429, ''), now)).not.toHaveProperty('retryAfterMs')
})

test.each([
  [{ message: 'no' }, 'no'],
  [{ errorMessage: 'no' }, 'no'],
  [{ other: 'no' }, '{"other":"no"}'],
  ['no', 'no'],
])('what GitHub says in %j', (body, message) => {
  expect(failureOfOidc(replyOf(400, body), now).said.message).toBe(message)
})

test('throttling says for how long, and keeps the message', () => {
  const reply = replyOf(429, { message: 'slow down' }, { 'retry-after': '4', 'x-github-request-id': 'AB:12' })

  expect(failureOfOidc(reply, now)).toEqual({
    kind: 'throttled',
    code: 'oidc-endpoint-unavailable',
    retryAfterMs: 4000,
    said: { status: 429, message: 'slow down', ids: { 'x-github-request-id': 'AB:12' } },
  })
})

test('any reply gives a known code and harmless text', () => {
  fc.assert(
    fc.property(anyReply([(_, message) => ({ message })]), reply => {
      expectHarmless(failureOfOidc(reply, now), [...diagnosisCodes.github, 'blocked-on-the-way'])
    }),
  )
})
