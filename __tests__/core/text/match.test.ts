import { matchesInTime } from '../../../src/core/text/match.ts'

test.each([
  [/ready/i, 'I am Ready.', true],
  [/^ready$/, 'I am ready.', false],
  [/^ready$/m, 'I am\nready\n', true],
  [/(?<=am )\p{L}+/u, 'I am ready', true],
  [/x*/, '', true],
  [/a"'`\/\\/, 'a"\'`/\\', true],
])('%s on %j: %s', (pattern, text, expected) => {
  expect(matchesInTime(pattern, text)).toBe(expected)
})

test.each([
  [/^(\w+\s?)+$/, `${'ready '.repeat(20)}!`],
  [/(a|aa)+$/, `${'a'.repeat(60)}b`],
  [/(.*)*x/, 'a'.repeat(40)],
])('%s gives up on an unlucky answer', (pattern, text) => {
  expect(matchesInTime(pattern, text)).toBe('too-slow')
})

test('a slow pattern is distinguished from a stateful one', () => {
  const global = /a/g
  global.lastIndex = 1
  expect(matchesInTime(global, 'a')).toBe(true)
})

test('a pattern that cannot run is an error, not a slow pattern', () => {
  class Broken extends RegExp {
    override get source() {
      return '('
    }
  }
  expect(() => matchesInTime(new Broken(''), 'a')).toThrow(/Invalid regular expression/)
})
