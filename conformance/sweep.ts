import * as v from 'valibot'
import type { ConformanceRequest } from './exchange.ts'
import { assignmentsOfRun, denialsAtAccount } from './exchanges/resource-manager.ts'
import { isDone, onTheWire, type PlayTools } from './play.ts'
import type { Send } from './send.ts'
import { madeHere } from './terms.ts'
import type { World } from './world.ts'

const described = v.object({
  value: v.array(v.object({ id: v.string(), properties: v.object({ description: v.nullish(v.string()) }) })),
  nextLink: v.nullish(v.string()),
})

/** Far more pages than an account has. */
const mostPages = 100

/** Ids of the leftovers of earlier runs in a list, from all its pages; none if the list cannot be read. */
async function idsOfEarlierRuns(list: ConformanceRequest, world: World, send: Send): Promise<string[]> {
  const ids: string[] = []
  let url: string | undefined = list.url
  for (let page = 0; url !== undefined && page < mostPages; page += 1) {
    const { status, body } = await send(onTheWire({ ...list, url }, world))
    if (status !== 200) break
    const { value, nextLink } = v.parse(described, JSON.parse(body))
    ids.push(...value.filter(({ properties }) => properties.description === madeHere).map(({ id }) => id))
    // The token goes to no other host.
    url = nextLink?.startsWith(`${world.hosts.resourceManager}/`) ? nextLink : undefined
  }
  return ids
}

/**
 * Removes what an earlier run left behind, for example because it was killed. Leftovers would change the answers of this run. If
 * the lists cannot be read, leftovers are not found.
 */
export async function removeOfEarlierRuns(
  world: World,
  { send, onLeft, say }: PlayTools & { say: (line: string) => void },
): Promise<void> {
  const lists = [
    ...(world.has.has('may-assign-roles') ? [assignmentsOfRun(world)] : []),
    ...(world.has.has('may-deny') ? [denialsAtAccount(world)] : []),
  ]
  for (const list of lists) {
    const left = await idsOfEarlierRuns(list, world, send)
    let removed = 0
    for (const id of left) {
      const version = new URL(list.url).searchParams.get('api-version') ?? ''
      const removal = {
        ...list,
        method: 'DELETE' as const,
        url: `${world.hosts.resourceManager}${id}?api-version=${version}`,
      }
      if (await isDone(removal, world, send)) removed += 1
      else onLeft(removal.url)
    }
    if (left.length > 0)
      say(`An earlier run left ${left.length} of its assignments behind. This run removed ${removed}.`)
  }
}
