import { preloadDuringRequests, requestSent } from '../../../src/core/http/warm-up.ts'

test('each preparation begins as one more request is on the wire, once, whether or not those before it fail', () => {
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
