import * as v from 'valibot'
import { schedulesApiVersion } from '../../azure/api-versions.ts'
import { instantOf } from '../../core/text/instant.ts'
import type { ResourceManager } from './client.ts'
import { readable } from './readable.ts'

/**
 * Microsoft.Authorization: roleAssignmentScheduleInstances. Privileged Identity Management makes assignments that end at a time,
 * and only these show it.
 */

const instance = v.pipe(
  v.object({
    properties: v.object({
      originRoleAssignmentId: v.nullish(v.string(), ''),
      endDateTime: v.nullish(v.string()),
    }),
  }),
  v.transform(({ properties }) => ({
    assignmentId: properties.originRoleAssignmentId.toLowerCase(),
    endsAt: instantOf(properties.endDateTime),
  })),
)

/** When assignments end, by their ids in lower case; milliseconds since the epoch. Those that stay are not among them. */
export type Ends = ReadonlyMap<string, number>

/** Of the principal and its groups. Empty if it cannot be read, as in a directory without a licence for it. It never throws. */
export async function readEnds(manager: ResourceManager, scope: string, principalId: string): Promise<Ends> {
  const instances = await readable(manager, {
    path: `${scope}/providers/Microsoft.Authorization/roleAssignmentScheduleInstances`,
    apiVersion: schedulesApiVersion,
    filter: `assignedTo('${principalId}')`,
    entrySchema: instance,
  })
  return new Map(
    instances.flatMap(({ assignmentId, endsAt }) => (endsAt === undefined ? [] : [[assignmentId, endsAt]])),
  )
}
