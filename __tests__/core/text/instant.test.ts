import { instantOf } from '../../../src/core/text/instant.ts'

const noon = Date.UTC(2026, 10, 28, 12)

test.each<[string, string, number]>([
  ['as Resource Manager writes it', '2026-11-28T12:00:00.1234567Z', noon + 123],
  ['without a zone', '2026-11-28T12:00:00', noon],
  ['without a zone, with parts of a second', '2026-11-28T12:00:00.0000000', noon],
  ['without seconds', '2026-11-28T12:00', noon],
  ['with an offset', '2026-11-28T21:00:00+09:00', noon],
  ['with an offset without a colon', '2026-11-28T07:00:00-0500', noon],
  ['a day', '2026-11-28', Date.UTC(2026, 10, 28)],
  ['with blanks around it', ' 2026-11-28T12:00:00z ', noon],
])('%s: %s', (_, text, expected) => {
  expect(instantOf(text)).toBe(expected)
})

test.each([
  [undefined],
  [null],
  [''],
  ['yesterday'],
  ['11/28/2026 12:00:00 PM'],
  ['0001-01-01T00:00:00Z'],
  ['2026-13-01T00:00:00Z'],
  ['1795867200'],
])('%s is ambiguous', text => {
  expect(instantOf(text)).toBeUndefined()
})
