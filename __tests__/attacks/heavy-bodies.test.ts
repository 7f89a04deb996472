import { heavyReplies, oddStatuses } from './odd-replies.ts'
import { playOdd } from './play-odd-replies.ts'

const play = playOdd()

test.each(heavyReplies)('%s: %s', async (_, __, hop, body) => {
  for (const status of oddStatuses) await play({ hop, effect: { kind: 'reply', status, body }, times: 1 })
})
