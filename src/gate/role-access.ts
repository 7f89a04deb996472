import { type Assignment, givenSince } from '../azure/rbac/assignment.ts'
import { referenceOf } from '../azure/rbac/built-in-roles.ts'
import { type Coverage, coverageBy, type MissingCoverage, missingCoverage } from '../azure/rbac/coverage.ts'
import { forbidsData, identitiesOf } from '../azure/rbac/deny-assignments.ts'
import { definitionOf } from '../azure/rbac/effective-permissions.ts'
import { isOfAnotherJob } from '../azure/rbac/lease.ts'
import { unsuitability } from '../azure/rbac/suitability.ts'
import type { Clock } from '../core/ports.ts'
import { dataActionsOf, type Route } from '../services/inference/route.ts'
import { isGrantee } from '../services/resource-manager/context.ts'
import { undefinedIfForbidden } from '../services/resource-manager/forbidden.ts'
import type { Role } from '../services/resource-manager/role-definitions.ts'
import { ageAt, isOld } from './access.ts'
import { alsoOf, isLacking, neededBy } from './also.ts'
import { alsoAnswered, alsoRestsOnAnswers, readAlso, settleAlso } from './also-access.ts'
import { openDefinitionReader } from './definition-reader.ts'
import { settleMembership } from './membership.ts'
import {
  type Calls,
  lookUpRole,
  nameWanted,
  type Question,
  type Reading,
  type RolesRead,
  readRoles,
} from './read-roles.ts'
import type { Note } from './record.ts'
import type { Reporter } from './reporter.ts'
import { evaluateAnothers, evaluateOwn, type Found, fallsShort } from './role-holding.ts'
import type { Settings } from './settings.ts'
import type { GrantResult, RoleAccess } from './values.ts'
import { doubtFor } from './waiting/schedule.ts'

/** Who holds which role: read before anything is changed, and evaluated once it is known whether the calls are allowed. */

export interface RoleReader {
  /**
   * The wanted role. The definition of a custom role is read with it, because no table has it. Undefined if the role cannot be
   * looked up: then the calls alone decide.
   * @param routing Awaited only if the calls determine the role.
   * @throws StepError `role-not-found`
   */
  lookUp(routing: Promise<Pick<Calls, 'routes'>>): Promise<Role | undefined>
  /** @returns what these calls need and the role is known not to cover. */
  lacks(role: Role, routes: readonly Route[]): MissingCoverage[]
  /** Reads who holds which role. Undefined if the role could not be looked up. @throws StepError */
  read(
    looking: Promise<Role | undefined>,
    routing: Promise<Pick<Calls, 'routes'>>,
  ): Promise<RolesRead | undefined>
  /** Notes the role and the scope where it counts, for the diagnosis of a look that fails before the role is evaluated. */
  nameWanted(role: Role, routes: readonly Route[]): void
  /** How the role is held, or what else gives the same access. @throws StepError */
  evaluate(read: RolesRead, calls: Calls): Promise<RoleAccess>
  /** Checks again whether the pipeline is a member of the group that holds the role. @throws StepError */
  settleMembership(access: RoleAccess, limitMs: number): Promise<RoleAccess>
  /** What the pipeline does besides the calls, after a grant and another look at the group. @throws StepError */
  settleAlso(
    access: RoleAccess,
    routes: readonly Route[],
    grant: GrantResult | undefined,
  ): Promise<RoleAccess>
  /** Whether the answers of these calls also have to show that other rights are live. */
  restsOnAnswers(access: RoleAccess, routes: readonly Route[]): boolean
  /** The same after all calls were answered. */
  closeAlso(access: RoleAccess, routes: readonly Route[]): RoleAccess
}

export function openRoleReader(
  access: Settings['access'],
  { context, listings, job }: Pick<Reading, 'context' | 'listings' | 'job'>,
  { clock, reporter }: { clock: Clock; reporter: Reporter },
  note: Note<'roles'>,
): RoleReader {
  const definitions = openDefinitionReader(context, known => note({ definitions: known }))
  const also = alsoOf(access)
  const reading: Reading = { access, context, listings, job, definitions, also, clock, reporter, note }
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
    restsOnAnswers: (roles, routes) => alsoRestsOnAnswers(roles, routes, reading),
    closeAlso: (roles, routes) => alsoAnswered(roles, routes, reading),
  }
}

