import type { Assignment } from '../../azure/rbac/assignment.ts'
import {
  builtInPermissions,
  leastRoleFor,
  leastRoleWithoutKeysFor,
  listKeys,
  reader,
} from '../../azure/rbac/built-in-roles.ts'
import { assignRoles } from '../../azure/rbac/delegation-conditions.ts'
import type { EffectivePermission } from '../../azure/rbac/effective-permissions.ts'
import { coversAction } from '../../azure/rbac/permissions.ts'
import { servicePrincipal } from '../../azure/rbac/principal.ts'
import { accountType } from '../../azure/resource-id.ts'
import { listed } from '../../core/text/lists.ts'
import { denyAssignmentsSeen } from '../../gate/evidence.ts'
import { keyAccessOf } from '../../gate/key-access.ts'
import type { Severity } from '../../gate/settings.ts'
import { assignOnly, bash, grantFixes, grantOf, inputs } from '../explanations/commands.ts'
import { delegationOf } from '../explanations/delegation.ts'
import { advice, type Fix, paragraph } from '../explanations/explanation.ts'
import { denyAssignmentFixes } from '../explanations/inference/denial.ts'
import { separateSetup } from '../explanations/values.ts'
import type { InspectContext, Inspection } from './finding.ts'
import {
  exampleOrLeast,
  replaceOrTakeAway,
  seeAssignments,
  separateDuties,
  takeAway,
} from './replacements.ts'
import {
  can,
  exceptRecommended,
  giversOf,
  isBlindAsRecommended,
  isRecommended,
  nameOf,
  rolesInWords,
} from './rights.ts'

/** What the principal can do to the resource beyond calling models. */

const assignmentsOf = (held: readonly EffectivePermission[]): Assignment[] => [
  ...new Set(held.map(({ assignment }) => assignment)),
]

function whoGives(givers: readonly Assignment[], { rights, record }: InspectContext): string {
  return givers.length === 0 ? 'One of its roles' : rolesInWords(givers, rights, record)
}

/** Deny assignments that block the calls may block more. */
function denials(record: InspectContext['record']): string {
  const names = denyAssignmentsSeen(record).map(({ name, scope }) => `"${name}" at ${scope}`)
  return names.length === 0
    ? ''
    : `A deny assignment applies to it, and may forbid this too: ${listed(names)}.`
}

const noDenials =
  'Deny assignments override roles: this finding names those that block the calls, because they may forbid this too.'

export const canListKeys: Inspection = {
  title: 'Its roles let the pipeline list the API keys of the resource',
  about: `\`Microsoft.CognitiveServices/accounts/listKeys/action\` is part of Cognitive Services User and of Foundry User, the roles that guides to key-less access recommend. While keys work, such a role is as
good as a key. This action never lists keys. Cognitive Services User is not a finding if it is the wanted role, which it is by default: the log says so in one line.

The least role that calls OpenAI models and cannot list keys is Cognitive Services OpenAI User. For other models it is Cognitive Services Data Contributor (Preview), which cannot
read the resource either, so give \`endpoint\` and \`deployments\`; or use a custom role that has data actions only.

Severity: medium; low where key access is known to be off. ${noDenials}`,
  inspect: seen => {
    const { record, dataActions } = seen
    const givers = keyListers(seen)
    if (givers === undefined) return undefined
    const least = leastRoleWithoutKeysFor(...dataActions)
    const keyAccess = keyAccessOf(record)
    return {
      severity: keyAccess === 'disabled' ? 'low' : 'medium',
      detail: paragraph(
        `${whoGives(givers, seen)}: the right to list the keys is part of it (${listKeys}).`,
        worthOfKeys[keyAccess],
        least &&
          `The least built-in role that is enough for these calls and cannot list keys is ${least.name}${blind(least)}.`,
        denials(record),
      ),
    }
  },
  fixes: seen => {
    const least = exampleOrLeast(seen.dataActions, leastRoleWithoutKeysFor)
    return replaceOrTakeAway(least, keyListers(seen) ?? [], seen)
  },
}

/** The roles that give the right, apart from the wanted role; empty if it is not known which do. Undefined if nothing gives it. */
function keyListers({ rights, record }: InspectContext): Assignment[] | undefined {
  if (can(rights, listKeys) !== true) return undefined
  const all = assignmentsOf(giversOf(rights, listKeys))
  const others = exceptRecommended(all, record)
  return all.length > 0 && others.length === 0 ? undefined : others
}

