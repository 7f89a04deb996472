import { inWords } from '../../../src/core/text/duration.ts'

test.each([
  [0, '0.0 s'],
  [640, '0.6 s'],
  [9_990, '10.0 s'],
  [10_000, '10 s'],
  [42_400, '42 s'],
  [119_000, '119 s'],
  [120_000, '2 min'],
  [179_600, '3 min'],
  [312_400, '5 min 12 s'],
  [7_199_000, '119 min 59 s'],
  [7_200_000, '2 h'],
  [13_820_000, '3 h 50 min'],
])('%i ms are %s', (ms, words) => {
  expect(inWords(ms)).toBe(words)
})
