import { compare, differenceLines } from '../../conformance/compare.ts'
import type { Recording } from '../../conformance/recording.ts'

const answered: Recording = {
  exchange: 'arm-account',
  service: 'resource-manager',
  status: 200,
  code: '',
  contentType: 'application/json',
  headers: ['content-type', 'x-ms-request-id'],
  shape: ['id: string', 'value[].name: string'],
  message: '',
}

test('a refusal of another status is not compared by what it names, unless both name it', () => {
  const denied = (status: number, message: string) => ({ ...answered, status, message })
  const lacks = (action: string) => `It lacks the required data action \`${action}\`.`
  const found = (one: Recording, other: Recording) => compare([one], [other]).map(({ what }) => what)

  expect(found(denied(401, lacks('a')), denied(404, 'not there'))).toEqual(['status'])
  expect(found(denied(401, lacks('a')), denied(403, lacks('b')))).toEqual(['status', 'data action'])
})

test('answers of the same shape do not differ, even if their words do', () => {
  expect(compare([answered], [{ ...answered, message: 'in other words' }])).toEqual([])
})

test.each<[string, Partial<Recording>, string, string]>([
  ['status', { status: 404 }, '200', '404'],
  ['code', { code: 'ResourceNotFound' }, '', 'ResourceNotFound'],
  ['content type', { contentType: 'text/html' }, 'application/json', 'text/html'],
  ['header', { headers: ['content-type'] }, 'x-ms-request-id', ''],
  ['header', { headers: [...answered.headers, 'retry-after'] }, '', 'retry-after'],
  ['header', { headers: ['retry-after', 'date'] }, 'content-type, x-ms-request-id', 'retry-after, date'],
  ['data action', { message: 'It lacks the required data action `a/b` to do it.' }, '', 'a/b'],
  [
    'audience',
    { message: 'The audience is incorrect (https://a or https://b)' },
    '',
    'https://a or https://b',
  ],
  ['shape', { shape: ['value[].name: string'] }, 'id: string', ''],
  ['shape', { shape: [...answered.shape, 'location: string'] }, '', 'location: string'],
])('%s: %j', (what, change, one, other) => {
  expect(compare([answered], [{ ...answered, ...change }])).toEqual([
    { exchange: 'arm-account', what, one, other },
  ])
})

test('bodies are not compared if the statuses differ in kind', () => {
  const refused = { ...answered, status: 404, shape: ['error.code: string'] }

  expect(compare([answered], [refused]).map(({ what }) => what)).toEqual(['status'])
})

test('a list that is empty on one side says nothing about its entries', () => {
  const empty = { ...answered, shape: ['id: string', 'value[]: nothing'] }

  expect(compare([answered], [empty])).toEqual([])
  expect(compare([empty], [answered])).toEqual([])
})

test('an exchange without an answer is a difference, not agreement', () => {
  expect(differenceLines(compare([], [answered], ['arm-account']), ['Azure', 'the local cloud'])).toEqual([
    'arm-account: no answer: Azure has nothing, the local cloud `200`',
  ])
})

test('exchanges that the other side did not try are listed', () => {
  expect(differenceLines(compare([answered], []), ['Azure', 'the local cloud'])).toEqual([
    'arm-account: not tried: Azure has `200`, the local cloud nothing',
  ])
})
