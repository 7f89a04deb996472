import * as v from 'valibot'
import { firstIssueOnly, parseErrorJson, parseJson } from '../../../src/core/text/json.ts'
import { wordingOf } from '../../../src/core/text/wording.ts'

const ofLength = (length: number) => `"${'a'.repeat(length - 2)}"`

test('JSON is parsed, and other text is undefined', () => {
  expect(parseJson('{"a":[1,null]}')).toEqual({ a: [1, null] })
  expect(parseJson('null')).toBeNull()
  expect(parseJson('{')).toBeUndefined()
  expect(parseJson('')).toBeUndefined()
})

test('a body of more than 64 KiB is not an error: services need less', () => {
  expect(parseErrorJson('{"error":{}}')).toEqual({ error: {} })
  expect(parseErrorJson(ofLength(65_536))).toHaveLength(65_534)
  expect(parseErrorJson(ofLength(65_537))).toBeUndefined()
})

test('a list of bad entries is reported as one issue', () => {
  const issuesOf = (schema: v.GenericSchema, input: unknown) =>
    v.safeParse(schema, input, firstIssueOnly).issues?.length

  expect(issuesOf(v.array(v.string()), [1, 2, 3])).toBe(1)
  expect(issuesOf(v.pipe(v.string(), v.minLength(5), v.regex(/b/)), 'a')).toBe(1)
})

test('only the first 8 KiB of a reply are searched for known wording', () => {
  expect(wordingOf('denied')).toBe('denied')
  expect(wordingOf(`${'a'.repeat(8191)}bc`)).toBe(`${'a'.repeat(8191)}b`)
})
