import fc from 'fast-check'
import { editDistance } from '../../../src/core/text/distance.ts'

test.each([
  ['', '', 0],
  ['', 'abc', 3],
  ['abc', '', 3],
  ['gpt-4o', 'gpt-4o', 0],
  ['gpt-4o', 'gpt4o', 1],
  ['gpt4o', 'gpt-4o', 1],
  ['gpt-4o', 'gpt-4a', 1],
  ['ab', 'ba', 2],
  ['kitten', 'sitting', 3],
  ['saturday', 'sunday', 3],
])('from %j to %j: %i', (one, other, distance) => {
  expect(editDistance(one, other)).toBe(distance)
})

test('it is symmetric, and never larger than the longer text', () => {
  fc.assert(
    fc.property(fc.string({ maxLength: 12 }), fc.string({ maxLength: 12 }), (one, other) => {
      const distance = editDistance(one, other)

      expect(editDistance(other, one)).toBe(distance)
      expect(distance).toBeLessThanOrEqual(Math.max(one.length, other.length))
      expect(distance).toBeGreaterThanOrEqual(Math.abs(one.length - other.length))
    }),
  )
})
