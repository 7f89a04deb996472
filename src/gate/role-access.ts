import {
  type Assignment,
  fallbackHolding,
  findHolding,
  givenSince,
  type RoleHolding,
  type RoleState,
} from '../azure/rbac/assignment.ts'
import {
  builtInPermissions,
  type RoleReference,
  referenceOf,
  roleDefinitionId,
} from '../azure/rbac/built-in-roles.ts'
import { type Coverage, coverageBy, type MissingCoverage, missingCoverage } from '../azure/rbac/coverage.ts'
import { type DenyAssignment, forbidsData, identitiesOf } from '../azure/rbac/deny-assignments.ts'
import { applicableAt, definitionOf, permissionsOf } from '../azure/rbac/effective-permissions.ts'
import { isOfAnotherJob, leaseIn } from '../azure/rbac/lease.ts'
import { coversAll, type Permission } from '../azure/rbac/permissions.ts'
import { servicePrincipal } from '../azure/rbac/principal.ts'
import { accessByRoles } from '../azure/rbac/principal-access.ts'
import { unsuitability } from '../azure/rbac/suitability.ts'
import { scopeOf } from '../azure/resource-id.ts'
import { inTime } from '../core/in-time.ts'
import type { Clock } from '../core/ports.ts'
import { dataActionsOf, type Route } from '../services/inference/route.ts'
import { isForApp, isGrantee, type ResourceContext } from '../services/resource-manager/context.ts'
import { readDenyAssignments, requireDenyAssignments } from '../services/resource-manager/deny-assignments.ts'
import { undefinedIfForbidden } from '../services/resource-manager/forbidden.ts'
import { patienceMs } from '../services/resource-manager/readable.ts'
import { type AssignmentsRead, readAssignments } from '../services/resource-manager/role-assignments.ts'
import { findRole, type Role } from '../services/resource-manager/role-definitions.ts'
import { ageAt, isOld } from './access.ts'
import { type AlsoAccess, alsoOf, closeAlso, isLacking, neededBy, restsOnAnswers, tellAlso } from './also.ts'
import { type DefinitionReader, openDefinitionReader } from './definition-reader.ts'
import { asksItself, openPermissionsReader, type PermissionsReader } from './own-permissions.ts'
import type { Note } from './record.ts'
import type { Reporter } from './reporter.ts'
import { type Membership, type RoleHolder, roleStateOf } from './role-state.ts'
import { scopeOfCalls } from './scope-of-calls.ts'
import type { Settings } from './settings.ts'
import type { GrantResult, RoleAccess, SignedIn } from './values.ts'
import { doubtFor } from './waiting/schedule.ts'

/** Who holds what: read before anything is changed, and evaluated once it is known whether the calls are let through. */

export interface RoleReader {
  /**
   * The role that was asked for. What a custom role lets its holders do is read with it, because no table knows it. Undefined where it may
   * not be looked up: then the calls decide alone.
   * @param routing Awaited only where the role follows from the calls.
   * @throws StepError `role-not-found`
   */
  lookUp(routing: Promise<Pick<Calls, 'routes'>>): Promise<Role | undefined>
  /** @returns what of these calls the role is known not to cover. */
  lacks(role: Role, routes: readonly Route[]): MissingCoverage[]
  /** Reads who holds what. Undefined where the role could not be looked up. @throws StepError */
  read(
    looking: Promise<Role | undefined>,
    routing: Promise<Pick<Calls, 'routes'>>,
  ): Promise<RolesRead | undefined>
  /** Notes the role, at the scope where it counts, for the diagnosis of a look that fails before the role is evaluated. */
  nameWanted(role: Role, routes: readonly Route[]): void
  /** How the role is held, or what stands in for it. @throws StepError */
  evaluate(read: RolesRead, calls: Calls): Promise<RoleAccess>
  /** Looks again whether the pipeline is a member of the group that holds the role. @throws StepError */
  settleMembership(access: RoleAccess, limitMs: number): Promise<RoleAccess>
  /** What the pipeline will do besides, after a grant and another look at the group. @throws StepError */
  settleAlso(
    access: RoleAccess,
    routes: readonly Route[],
    grant: GrantResult | undefined,
  ): Promise<RoleAccess>
  /** Whether the answers of these calls are to show that what it gives besides is live. */
  restsOnAnswers(access: RoleAccess, routes: readonly Route[]): boolean
  /** The same once all calls are answered: what they show of it. */
  closeAlso(access: RoleAccess, routes: readonly Route[]): RoleAccess
}

