import type { Assignment } from '../azure/rbac/assignment.ts'
import { accessByRoles, onlyGiver } from '../azure/rbac/principal-access.ts'
import { type Failure, localFailure, StepError } from '../core/failures/failure.ts'
import { sameAction } from '../services/inference/beside-calls.ts'
import { dataActionsOf, type Route } from '../services/inference/route.ts'
import { isPaidByThePiece } from '../services/inference/row.ts'
import type { AssignmentsRead } from '../services/resource-manager/role-assignments.ts'
import { reasonOf } from './runtime/words.ts'
import { scopeOfAction, scopeOfCalls } from './scope-of-calls.ts'
import type { Settings } from './settings.ts'
import { type Telling, type ToldAccess, toldAccess } from './told-access.ts'
import { settledAfterMs } from './waiting/schedule.ts'

/** `also`: what the pipeline does besides the calls. Judged from its roles, unless a call shows the right. */

export interface AlsoAccess {
  dataAction: string
  scope: string
  access: ToldAccess
}

/** Data actions that `also` asks for, without duplicates. */
export const alsoOf = ({ also }: Pick<Settings['access'], 'also'>): string[] => [
  ...new Set(also.flatMap(({ dataActions }) => dataActions)),
]

/** What the pipeline needs on the data plane: for its calls, and besides them. */
export const neededBy = ({
  routes = [],
  settings,
}: {
  routes?: readonly Route[]
  settings?: Pick<Settings, 'access'>
}): string[] => [
  ...new Set([...dataActionsOf(routes), ...(settings === undefined ? [] : alsoOf(settings.access))]),
]

const isShown = (dataAction: string, routes: readonly Route[]) =>
  routes.some(route => sameAction(route.dataAction, dataAction))

interface Holding {
  held: AssignmentsRead | undefined
  /** Lease of this job, whose own temporary assignments count. */
  lease: string
}

interface AlsoAsked {
  dataActions: readonly string[]
  /** Calls of the pipeline that have to be answered, or none: they show by themselves whether their rights are there. */
  routes: readonly Route[]
}

export function tellAlso(
  { dataActions, routes }: AlsoAsked,
  { held, lease }: Holding,
  telling: Telling,
): Promise<AlsoAccess[]> {
  const { principalId, resource } = telling.context
  const told = dataActions.map(async (dataAction): Promise<AlsoAccess> => {
    const scope = scopeOfAction(dataAction, resource)
    if (isShown(dataAction, routes))
      return { dataAction, scope, access: { word: 'unknown', because: { kind: 'own-calls' } } }
    const question = { principalId, scope, dataActions: [dataAction], lease }
    return { dataAction, scope, access: await toldAccess(held, question, telling) }
  })
  return Promise.all(told)
}

/** Whether a grant of a role that covers it would fix it. */
export const isLacking = ({ access }: AlsoAccess): boolean =>
  access.word === 'missing' && access.because.kind === 'no-role'

export interface Answered {
  /** Everything that the pipeline holds by now. */
  assignments: readonly Assignment[]
  routes: readonly Route[]
  lease: string
}

/** After every call was answered: a new assignment is live if a call was answered that only this assignment allows. */
export function closeAlso(
  also: readonly AlsoAccess[],
  { assignments, routes, lease }: Answered,
  { context: { principalId, resource }, definitions }: Pick<Telling, 'context' | 'definitions'>,
): AlsoAccess[] {
  // A single answer that is billed per item meets only one replica, so it does not show this.
  const live = routes.flatMap(route => {
    if (isPaidByThePiece(route)) return []
    const asked = { scope: scopeOfCalls([route], resource), dataAction: route.dataAction }
    return onlyGiver(assignments, definitions.known(), asked) ?? []
  })
  return also.map(each => {
    const { access, dataAction, scope } = each
    if (access.word === 'unknown' && access.because.kind === 'own-calls')
      return { ...each, access: { word: 'called' } }
    if (access.word !== 'not-known-live') return each
    const question = { principalId, scope, dataActions: [dataAction], lease }
    const isLive = live.some(
      giver => accessByRoles([giver], definitions.known(), question).kind === 'allowed',
    )
    return isLive ? { ...each, access: { word: 'allowed', through: access.through } } : each
  })
}

interface Seen {
  routes?: readonly Route[] | undefined
  /** Undefined if the roles were not read. */
  also?: readonly AlsoAccess[] | undefined
}

/**
 * Whether answers have to show that a new assignment is live. They show nothing until it is known that they do not come from a
 * role that was removed a moment ago and gave less.
 */
export function restsOnAnswers(
  also: readonly AlsoAccess[],
  answered: Answered,
  telling: Pick<Telling, 'context' | 'definitions'>,
): boolean {
  const closed = closeAlso(also, answered, telling)
  return also.some(({ access }, at) => {
    const isYoung = access.word === 'not-known-live' && (access.ageMs ?? 0) < settledAfterMs
    return isYoung && closed[at]?.access.word === 'allowed'
  })
}

/** Before the calls are proven: what neither proof nor waiting fixes. @returns undefined if there is nothing */
export function alsoFailure(asked: Settings['access'], { routes = [], also }: Seen): StepError | undefined {
  const untold = also === undefined ? alsoOf(asked).filter(each => !isShown(each, routes)) : []
  if (untold.length > 0) return failing(notLookedUp(untold))
  const failures = (also ?? []).map(failureOf)
  return failing(failures.find(failure => failure !== undefined))
}

/** After the proof: rights that are given, but not known to be live. */
export function alsoNotLive({ also = [] }: Pick<Seen, 'also'>): StepError | undefined {
  const [young] = also.filter(({ access }) => access.word === 'not-known-live')
  return failing(
    young &&
      localFailure(
        'access-not-propagated',
        `${alsoLine(young)} No call of the gate depends on that role alone, so nothing shows whether it is live before it is half an hour old.`,
        { dataAction: young.dataAction },
      ),
  )
}

const failing = (failure: Failure | undefined) =>
  failure && new StepError('checking what `also` asks for', failure)

/** Name and access, in one line. */
export const alsoLine = (also: AlsoAccess): string =>
  `${also.dataAction}, which \`also\` asks for: ${alsoReason(also)}`

/** The reason, in sentences. */
export function alsoReason({ access, scope }: AlsoAccess): string {
  if (access.word === 'called') return 'A call of the gate that needs it was answered.'
  if (access.word === 'unknown' && access.because.kind === 'own-calls')
    return 'A call of the gate that needs it was not answered.'
  return reasonOf({ access, scope, deployments: [], role: undefined })
}

function failureOf(also: AlsoAccess): Failure | undefined {
  const { access, dataAction } = also
  if (access.word !== 'missing' && access.word !== 'unknown') return undefined
  const { because } = access
  const said = alsoLine(also)
  switch (because.kind) {
    case 'own-calls':
      return undefined
    case 'denied':
      return localFailure('deny-assignment', said, { action: dataAction })
    case 'unread':
      return localFailure('resource-manager-forbidden', said, because.failure.details)
    case 'role-unread':
      return localFailure('resource-manager-forbidden', said, { action: readDefinitions })
    default:
      return localFailure('access-denied', said, { dataAction })
  }
}

const readDefinitions = 'Microsoft.Authorization/roleDefinitions/read'

const notLookedUp = (dataActions: readonly string[]) =>
  localFailure(
    'resource-manager-forbidden',
    `It is not known whether the pipeline has ${dataActions.join(', ')}, which \`also\` asks for: its roles cannot be looked up.`,
    { action: readDefinitions },
  )
