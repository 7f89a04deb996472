import * as v from 'valibot'
import official from '../built-in-roles/roles.json' with { type: 'json' }
import { changesOf, documentedRole, permission } from '../scripts/role-drift.ts'
import { parseJson } from '../src/core/text/json.ts'
import { roleDefinitionAtAccount } from './exchanges/resource-manager.ts'
import { onTheWire, type PlayTools } from './play.ts'
import { sanitised } from './sanitise.ts'
import { answerOf } from './sign-in.ts'
import type { World } from './world.ts'

const definition = v.object({
  properties: v.object({
    roleName: v.string(),
    description: v.optional(v.string(), ''),
    permissions: v.array(permission),
  }),
})

/**
 * What changed in the built-in roles that ship, as Azure has them today: each is read by its id. New roles are not looked for:
 * drift.yml finds them in the documentation. @returns one sentence a change, and one for all roles that could not be read
 */
export async function roleDrift(world: World, { send, signal }: PlayTools): Promise<string[]> {
  const changes: string[] = []
  const unread = new Map<string, string>()
  for (const role of official.roles) {
    if (signal?.aborted) break
    const shipped = v.parse(documentedRole, role)
    try {
      const reply = await send(onTheWire(roleDefinitionAtAccount(world, shipped.name), world))
      const read = v.safeParse(definition, parseJson(reply.body))
      if (reply.status !== 200 || !read.success) unread.set(shipped.roleName, answerOf(reply))
      else
        changes.push(
          ...changesOf(shipped, { name: shipped.name, ...read.output.properties }).map(
            change => `${shipped.roleName}: ${change}`,
          ),
        )
    } catch (error) {
      unread.set(shipped.roleName, error instanceof Error ? error.message : String(error))
    }
  }
  const [first] = unread.values()
  const left = first === undefined ? [] : [`${[...unread.keys()].join(', ')}: not read: the first ${first}`]
  return [...changes, ...left].map(line => sanitised(line, world))
}