export interface RolesRead {
  role: Role
  /** What applies to the pipeline's principal. */
  own: AssignmentsRead | undefined
  /** What applies to who is to hold the role: mostly the same. */
  ofGrantee: AssignmentsRead | undefined
  /** No matter whose they are; undefined where they may not be read. */
  denies: readonly DenyAssignment[] | undefined
  permissions: PermissionsReader
  readAt: number
}

interface Calls {
  routes: readonly Route[]
  /** Whether a call was denied. */
  isDenied: boolean
}

interface Question extends Calls {
  wanted: RoleAccess['wanted']
}

interface Reading {
  access: Settings['access']
  context: ResourceContext
  job: SignedIn['job']
  definitions: DefinitionReader
  /** Data actions that the pipeline needs besides those of its calls. */
  also: readonly string[]
  clock: Clock
  reporter: Reporter
  note: Note<'roles'>
}

export function openRoleReader(
  access: Settings['access'],
  { context, job }: { context: ResourceContext; job: SignedIn['job'] },
  { clock, reporter }: { clock: Clock; reporter: Reporter },
  note: Note<'roles'>,
): RoleReader {
  const definitions = openDefinitionReader(context, known => note({ definitions: known }))
  const also = alsoOf(access)
  const answeredBy = ({ assignments = [] }: RoleAccess, routes: readonly Route[]) => ({
    assignments,
    routes: isForApp(context) ? [] : routes,
    lease: job.lease,
  })
  const reading: Reading = { access, context, job, definitions, also, clock, reporter, note }
  return {
    lookUp: async routing => {
      const routes = access.role.kind === 'auto' ? (await routing).routes : []
      const needed = neededBy({ routes, settings: { access } })
      return undefinedIfForbidden(lookUpRole(referenceOf(access.role, needed), reading))
    },
    lacks: ({ guid }, routes) => missingCoverage(guid, routes, definitions.known()),
    read: (looking, routing) => readRoles({ looking, routing }, reading),
    nameWanted: (role, routes) => void nameWanted(role, routes, reading),
    evaluate: (read, calls) => evaluateRoleAccess(read, calls, reading),
    settleMembership: (roles, limitMs) => settleMembership(roles, limitMs, reading),
    settleAlso: (roles, routes, grant) => settleAlso(roles, { routes, grant }, reading),
    restsOnAnswers: (roles, routes) => restsOnAnswers(roles.also, answeredBy(roles, routes), reading),
    closeAlso(roles, routes) {
      const closed = closeAlso(roles.also, answeredBy(roles, routes), reading)
      note({ also: closed })
      return { ...roles, also: closed }
    },
  }
}

const self = ({ principalId }: ResourceContext) => servicePrincipal(principalId)

async function lookUpRole(reference: RoleReference, { context, definitions }: Reading): Promise<Role> {
  const { definition, ...role } = await findRole(context.manager, reference, scopeOf(context.resource))
  if (definition !== undefined) definitions.keep(role.guid, definition)
  if (definition !== undefined || builtInPermissions(role.guid) !== undefined) return role
  return { ...role, name: (await definitions.read(role.guid)) ?? role.name }
}

interface Sought {
  looking: Promise<Role | undefined>
  routing: Promise<Pick<Calls, 'routes'>>
}

