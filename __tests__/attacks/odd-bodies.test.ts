import { oddBodies, oddHops, oddStatuses, oddTokens, tokenReplies } from './odd-replies.ts'
import { playOdd } from './play-odd-replies.ts'

const play = playOdd()

test.each(oddHops.map(hop => [hop.title, hop] as const))('%s: malformed bodies', async (_, hop) => {
  for (const status of oddStatuses)
    for (const [, body] of oddBodies) await play({ hop, effect: { kind: 'reply', status, body } })
})

test.each(tokenReplies)('%s: malformed tokens', async (title, name) => {
  const hop = oddHops.find(candidate => candidate.title === title)
  if (hop === undefined) throw new Error(`No hop ${title}`)
  for (const value of oddTokens) await play({ hop, effect: { kind: 'edit', path: [name], value } })
})
