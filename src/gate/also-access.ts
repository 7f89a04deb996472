import type { Assignment } from '../azure/rbac/assignment.ts'
import type { Route } from '../services/inference/route.ts'
import { isForApp } from '../services/resource-manager/context.ts'
import { type AlsoAccess, type Answered, closeAlso, isLacking, restsOnAnswers, tellAlso } from './also.ts'
import type { Reading } from './read-roles.ts'
import type { GrantResult, RoleAccess } from './values.ts'

/** What the pipeline's roles show about what it does besides the calls. */

type Held = Pick<RoleAccess, 'assignments' | 'asOf' | 'denies'>

/** If the role is for an app, the pipeline's own answers decide nothing. */
const decisive = (routes: readonly Route[], { context }: Pick<Reading, 'context'>) =>
  isForApp(context) ? [] : routes

export async function readAlso(
  { assignments, asOf, denies }: Held,
  routes: readonly Route[],
  { also, context, job, definitions }: Pick<Reading, 'also' | 'context' | 'job' | 'definitions'>,
): Promise<AlsoAccess[]> {
  const held = assignments && { assignments, asOf }
  const asked = { dataActions: also, routes: decisive(routes, { context }) }
  return tellAlso(asked, { held, lease: job.lease }, { context, definitions, denies })
}

export async function settleAlso(
  access: RoleAccess,
  { routes, grant }: { routes: readonly Route[]; grant: GrantResult | undefined },
  reading: Reading,
): Promise<RoleAccess> {
  if (!access.also.some(isLacking)) return access
  const assignments = [...(access.assignments ?? []), ...madeBy(access, grant)]
  const told = await readAlso({ ...access, assignments }, routes, reading)
  const also = grant?.outcome === 'granted' ? told.map(markGranted) : told
  reading.note({ also })
  return { ...access, assignments, also }
}

/** Whether the answers of these calls have to show that the other rights are live too. */
export const alsoRestsOnAnswers = (
  access: RoleAccess,
  routes: readonly Route[],
  reading: Pick<Reading, 'context' | 'job' | 'definitions'>,
): boolean => restsOnAnswers(access.also, answeredBy(access, routes, reading), reading)

/** After all calls were answered. */
export function alsoAnswered(access: RoleAccess, routes: readonly Route[], reading: Reading): RoleAccess {
  const also = closeAlso(access.also, answeredBy(access, routes, reading), reading)
  reading.note({ also })
  return { ...access, also }
}

const answeredBy = (
  { assignments = [] }: RoleAccess,
  routes: readonly Route[],
  { context, job }: Pick<Reading, 'context' | 'job'>,
): Answered => ({ assignments, routes: decisive(routes, { context }), lease: job.lease })

const markGranted = (each: AlsoAccess): AlsoAccess =>
  each.access.word === 'not-known-live' ? { ...each, access: { ...each.access, isGranted: true } } : each

/** What was granted, if the pipeline holds it. */
function madeBy(
  { wanted, holder, membership, asOf }: RoleAccess,
  grant: GrantResult | undefined,
): readonly Assignment[] {
  const isMade = grant?.outcome === 'granted' || grant?.outcome === 'exists'
  if (!isMade || (holder !== 'pipeline' && membership !== 'member')) return []
  const { scope, roleGuid, principalId } = wanted
  const createdOn = grant.age.kind === 'known' ? asOf - grant.age.ageMs : undefined
  const condition = grant.condition === undefined ? {} : { condition: grant.condition }
  return [{ id: grant.assignmentId ?? '', scope, roleGuid, principalId, createdOn, ...condition }]
}