async function readRoles(
  { looking, routing }: Sought,
  { access, context, also, clock, note }: Reading,
): Promise<RolesRead | undefined> {
  const { manager, resource, grantee } = context
  const { now } = clock
  const scope = scopeOf(resource)
  const readAt = now()
  const listing = readAssignments(manager, scope, self(context), now)
  const wanted = Promise.all([looking, routing]).then(
    ([role, { routes }]) => role && wantedFor(role, routes, { context, also }),
  )
  // Anyone who needs it awaits it.
  wanted.catch(() => undefined)
  const permissions = openPermissionsReader(context, access.grant, { wanted, listing })
  const [role, own, another, denies] = await Promise.all([
    looking,
    listing,
    isGrantee(context) ? undefined : readAssignments(manager, scope, grantee, now),
    // Where no call tells, they have to be known.
    also.length > 0
      ? requireDenyAssignments(manager, scope)
      : inTime(clock, readDenyAssignments(manager, scope), [], patienceMs),
  ])
  if (own !== undefined) note({ assignments: own.assignments })
  return role && { role, own, ofGrantee: isGrantee(context) ? own : another, denies, permissions, readAt }
}

/** The role, at the scope where it counts: a role on a project does not count for calls to the project's account. */
function wantedFor(
  { guid, name }: Role,
  routes: readonly Route[],
  { context: { resource, grantee }, also }: Pick<Reading, 'context' | 'also'>,
): RoleAccess['wanted'] {
  const scope = scopeOfCalls(routes, resource, also)
  const definitionId = roleDefinitionId(resource.subscriptionId, guid)
  return { scope, principalId: grantee.principalId, roleGuid: guid, name, definitionId }
}

function nameWanted(role: Role, routes: readonly Route[], reading: Reading): RoleAccess['wanted'] {
  const wanted = wantedFor(role, routes, reading)
  const { note } = reading
  const { scope, definitionId } = wanted
  note({ role: { ...role, scope, definitionId } })
  return wanted
}

async function evaluateRoleAccess(read: RolesRead, calls: Calls, reading: Reading): Promise<RoleAccess> {
  const { routes, isDenied } = calls
  const wanted = nameWanted(read.role, routes, reading)
  const question: Question = { ...calls, wanted }
  const { job, note, definitions } = reading
  const found = isGrantee(reading.context)
    ? await evaluateOwn(read, question, reading)
    : await evaluateAnothers(read, question, reading)
  const { dated } = definitions
  const assignments = found.assignments?.map(dated)
  const { asOf } = found
  const held = { ...found.held, assignment: found.held.assignment && dated(found.held.assignment) }
  // Whether an app may call is told by the look at production, and who holds what for the pipeline does not matter to it.
  const isOfApp = found.holder === 'app'
  const heldByOtherJob = isOfApp ? undefined : otherJobsAssignment(held, job.lease)
  const { deniedBy, newDeny } = denying({ ...read, asOf }, { question, assignments }, reading)
  const age = ageAt(asOf, held.assignment && givenSince(held.assignment))
  if (age.kind === 'known') note({ ageMs: age.ageMs })
  if (heldByOtherJob !== undefined) note({ heldByOtherJob })
  // Each may lead to a grant, which must not be made for nothing, nor of a role that nobody knows.
  const also = await readAlso({ ...found, denies: read.denies }, routes, reading)
  const lacking = also.filter(isLacking).map(({ dataAction }) => dataAction)
  const isUnheld = held.state === 'missing' || (held.state === 'unknown' && found.permissions !== undefined)
  const mayBeGranted =
    !isOfApp && (isDenied || isUnheld || heldByOtherJob !== undefined || lacking.length > 0)
  const needed = [...dataActionsOf(routes), ...lacking]
  const coverage = mayBeGranted ? await readCoverage(wanted, needed, reading) : undefined
  const known = definitions.known()
  const lacks = missingCoverage(wanted.roleGuid, routes, known)
  return {
    ...found,
    held,
    assignments,
    wanted,
    heldByOtherJob,
    deniedBy,
    newDeny,
    denies: read.denies,
    also,
    coverage,
    lacks,
    fallsShort: lacks.length > 0 || fallsShort(held, question, reading),
    unsuitability: mayBeGranted ? unsuitability(definitionOf(wanted.roleGuid, known)) : undefined,
  }
}