/** An identity that cannot read the resource must get its endpoint from the inputs. */
const blind = ({ guid }: { guid: string }) =>
  coversAction(builtInPermissions(guid) ?? [], `${accountType}/read`)
    ? ''
    : ' (it cannot read the resource: give endpoint and deployments with it)'

const worthOfKeys = {
  enabled: 'Keys work, and anyone who holds one needs no role.',
  disabled: 'Key access is off, so a key opens nothing until somebody switches it on again.',
  unknown: 'Whether keys work is not known.',
}

export const canAssignRoles: Inspection = {
  title: 'Its roles let the pipeline assign roles',
  about: `\`${assignRoles}\`: anyone who can assign every role can get every right, on everything below the scope. \`grant: auto\` needs this right, but a workflow that many people can change
should not have it without limits. Three ways out, the best one first:

- **Another identity grants** (\`setup-client-id\`), in its own job or environment; the pipeline's own identity cannot.
- **A condition** limits Role Based Access Control Administrator to the one role, and to service principals.
- **Nobody grants**: once the role is there, \`grant: never\` verifies it, and the right can go.

The gate evaluates conditions on the assignment, and those in the definitions of Foundry's owner roles, if they have a form that the portal writes. It quotes others.

Severity: medium; low where conditions leave no role that administers. ${noDenials}`,
  inspect: seen => {
    const { rights, record } = seen
    if (can(rights, assignRoles) !== true) return undefined
    const givers = giversOf(rights, assignRoles)
    const { severity, words } = reach(givers, seen)
    return {
      severity,
      detail: paragraph(
        `${whoGives(assignmentsOf(givers), seen)}: the right to assign roles there is part of it (${assignRoles}).`,
        words,
        denials(record),
      ),
    }
  },
  fixes: seen => {
    const givers = giversOf(seen.rights, assignRoles)
    const look = givers.length === 0 ? [seeAssignments(seen)] : []
    if (separateSetup(seen.record)) return [...look, ...takeAway(assignmentsOf(givers), seen)]
    const unlimited = givers.filter(({ conditions }) => conditions.length === 0)
    return [
      ...separateDuties('Let another identity read roles and grant', seen),
      ...limitedRight(seen),
      inputs('Or stop granting, once the role exists', { grant: 'never' }),
      ...look,
      ...takeAway(assignmentsOf(unlimited), seen),
    ]
  },
}

/** The extent of the right to assign, as far as its conditions can be read. */
function reach(
  givers: readonly EffectivePermission[],
  { values }: InspectContext,
): { severity: Severity; words: string } {
  if (givers.length === 0) return { severity: 'medium', words: 'Whether a condition limits it is not known.' }
  if (givers.some(({ conditions }) => conditions.length === 0))
    return { severity: 'medium', words: 'No condition limits it: it can give itself any role.' }
  const { allowed, open, words } = delegationOf(givers, values.principalId)
  return { severity: [...allowed, ...open].some(administers) ? 'medium' : 'low', words }
}

const administers = ({ guid }: { guid: string }) =>
  [assignRoles, ...changes.map(([action]) => action)].some(action =>
    coversAction(builtInPermissions(guid) ?? [], action),
  )

/** The same right, for the role asked for and the least for these calls, and for principals of the holder's type only. */
function limitedRight({ values, dataActions }: InspectContext): Fix[] {
  const least = leastRoleFor(...dataActions)
  const guids = [...new Set([values.role.guid, ...(least === undefined ? [] : [least.guid])])]
  return [
    bash(
      'Or limit the right to roles for these calls and to this type of principal, and remove the unlimited one',
      assignOnly(guids, values),
    ),
  ]
}

/** Actions that change a resource, most severe first. */
const changes = [
  [`${accountType}/write`, 'change its settings, key access included'],
  [`${accountType}/delete`, 'delete it'],
  [`${accountType}/regenerateKey/action`, 'make new keys'],
  [`${accountType}/deployments/write`, 'make and change deployments'],
  [`${accountType}/deployments/delete`, 'delete deployments'],
  [`${accountType}/raiPolicies/write`, 'change content filters'],
  [`${accountType}/projects/write`, 'make and change projects'],
] as const

const possibleChanges = (rights: InspectContext['rights']) =>
  changes.filter(([action]) => can(rights, action) === true)

