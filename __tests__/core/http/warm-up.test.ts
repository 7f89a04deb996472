import { preloadDuringRequests, requestSent } from '../../../src/core/http/warm-up.ts'

test('each preparation starts once, when one more request is on the wire, even if earlier ones fail', () => {
  const begun: string[] = []
  const sent = () => requestSent.publish({})
  preloadDuringRequests(
    async () => {
      begun.push('first')
      throw new Error('of no consequence')
    },
    async () => begun.push('second'),
  )

  expect(begun).toEqual([])
  sent()
  expect(begun).toEqual(['first'])
  sent()
  sent()
  expect(begun).toEqual(['first', 'second'])
})