/**
 * Deny assignments that certainly block a call. What depends on a condition, or on a group that nobody sees, is left to the calls, once it
 * is old enough to be in force everywhere.
 */
function denying(
  { denies = [], asOf }: Pick<RoleAccess, 'denies' | 'asOf'>,
  {
    question: { wanted, routes },
    assignments = [],
  }: { question: Question } & Pick<RoleAccess, 'assignments'>,
  { context: { principalId }, note }: Reading,
): Pick<RoleAccess, 'deniedBy' | 'newDeny'> {
  const groupIds = assignments.map(assignment => assignment.principalId)
  const identities = identitiesOf(principalId, groupIds)
  const who = { identities, scope: wanted.scope, mayBeInOthers: true }
  const answers = denies.map(deny => ({ deny, forbids: forbidsData(deny, who, dataActionsOf(routes)) }))
  const deniedBy = answers.filter(({ forbids }) => forbids === true).map(({ deny }) => deny)
  const [newDeny] = answers
    .filter(({ forbids }) => forbids === undefined)
    .map(({ deny: { since } }) => ageAt(asOf, since))
    .filter(age => !isOld(age))
    .toSorted((one, other) => doubtFor(other) - doubtFor(one))
  note({ deniedBy })
  return { deniedBy, newDeny }
}

const notHeld: RoleHolding = { state: 'missing', assignment: undefined }

/**
 * Of calls that are let through, what the pipeline may do by roles that last: what other jobs made for themselves ends with them, whichever
 * role it is. A role whose definition may not be read is not taken to give anything. Undefined where that lets the calls through as well.
 */
async function whatOutlastsOtherJobs(
  read: AssignmentsRead | undefined,
  question: Question,
  reading: Reading,
): Promise<readonly Permission[] | undefined> {
  const lasting = read?.assignments.filter(assignment => !isOfAnotherJob(assignment, reading.job.lease))
  if (read === undefined || lasting === undefined || lasting.length === read.assignments.length)
    return undefined
  const permissions = (await addUp({ ...read, assignments: lasting }, question, reading)) ?? []
  return coversAll(permissions, dataActionsOf(question.routes)) ? undefined : permissions
}

/** Of the role itself. What another role gives until another job ends is left out by `whatOutlastsOtherJobs`. */
function otherJobsAssignment({ state, assignment }: RoleHolding, lease: string): Assignment | undefined {
  const isOther = assignment !== undefined && state !== 'covered' && isOfAnotherJob(assignment, lease)
  return isOther ? assignment : undefined
}

type Found = Pick<
  RoleAccess,
  'holder' | 'held' | 'asOf' | 'assignments' | 'permissions' | 'membership' | 'endsWithOtherJob'
>

async function evaluateOwn(read: RolesRead, question: Question, reading: Reading): Promise<Found> {
  const { assignmentsRead, holding, permissions } = await lookForHolding(read, question, reading)
  const assignments = assignmentsRead?.assignments
  const fallback = fallbackHolding(assignments, permissions, dataActionsOf(question.routes))
  const asOf = assignmentsRead?.asOf ?? read.readAt
  const found = { holder: 'pipeline', asOf, assignments, membership: undefined } as const
  const isBesides = holding === undefined || fallsShort(holding, question, reading)
  const lasting =
    isBesides && fallback.state === 'covered'
      ? await whatOutlastsOtherJobs(assignmentsRead, question, reading)
      : undefined
  const endsWithOtherJob = lasting !== undefined
  const held = holding ?? (endsWithOtherJob ? notHeld : fallback)
  reading.note({ holder: 'pipeline', held })
  return { ...found, held, permissions: lasting ?? permissions, endsWithOtherJob }
}

