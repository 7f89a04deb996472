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

/** What the pipeline will do besides the calls: told from its roles, as far as no call shows the right to it. */

export interface AlsoAccess {
  dataAction: string
  scope: string
  access: ToldAccess
}

/** Data actions that `also` asks for, each once. */
export const alsoOf = ({ also }: Pick<Settings['access'], 'also'>): string[] => [
  ...new Set(also.flatMap(({ dataActions }) => dataActions)),
]

/** What the pipeline needs on the data plane: for its calls, and besides. */
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
  /** Of the job: its own temporary assignments count. */
  lease: string
}

interface AlsoAsked {
  dataActions: readonly string[]
  /** Calls of the pipeline that are to be answered, or none: they decide what they need themselves. */
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

/** A grant of a role that covers it would fix it. */
export const isLacking = ({ access }: AlsoAccess): boolean =>
  access.word === 'missing' && access.because.kind === 'no-role'

export interface Answered {
  /** All that the pipeline holds, by now. */
  assignments: readonly Assignment[]
  routes: readonly Route[]
  lease: string
}

/**
 * Once every call was answered: what a young assignment gives is live where a call was answered that nothing but this assignment lets
 * through.
 */
export function closeAlso(
  also: readonly AlsoAccess[],
  { assignments, routes, lease }: Answered,
  { context: { principalId, resource }, definitions }: Pick<Telling, 'context' | 'definitions'>,
): AlsoAccess[] {
  // One answer that is billed per item is neither a row nor watched, and meets one replica.
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
  /** Undefined where roles were not looked at. */
  also?: readonly AlsoAccess[] | undefined
}

/**
 * Whether answers are to show that a young assignment is live. Until it is known that they do not come from a role that was taken away a
 * moment ago, which gave less, they show nothing.
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

/** Before the calls are proven: what no proof and no waiting fixes. @returns undefined where there is none */
export function alsoFailure(asked: Settings['access'], { routes = [], also }: Seen): StepError | undefined {
  const untold = also === undefined ? alsoOf(asked).filter(each => !isShown(each, routes)) : []
  if (untold.length > 0) return failing(notLookedUp(untold))
  const failures = (also ?? []).map(failureOf)
  return failing(failures.find(failure => failure !== undefined))
}

/** After it: what is given, and not known to be live. */
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

/** One line. */
export const alsoLine = (also: AlsoAccess): string =>
  `${also.dataAction}, which \`also\` asks for: ${alsoReason(also)}`

/** Why it is so, in sentences. */
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
