import {
  failureOf,
  localFailure,
  requestIdsOf,
  retryAfterMs,
  StepError,
  statusLine,
  summarizeResponse,
  withHost,
} from '../../../src/core/failures/failure.ts'
import { failureOfEntra } from '../../../src/services/entra/errors.ts'
import { failureOfOidc } from '../../../src/services/github/errors.ts'
import { failureOfInference } from '../../../src/services/inference/errors.ts'
import { failureOfResourceManager } from '../../../src/services/resource-manager/errors.ts'
import { replyOf } from '../../support/replies.ts'

const readers = {
  refusalOfEntra: failureOfEntra,
  refusalOfInference: failureOfInference,
  refusalOfOidc: failureOfOidc,
  refusalOfResourceManager: failureOfResourceManager,
}

/** Beginnings of the patterns that wordings are recognised by, over and over: each makes a careless pattern start again. */
const beginnings = [
  ...[
    ' ',
    '\n',
    '#',
    ':',
    '`',
    'Trace ID',
    'AADSTS',
    'token tenant ',
    'missing',
    'audience is incorrect (',
    'lacks the required data action `',
  ],
  ...["perform action '", 'Try again after ', 'Unsupported parameter: ', 'RoleAssignment '],
]

describe.each(Object.entries(readers))('%s', (_, read) => {
  test.each(beginnings)('reads a megabyte of %j like a short text', piece => {
    const long = piece.repeat(Math.ceil(1_000_000 / piece.length))
    const short = piece.repeat(Math.ceil(20_000 / piece.length))

    expect(read(replyOf(400, long), 0)).toEqual(read(replyOf(400, short), 0))
    expect(read(replyOf(400, { error: { message: long } }), 0).code).toBe(
      read(replyOf(400, { error: { message: short } }), 0).code,
    )
  })
})

test.each([
  [{ status: 403, serviceCode: 'AuthorizationFailed' }, '403 AuthorizationFailed'],
  [{ status: 401, serviceCode: '401' }, '401'],
  [{ status: 470, by: 'Azure Firewall' }, '470, from Azure Firewall'],
  [{ serviceCode: 'ENOTFOUND' }, 'ENOTFOUND'],
])('%j is in short: %s', (said, line) => {
  expect(statusLine(said)).toBe(line)
})

describe('the failure of a step', () => {
  test('says what the step was doing', () => {
    const error = new StepError('reading the account', localFailure('resource-not-found', 'no'))

    expect([error.name, error.message]).toEqual(['StepError', 'resource-not-found while reading the account'])
    expect(failureOf(error, 'something else')).toBe(error)
  })

  test('includes unexpected errors, with their place', () => {
    const error = new TypeError('x is not a function')
    error.stack =
      'TypeError: x is not a function\n    at f (file:///home/runner/dist/index.js:12:345)\n    at g (other.js:1:1)'

    expect(failureOf(error, 'signing in')).toMatchObject({
      operation: 'signing in',
      failure: {
        kind: 'fatal',
        code: 'unexpected-error',
        said: { message: 'TypeError: x is not a function (at index.js:12:345)' },
      },
    })
    error.stack = 'TypeError at C:\\dist\\index.js:12:345\n    at g'
    expect(failureOf(error, '').failure.said.message).toBe(
      'TypeError: x is not a function (at index.js:12:345)',
    )
  })

  test.each([
    ['an error without a place', Object.assign(new RangeError('no'), { stack: undefined }), 'RangeError: no'],
    [
      'an error whose code stands in its stack',
      Object.assign(new Error('no'), { stack: 'at a.js:1:2 while(1)' }),
      'Error: no',
    ],
    ['what is no error', 'ha\n##[error]', 'Thrown was: ha # #[error]'],
  ])('is %s', (_, thrown, message) => {
    expect(failureOf(thrown, 'signing in').failure.said.message).toBe(message)
  })

  test('has details if there are some', () => {
    expect(localFailure('access-denied', 'no', { action: 'x' })).toStrictEqual({
      kind: 'fatal',
      code: 'access-denied',
      said: { message: 'no', ids: {} },
      details: { action: 'x' },
    })
    expect(localFailure('access-denied', 'no')).not.toHaveProperty('details')
  })

  test('names the unreachable host if something on the way blocked it', () => {
    const blocked = localFailure('blocked-on-the-way', 'no')
    const denied = localFailure('access-denied', 'no')

    expect(withHost(blocked, 'https://contoso.openai.azure.com:8443/x?y')).toEqual({
      ...blocked,
      said: { ...blocked.said, host: 'contoso.openai.azure.com:8443' },
    })
    expect(withHost(denied, 'https://contoso.openai.azure.com')).toBe(denied)
  })
})