/** The role is to be held by somebody else: a group, as a rule, of which the pipeline is a member or is not. */
async function evaluateAnothers(read: RolesRead, question: Question, reading: Reading): Promise<Found> {
  const { own, ofGrantee, readAt } = read
  const { wanted, routes, isDenied } = question
  const { context, note } = reading
  const holder = holderOf(context)
  const holding = ofGrantee && findHolding(ofGrantee.assignments, wanted)
  const held = holding ?? fallbackHolding(ofGrantee?.assignments, undefined, dataActionsOf(routes))
  const membership = holding === undefined ? undefined : membershipIn(own, context)
  note({ holder, held, ...(membership === undefined ? {} : { membership }) })
  const isMissing = stateOf({ holder, held, membership }) === 'missing'
  const isOfInterest = holder !== 'app' && (isDenied || isMissing || fallsShort(held, question, reading))
  const permissions = isOfInterest ? await readAccess(read, question, reading) : undefined
  const lasting = coversAll(permissions ?? [], dataActionsOf(routes))
    ? await whatOutlastsOtherJobs(own, question, reading)
    : undefined
  return {
    holder,
    held,
    asOf: ofGrantee?.asOf ?? readAt,
    assignments: own?.assignments,
    permissions: lasting ?? permissions,
    membership,
    endsWithOtherJob: lasting !== undefined,
  }
}

function holderOf(context: ResourceContext): RoleHolder {
  if (isForApp(context)) return 'app'
  return context.grantee.principalType === 'Group' ? 'group' : 'other'
}

/** Before any grant, and before any proof. */
const stateOf = ({ held, ...who }: Pick<Found, 'holder' | 'held' | 'membership'>): RoleState =>
  roleStateOf({
    ...who,
    held: held.state,
    grant: undefined,
    access: 'unknown',
    isDenied: false,
    isLive: false,
  })

/**
 * Whether the pipeline is a member of the group that holds the role: Resource Manager lists what applies to a principal through
 * its groups, of groups within groups as well. Undefined where that may not be read.
 */
function membershipIn(
  own: Pick<AssignmentsRead, 'assignments'> | undefined,
  { grantee }: ResourceContext,
): Membership | undefined {
  if (own === undefined) return undefined
  const through = own.assignments.some(({ principalId }) => principalId === grantee.principalId)
  return through ? 'member' : 'not-member'
}

interface Looked {
  assignmentsRead: AssignmentsRead | undefined
  holding: RoleHolding | undefined
  permissions: readonly Permission[] | undefined
}

/** Whether the role, as it is held, is known not to let the calls through: by its definition, or by the condition of its assignment. */
function fallsShort(
  { assignment, state }: RoleHolding,
  { wanted: { principalId, scope }, routes }: Question,
  { definitions }: Reading,
): boolean {
  if (assignment === undefined || state === 'covered') return false
  const lease = leaseIn(assignment.description)
  const asked = { principalId, scope, dataActions: dataActionsOf(routes), ...(lease && { lease }) }
  return accessByRoles([assignment], definitions.known(), asked).kind === 'missing'
}

/** Effective permissions count only where the assignments do not answer how the role is held, and that it lets the calls through. */
async function lookForHolding(read: RolesRead, question: Question, reading: Reading): Promise<Looked> {
  const { own: assignmentsRead } = read
  const { wanted, routes, isDenied } = question
  const holding = assignmentsRead && findHolding(assignmentsRead.assignments, wanted)
  if (holding !== undefined && !isDenied && !fallsShort(holding, question, reading))
    return { assignmentsRead, holding, permissions: undefined }
  const permissions = await readAccess(read, question, reading)
  const seen = { assignmentsRead, holding, permissions }
  if (holding !== undefined || !isDenied || !coversAll(permissions ?? [], dataActionsOf(routes))) return seen
  // The permissions are younger than the list: another run may have been granting the role just then.
  const { context, clock, note } = reading
  const again = await readAssignments(context.manager, wanted.scope, self(context), clock.now)
  if (again === undefined) return seen
  note({ assignments: again.assignments })
  return { assignmentsRead: again, holding: findHolding(again.assignments, wanted), permissions }
}

/** What the pipeline may do. Resource Manager says so of who asks; of somebody else, the roles held are added up. */
async function readAccess(
  read: RolesRead,
  question: Question,
  reading: Reading,
): Promise<readonly Permission[] | undefined> {
  const { context, note } = reading
  const permissions = asksItself(context)
    ? await read.permissions()
    : await addUp(read.own, question, reading)
  if (permissions !== undefined) note({ permissions })
  return permissions
}