async function evaluateRoleAccess(read: RolesRead, calls: Calls, reading: Reading): Promise<RoleAccess> {
  const { routes } = calls
  const wanted = nameWanted(read.role, routes, reading)
  const question: Question = { ...calls, wanted }
  const found = await evaluateHolding(read, question, reading)
  const { held, assignments, asOf } = found
  const heldByOtherJob = otherJobsAssignment(found, reading)
  const { deniedBy, newDeny } = denying({ ...read, asOf }, { question, assignments }, reading)
  const also = await readAlso({ ...found, denies: read.denies }, routes, reading)
  reading.note({ also })
  const grantable = await checkGrant({ found, also, heldByOtherJob }, question, reading)
  const lacks = missingCoverage(wanted.roleGuid, routes, reading.definitions.known())
  return {
    ...found,
    ...grantable,
    wanted,
    heldByOtherJob,
    deniedBy,
    newDeny,
    denies: read.denies,
    also,
    lacks,
    fallsShort: lacks.length > 0 || fallsShort(held, question, reading),
  }
}

/** How the role is held, with the times at which the assignments were made. */
async function evaluateHolding(read: RolesRead, question: Question, reading: Reading): Promise<Found> {
  const { note, definitions } = reading
  const found = isGrantee(reading.context)
    ? await evaluateOwn(read, question, reading)
    : await evaluateAnothers(read, question, reading)
  const held = {
    ...found.held,
    assignment: found.held.assignment && definitions.dated(found.held.assignment),
  }
  const age = ageAt(found.asOf, held.assignment && givenSince(held.assignment))
  if (age.kind === 'known') note({ ageMs: age.ageMs })
  return { ...found, held, assignments: found.assignments?.map(definitions.dated) }
}

interface Evaluated extends Pick<RoleAccess, 'also' | 'heldByOtherJob'> {
  found: Found
}

/**
 * Whether the role would give what is needed, and whether it is suitable; both undefined if no grant can follow. The gate must not
 * make a grant that does not help, or grant a role whose definition it does not know.
 */
async function checkGrant(
  { found: { held, holder, permissions }, also, heldByOtherJob }: Evaluated,
  { wanted, routes, isDenied }: Question,
  reading: Pick<Reading, 'definitions' | 'note'>,
): Promise<Pick<RoleAccess, 'coverage' | 'unsuitability'>> {
  const lacking = also.filter(isLacking).map(({ dataAction }) => dataAction)
  const isUnheld = held.state === 'missing' || (held.state === 'unknown' && permissions !== undefined)
  const isNeeded = isDenied || isUnheld || heldByOtherJob !== undefined || lacking.length > 0
  if (holder === 'app' || !isNeeded) return { coverage: undefined, unsuitability: undefined }
  const coverage = await readCoverage(wanted, [...dataActionsOf(routes), ...lacking], reading)
  const definition = definitionOf(wanted.roleGuid, reading.definitions.known())
  return { coverage, unsuitability: unsuitability(definition) }
}

/**
 * Deny assignments that certainly block a call. If a condition decides, or a group whose members the gate cannot see, the calls
 * show it, once the deny assignment is old enough to be in force everywhere.
 */
function denying(
  { denies = [], asOf }: Pick<RoleAccess, 'denies' | 'asOf'>,
  {
    question: { wanted, routes },
    assignments = [],
  }: { question: Question } & Pick<RoleAccess, 'assignments'>,
  { context: { principalId }, note }: Pick<Reading, 'context' | 'note'>,
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

/**
 * Of the role itself. `whatOutlastsOtherJobs` leaves out what another role gives until another job ends. Undefined for an app: it
 * may call by another role that stays, and the look at production judges everything that it holds.
 */
function otherJobsAssignment(
  { held: { state, assignment }, holder }: Found,
  { job, note }: Pick<Reading, 'job' | 'note'>,
): Assignment | undefined {
  if (holder === 'app' || assignment === undefined || state === 'covered') return undefined
  if (!isOfAnotherJob(assignment, job.lease)) return undefined
  note({ heldByOtherJob: assignment })
  return assignment
}

/** Whether the role, once held, would give what is needed. */
async function readCoverage(
  { roleGuid }: RoleAccess['wanted'],
  dataActions: readonly string[],
  { definitions, note }: Pick<Reading, 'definitions' | 'note'>,
): Promise<Coverage> {
  await definitions.read(roleGuid)
  const permissions = definitionOf(roleGuid, definitions.known())
  const coverage = coverageBy(permissions, dataActions)
  note({ coverage })
  return coverage
}