describe('the text of a reply', () => {
  const ids = {
    'x-ms-request-id': 'a',
    'x-ms-correlation-request-id': 'b',
    'apim-request-id': 'c',
    'x-request-id': 'd',
    'request-id': 'e',
    'x-github-request-id': 'f',
  }

  test('has every id by which support finds the request, made harmless', () => {
    expect(requestIdsOf({ headers: { ...ids, server: 'x' } })).toEqual(ids)
    expect(
      requestIdsOf({ headers: { 'x-request-id': `::error::${'x'.repeat(100)}` } })['x-request-id'],
    ).toMatch(/^: :error: :x+…$/)
  })

  test('has its status and code, and its sender', () => {
    expect(summarizeResponse(replyOf(403, 'no'), 'Denied', 'no\nmore')).toStrictEqual({
      status: 403,
      serviceCode: 'Denied',
      message: 'no more',
      ids: {},
    })
    expect(summarizeResponse(replyOf(470, ''), undefined, '')).toStrictEqual({
      status: 470,
      by: 'Azure Firewall',
      message: '',
      ids: {},
    })
  })

  test.each([
    [300, 'It redirects to https://portal.example; redirects are not followed. Moved'],
    [399, 'It redirects to https://portal.example; redirects are not followed. Moved'],
    [299, 'Moved'],
    [400, 'Moved'],
  ])('with status %i and a place to go on to', (status, message) => {
    const reply = replyOf(status, 'Moved', { location: 'https://portal.example' })
    expect(summarizeResponse(reply, undefined, 'Moved').message).toBe(message)
  })

  test('says nothing about a redirect that leads nowhere', () => {
    expect(summarizeResponse(replyOf(302, 'Moved'), undefined, 'Moved').message).toBe('Moved')
  })
})

const now = Date.parse('2026-01-19T12:00:00Z')
test.each<[string, Record<string, string>, number | undefined]>([
  ['in milliseconds', { 'retry-after-ms': '1500', 'retry-after': '9' }, 1500],
  ['in milliseconds of Azure', { 'x-ms-retry-after-ms': '250.5' }, 250.5],
  ['at once', { 'retry-after-ms': '0' }, 0],
  [
    'in a time that has passed already: the next header counts',
    { 'retry-after-ms': '-1', 'retry-after': '9' },
    9000,
  ],
  ['in milliseconds that are none', { 'retry-after-ms': 'soon', 'retry-after': '9' }, 9000],
  ['in seconds', { 'retry-after': ' 17 ' }, 17_000],
  ['in parts of a second', { 'retry-after': '0.25' }, 250],
  ['in ten seconds and a half', { 'retry-after': '10.55' }, 10_550],
  ['at a date', { 'retry-after': 'Mon, 19 Jan 2026 12:00:30 GMT' }, 30_000],
  [
    'at a date, by the clock of the service',
    { 'retry-after': 'Mon, 19 Jan 2026 12:00:30 GMT', date: 'Mon, 19 Jan 2026 12:00:20 GMT' },
    10_000,
  ],
  ['at a date that has passed', { 'retry-after': 'Mon, 19 Jan 2026 11:00:00 GMT' }, 0],
  ['never', {}, undefined],
  ['in words', { 'retry-after': 'soon' }, undefined],
])('told to come back %s', (_, headers, expected) => {
  expect(retryAfterMs(headers, now)).toBe(expected)
})
