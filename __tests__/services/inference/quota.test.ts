import { quotaInWords, quotaOf } from '../../../src/services/inference/quota.ts'

const headers = {
  'x-ratelimit-remaining-requests': '99',
  'x-ratelimit-limit-requests': '100',
  'x-ratelimit-remaining-tokens': '99970',
  'x-ratelimit-limit-tokens': '100000',
}

test('the remaining quota is read from an answer, and shown in a few words', () => {
  const quota = quotaOf(headers)

  expect(quota).toEqual({
    remainingRequests: 99,
    limitRequests: 100,
    remainingTokens: 99970,
    limitTokens: 100000,
  })
  expect(quotaInWords(quota ?? {})).toBe('99 of 100 requests, 99,970 of 100,000 tokens')
})

test.each<[string, Record<string, string>, ReturnType<typeof quotaOf>, string]>([
  ['what is left alone', { 'x-ratelimit-remaining-tokens': '1' }, { remainingTokens: 1 }, '1 tokens'],
  ['a limit alone', { 'x-ratelimit-limit-tokens': '5' }, { limitTokens: 5 }, ''],
  ['nothing', {}, undefined, ''],
  ['a count of nothing', { 'x-ratelimit-remaining-tokens': '-1' }, undefined, ''],
  ['more digits than a number keeps', { 'x-ratelimit-limit-tokens': '9'.repeat(16) }, undefined, ''],
  ['words', { 'x-ratelimit-remaining-requests': '::error::99' }, undefined, ''],
])('of %s', (_, said, quota, words) => {
  expect(quotaOf(said)).toEqual(quota)
  expect(quotaInWords(quota ?? {})).toBe(words)
})
