import * as v from 'valibot'
import type { ConformanceRequest } from './exchange.ts'
import { assignmentsOfRun, denialsAtAccount } from './exchanges/resource-manager.ts'
import { isDone, onTheWire, type PlayTools } from './play.ts'
import type { Clock, Send } from './send.ts'
import { madeHere } from './terms.ts'
import type { World } from './world.ts'

const described = v.object({
  value: v.array(
    v.object({
      id: v.string(),
      properties: v.object({
        description: v.nullish(v.string()),
        createdOn: v.nullish(v.pipe(v.string(), v.isoTimestamp())),
      }),
    }),
  ),
  nextLink: v.nullish(v.string()),
})

/** Far more pages than an account has. */
const mostPages = 100

/** A run keeps an assignment for at most about a quarter of an hour. Milliseconds. */
const longestKeptMs = 20 * 60_000

interface Made {
  id: string
  /** Milliseconds; undefined if the service does not say. */
  createdAt: number | undefined
}

/** What runs made, from all pages of a list; nothing if the list cannot be read. */
async function madeByRuns(list: ConformanceRequest, world: World, send: Send): Promise<Made[]> {
  const made: Made[] = []
  let url: string | undefined = list.url
  for (let page = 0; url !== undefined && page < mostPages; page += 1) {
    const { status, body } = await send(onTheWire({ ...list, url }, world))
    if (status !== 200) break
    const { value, nextLink } = v.parse(described, JSON.parse(body))
    for (const { id, properties } of value)
      if (properties.description === madeHere)
        made.push({ id, createdAt: properties.createdOn ? Date.parse(properties.createdOn) : undefined })
    // The token goes to no other host.
    url = nextLink?.startsWith(`${world.hosts.resourceManager}/`) ? nextLink : undefined
  }
  return made
}

const listsOf = (world: World): ConformanceRequest[] => [
  ...(world.has.has('may-assign-roles') ? [assignmentsOfRun(world)] : []),
  ...(world.has.has('may-deny') ? [denialsAtAccount(world)] : []),
]

/** @returns how many are gone; `onLeft` gets the others */
async function remove(
  made: readonly Made[],
  list: ConformanceRequest,
  world: World,
  { send, onLeft }: PlayTools,
): Promise<number> {
  const version = new URL(list.url).searchParams.get('api-version') ?? ''
  let removed = 0
  for (const { id } of made) {
    const url = `${world.hosts.resourceManager}${id}?api-version=${version}`
    if (await isDone({ ...list, method: 'DELETE', url }, world, send)) removed += 1
    else onLeft(url)
  }
  return removed
}

/**
 * Removes what an earlier run left behind, for example because it was killed. Leftovers would change the answers of this run. If
 * the lists cannot be read, leftovers are not found. @returns whether anything was removed: abilities may have gone with it
 * @throws Error if something is so new that the run that made it may still be going
 */
export async function removeOfEarlierRuns(
  world: World,
  tools: PlayTools & { say: (line: string) => void; clock: Clock },
): Promise<boolean> {
  let isChanged = false
  for (const list of listsOf(world)) {
    const left = await madeByRuns(list, world, tools.send)
    const isNew = ({ createdAt }: Made) =>
      createdAt !== undefined && Math.abs(tools.clock.now() - createdAt) < longestKeptMs
    if (left.some(isNew))
      throw new Error(
        `Another run made assignments at this resource less than 20 minutes ago: it may still be going, or it was killed. Wait, or remove by hand what is described as "${madeHere}"`,
      )
    const removed = await remove(left, list, world, tools)
    isChanged ||= removed > 0
    if (left.length > 0)
      tools.say(`An earlier run left ${left.length} of its assignments behind. This run removed ${removed}.`)
  }
  return isChanged
}

/**
 * The last look: a replica that did not know an assignment yet may have answered its removal with "not there". Removes what is still
 * there. The caller knows which removals failed; @returns addresses of what is left
 */
export async function removeTheRest(
  world: World,
  tools: PlayTools,
  failed: readonly string[],
): Promise<string[]> {
  const left = new Map(failed.map(url => [idIn(url), url]))
  for (const list of listsOf(world)) {
    const made = await madeByRuns(list, world, tools.send).catch(() => [])
    for (const { id } of made) left.delete(id.toLowerCase())
    await remove(made, list, world, { ...tools, onLeft: url => void left.set(idIn(url), url) })
  }
  return [...left.values()]
}

const idIn = (url: string) => new URL(url).pathname.toLowerCase()