/** @returns undefined where roles whose definitions may not be read could give what the others do not. */
async function addUp(
  own: AssignmentsRead | undefined,
  { wanted, routes }: Question,
  { definitions }: Reading,
): Promise<readonly Permission[] | undefined> {
  if (own === undefined) return undefined
  const applicable = applicableAt(own.assignments, wanted.scope)
  const guids = [...new Set(applicable.map(({ roleGuid }) => roleGuid))]
  await Promise.all(guids.map(guid => definitions.read(guid)))
  const { held, ofUnknownRoles } = permissionsOf(applicable, definitions.known())
  return ofUnknownRoles.length === 0 || coversAll(held, dataActionsOf(routes)) ? held : undefined
}

/** Whether the role, once held, would give what is needed. */
async function readCoverage(
  { roleGuid }: RoleAccess['wanted'],
  dataActions: readonly string[],
  { definitions, note }: Reading,
): Promise<Coverage> {
  await definitions.read(roleGuid)
  const permissions = definitionOf(roleGuid, definitions.known())
  const coverage = coverageBy(permissions, dataActions)
  note({ coverage })
  return coverage
}

type Held = Pick<RoleAccess, 'assignments' | 'asOf' | 'denies'>

async function readAlso(
  { assignments, asOf, denies }: Held,
  routes: readonly Route[],
  { also, context, job, definitions, note }: Reading,
): Promise<AlsoAccess[]> {
  const held = assignments && { assignments, asOf }
  // What the pipeline itself is answered decides nothing where the role is an app's.
  const asked = { dataActions: also, routes: isForApp(context) ? [] : routes }
  const told = await tellAlso(asked, { held, lease: job.lease }, { context, definitions, denies })
  note({ also: told })
  return told
}

async function settleAlso(
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

const markGranted = (each: AlsoAccess): AlsoAccess =>
  each.access.word === 'not-known-live' ? { ...each, access: { ...each.access, isGranted: true } } : each

/** What was granted, as far as the pipeline holds it. */
function madeBy(
  { wanted, holder, membership, asOf }: RoleAccess,
  grant: GrantResult | undefined,
): readonly Assignment[] {
  const isMade = grant?.outcome === 'granted' || grant?.outcome === 'exists'
  if (!isMade || (holder !== 'pipeline' && membership !== 'member')) return []
  const { scope, roleGuid, principalId } = wanted
  const createdOn = grant.age.kind === 'known' ? asOf - grant.age.ageMs : undefined
  return [{ id: grant.assignmentId ?? '', scope, roleGuid, principalId, createdOn }]
}

/** Pauses before a group is taken to be without the pipeline: members of the last moments are not everywhere at once. */
const membershipPausesMs = [2000, 4000, 8000]

/**
 * Reads again who belongs to the group that holds the role, until the pipeline does, or long enough.
 * @param limitMs Milliseconds that it may take in any case.
 */
async function settleMembership(
  access: RoleAccess,
  limitMs: number,
  { context, clock, reporter, note }: Reading,
): Promise<RoleAccess> {
  if (access.holder === 'pipeline' || access.holder === 'app') return access
  if (access.holder === 'other') {
    note({ membership: 'not-member' })
    return { ...access, membership: 'not-member' }
  }
  const deadline = clock.now() + limitMs
  let latest = access
  for (const pauseMs of [0, ...membershipPausesMs]) {
    if (clock.now() + pauseMs > deadline) return latest
    if (pauseMs > 0) {
      reporter.memberMissing(pauseMs)
      await clock.sleep(pauseMs)
    }
    const own = await readAssignments(context.manager, access.wanted.scope, self(context), clock.now)
    const membership = membershipIn(own, context)
    if (own === undefined || membership === undefined) return latest
    note({ assignments: own.assignments, membership })
    latest = { ...latest, assignments: own.assignments, membership }
    if (membership === 'member') return latest
  }
  return latest
}