export const canChangeResource: Inspection = {
  title: 'Its roles let the pipeline change the resource',
  about: `Calls need no right to change anything. The gate looks for these rights: ${changes.map(([action]) => `\`${action}\``).join(', ')}. With the first one, key access can be switched on again.

Severity: medium. ${noDenials}`,
  inspect: seen => {
    const { rights, record } = seen
    const possible = possibleChanges(rights)
    if (possible.length === 0) return undefined
    const givers = assignmentsOf(possible.flatMap(([action]) => giversOf(rights, action)))
    return {
      severity: 'medium',
      detail: paragraph(
        `${whoGives(givers, seen)}: with it the pipeline can ${listed(possible.map(([, words]) => words))}.`,
        denials(record),
      ),
    }
  },
  fixes: seen => {
    const { rights, dataActions } = seen
    const givers = assignmentsOf(possibleChanges(rights).flatMap(([action]) => giversOf(rights, action)))
    return [
      ...replaceOrTakeAway(exampleOrLeast(dataActions), givers, seen),
      ...separateDuties('Let another identity set things up', seen),
    ]
  },
}

export const accessUnexplained: Inspection = {
  title: 'The calls are answered, but no known role explains it',
  about: `The models answered for longer than Azure honours a removed role, although no role that Resource Manager lists allows the calls, or a deny assignment forbids them. Access is proven, but its reason is not known, so it
may end without warning. The output \`role-state\` is \`unknown\`.

Severity: medium.`,
  inspect: ({ record, dataActions }) =>
    isUnexplained(record)
      ? {
          severity: 'medium',
          detail: `The calls need ${listed(dataActions)}, ${whyNot(record)}. They were answered all the same.`,
        }
      : undefined,
  fixes: seen =>
    isForbidden(seen.record)
      ? denyAssignmentFixes(seen.values)
      : [...grantFixes(grantOf(seen.values)), seeAssignments(seen)],
}

const isForbidden = ({ deniedBy = [] }: InspectContext['record']) => deniedBy.length > 0

const isUnexplained = (record: InspectContext['record']) =>
  record.connections !== undefined &&
  record.roleState === 'unknown' &&
  (record.permissions !== undefined || isForbidden(record))

function whyNot({ deniedBy = [] }: InspectContext['record']): string {
  if (deniedBy.length === 0)
    return 'which no role gives of those that Resource Manager lists for the pipeline'
  const names = deniedBy.map(({ name, scope }) => `"${name}" at ${scope}`)
  return `which a deny assignment forbids: ${listed(names)}`
}

export const accessUnknown: Inspection = {
  title: 'It is not known what else the pipeline can do',
  about: `The identity can read neither its role assignments nor its effective permissions, or it holds custom roles whose definitions it cannot read. The calls
show whether access is there; what the identity may do beyond them is not known. It is not a finding if Cognitive Services User is the wanted role, which it is by default, and the pipeline itself looks: that role lets nobody read
roles, and the log says so in one line.

Severity: low. With Reader on the resource it can read them; or let another identity read them, with \`setup-client-id\`.`,
  inspect: seen => {
    const { record, rights } = seen
    const { routes, settings, role } = record
    const isSeen = rights.live !== undefined || (rights.areListed && rights.ofUnknownRoles.length === 0)
    if (routes === undefined || settings?.target.kind !== 'resource' || isSeen) return undefined
    if (isBlindAsRecommended(record)) return undefined
    if (rights.areListed)
      return {
        severity: 'low',
        detail: `The definition of ${listed([...new Set(rights.ofUnknownRoles.map(one => nameOf(one, record)))])} cannot be read, so it is not known what it allows beyond the calls of this run.`,
      }
    const listsKeys =
      role && !isRecommended(role.guid) && coversAction(builtInPermissions(role.guid) ?? [], listKeys)
    return {
      severity: 'low',
      detail: paragraph(
        'This identity can read neither role assignments nor its effective permissions, so it is not known what it can do beyond the calls of this run.',
        listsKeys ? `${role.name}, the role that this run asks for, can list the keys of the resource.` : '',
      ),
    }
  },
  fixes: seen => [
    ...grantFixes(
      grantOf(seen.values, { role: reader, grantee: servicePrincipal(seen.values.grantorId) }),
    ).slice(0, 1),
    ...separateDuties('Or let another identity read the roles', seen),
    advice('The resource › Access control (IAM) › Check access.', 'Or check it yourself'),
  ],
}
