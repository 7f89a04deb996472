import { firstOf, listed } from '../../../src/core/text/lists.ts'

test.each([
  [[], ''],
  [['one'], 'one'],
  [['one', 'two'], 'one and two'],
  [['one', 'two', 'three'], 'one, two and three'],
])('as in a sentence: %j', (words, sentence) => {
  expect(listed(words)).toBe(sentence)
})

test.each([
  [[], 2, ''],
  [['one', 'two'], 2, 'one, two'],
  [['one', 'two', 'three'], 2, 'one, two and 1 more'],
  [['one', 'two', 'three', 'four'], 1, 'one and 3 more'],
])('the first of %j: %d', (words, max, sentence) => {
  expect(firstOf(words, max)).toBe(sentence)
})

test('entries with commas get another separator', () => {
  expect(firstOf(['a, b', 'c', 'd'], 2, '; ')).toBe('a, b; c and 1 more')
})
