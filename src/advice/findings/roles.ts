import type { Assignment } from '../../azure/rbac/assignment.ts'
import { builtInPermissions, leastRoleFor, rolesAsOf } from '../../azure/rbac/built-in-roles.ts'
import { coverageLine, missingCoverage } from '../../azure/rbac/coverage.ts'
import { definitionOf } from '../../azure/rbac/effective-permissions.ts'
import { endsWithAJob, isOfAnotherJob, leaseIn } from '../../azure/rbac/lease.ts'
import { coversDataAction, type Permission } from '../../azure/rbac/permissions.ts'
import { inWords } from '../../core/text/duration.ts'
import { plain } from '../../core/text/untrusted.ts'
import { jobOf } from '../../services/github/job.ts'
import { grantFixes, grantOf, inputs, takeTurns } from '../explanations/commands.ts'
import { advice, paragraph } from '../explanations/explanation.ts'
import type { InspectContext, Inspection } from './finding.ts'
import { exampleOrLeast, replaceBy, seeAssignments, takeAway } from './replacements.ts'
import { callers, exceptRecommended, isWide, nameOf, rolesInWords } from './rights.ts'

/** Whether the roles that allow the calls are the right ones, in the right place. */

export const roleDoesNotFit: Inspection = {
  title: 'The wanted role does not cover the calls',
  about: `Another role allows the calls, or none does. A typical case is a custom role with \`Microsoft.CognitiveServices/accounts/MaaS/*\`, as in Microsoft's guide: it covers \`/models\`, but not
\`/openai/v1/responses\`, which needs \`Microsoft.CognitiveServices/accounts/OpenAI/responses/write\`. The log says so before the call.

Severity: medium. The gate knows this from the role's definition or, for a built-in role, from what it allowed on ${rolesAsOf}.`,
  inspect: ({ record, dataActions }) => {
    const { role, routes, definitions } = record
    if (role === undefined || routes === undefined) return undefined
    const found = missingCoverage(role.guid, routes, definitions)
    if (found.length === 0) return undefined
    const least = leastRoleFor(...dataActions)
    return {
      severity: 'medium',
      detail: paragraph(
        ...found.map(misfit => coverageLine(role.name, misfit)),
        least && `The least built-in role for the calls of this run is ${least.name}.`,
      ),
    }
  },
  fixes: ({ values, dataActions }) => {
    const role = exampleOrLeast(dataActions) ?? values.role
    return [
      inputs('Name a role in this action that covers the calls', { role: role.name }),
      ...grantFixes(grantOf(values, { role })),
    ]
  },
}

interface Broad {
  assignments: readonly Assignment[]
  least: { guid: string; name: string }
}

/** Roles that allow the calls and contain everything that the least built-in role does, and more. */
function broad({ rights, record, dataActions }: InspectContext): Broad | undefined {
  const least = leastRoleFor(...dataActions)
  if (least === undefined) return undefined
  const needed = builtInPermissions(least.guid) ?? []
  const assignments = exceptRecommended(callers(rights, record), record).filter(({ roleGuid }) => {
    const held = definitionOf(roleGuid, record.definitions) ?? []
    return contains(held, needed) && !contains(needed, held)
  })
  return assignments.length === 0 ? undefined : { assignments, least }
}

/** Patterns are compared as text: a wildcard covers every narrower one. */
function contains(some: readonly Permission[], others: readonly Permission[]): boolean {
  const left = some.flatMap(({ notDataActions = [] }) => notDataActions)
  return (
    others.every(({ dataActions = [] }) => dataActions.every(pattern => coversDataAction(some, pattern))) &&
    left.every(pattern => !coversDataAction(others, pattern))
  )
}

export const broaderRole: Inspection = {
  title: 'A lesser built-in role would do',
  about: `The role has data actions that the APIs of this run do not need, and a built-in role exists that has fewer. The finding is about the wanted role, or about the role that allows the calls
instead. It does not apply to a custom role that is narrower than any built-in one, nor to Cognitive Services User if that is the wanted role, which it is by default. \`role: auto\` takes the least role. For chat completions, responses and embeddings of OpenAI models that is Cognitive Services OpenAI User; models of other
makers, by \`/models\`, need Cognitive Services User.

If your deploy calls more than the gate does, name everything in \`deployments\`, so that the gate counts it.

Severity: medium.`,
  inspect: seen => {
    const { rights, record, dataActions } = seen
    const found = broad(seen)
    return (
      found && {
        severity: 'medium',
        detail: `It calls models by ${rolesInWords(found.assignments, rights, record)}. The calls of this run need only ${dataActions.join(', ')}. The least built-in role for that is ${found.least.name}.`,
      }
    )
  },
  fixes: seen => {
    const lesser = exampleOrLeast(seen.dataActions)
    return lesser === undefined ? [] : replaceBy(lesser, broad(seen)?.assignments ?? [], seen)
  },
}

const wide = ({ rights, record }: InspectContext) => callers(rights, record).filter(isWide)

export const widerScope: Inspection = {
  title: 'The role is held on more than the resource',
  about: `The assignment is made at the resource group, the subscription or a management group, so it counts for every resource below, including those created later. Microsoft's own sample for key-less access
does that: its role assignment has no \`scope:\`, so it applies to the resource group that the template is deployed to.

Severity: medium. Grant the role on the resource first, wait until this action shows it as \`direct\`, and only then remove the wide one.`,
  inspect: seen => {
    const { rights, record, values } = seen
    const found = wide(seen)
    if (found.length === 0) return undefined
    return {
      severity: 'medium',
      detail: `${rolesInWords(found, rights, record)}: it counts for everything there, and the calls of this run need it on ${values.account} alone.`,
    }
  },
  fixes: seen => {
    const { record, values } = seen
    const found = wide(seen)
    const [first] = found
    const role = first === undefined ? values.role : { guid: first.roleGuid, name: nameOf(first, record) }
    const isHeldHere = callers(seen.rights, record).some(
      assignment => assignment.roleGuid === role.guid && !isWide(assignment),
    )
    return [...(isHeldHere ? [] : grantFixes(grantOf(values, { role }))), ...takeAway(found, seen)]
  },
}

export const conditionalAssignment: Inspection = {
  title: 'The role is held under a condition',
  about: `The assignment that allows the calls has a condition (ABAC). The gate reports it but does not evaluate it: Azure documents conditions on data actions only for storage. The calls show
what the condition does here, and that may change.

Severity: low. For conditions on the right to assign roles see [\`can-assign-roles\`](#can-assign-roles).`,
  inspect: ({ rights, record }) => {
    const found = callers(rights, record).filter(({ condition }) => condition !== undefined)
    if (found.length === 0) return undefined
    const conditions = [...new Set(found.map(({ condition = '' }) => plain(condition, 300)))]
    return {
      severity: 'low',
      detail: `${rolesInWords(found, rights, record)}, under a condition that this action does not evaluate: ${conditions.join(' ')}`,
    }
  },
  fixes: seen => [seeAssignments(seen)],
}

/** A temporary assignment of this job was asked for, by a gate that will remove it. */
const endingWithAJob = ({ rights, record }: InspectContext) => {
  const found = callers(rights, record)
  if (record.settings?.access.revoke !== true) return found.filter(endsWithAJob)
  const { lease } = jobOf(record.run, record.assertion)
  return found.filter(assignment => isOfAnotherJob(assignment, lease))
}

const isOfThisJob = ({ record }: InspectContext, { description }: Assignment) =>
  leaseIn(description) === jobOf(record.run, record.assertion).lease

const dayMs = 86_400_000

/** If every assignment that allows the calls ends at a time: when the last one does. */
function endingAtATime({ rights, record }: InspectContext): ReturnType<Inspection['inspect']> {
  const { ends } = record
  const found = callers(rights, record)
  const times = found.flatMap(({ id }) => ends?.at.get(id.toLowerCase()) ?? [])
  if (ends === undefined || found.length === 0 || times.length < found.length) return undefined
  const last = Math.max(...times)
  const leftMs = Math.max(0, last - ends.asOf)
  return {
    severity: leftMs < dayMs ? 'medium' : 'low',
    detail: `${rolesInWords(found, rights, record)}, by an assignment that ends at ${new Date(last).toISOString()}, in ${inWords(leftMs)}. From then on the calls are denied.`,
  }
}

const extend = advice(
  'In Privileged Identity Management, extend the assignment, or have one made that stays. Only an administrator can do that.',
)

export const temporaryAssignment: Inspection = {
  title: 'The role is held only for a time',
  about: `An assignment of Privileged Identity Management ends at its time, and then the calls are denied. The gate asks for that time if it may list role assignments, and does not wait for the reply. It says so
only if every assignment that allows the calls ends.

Or a job with \`revoke: true\` created the assignment for itself, and removes it when it ends. Anything that relies on it is then denied, even a deploy that is still running. A run that can grant waits until it is gone, and creates
its own; with \`grant: never\` the proof holds only for now. If an earlier gate of the same job has \`revoke: true\`, a later one without it relies on the same assignment, and later jobs are denied.

Severity: low; medium if it ends within a day.`,
  inspect: seen => {
    const found = endingWithAJob(seen)
    if (found.length === 0) return endingAtATime(seen)
    const descriptions = [...new Set(found.map(({ description = '' }) => plain(description, 300)))]
    return {
      severity: 'low',
      detail: `${rolesInWords(found, seen.rights, seen.record)}, by an assignment that ends with the job that made it: ${descriptions.join(' ')}`,
    }
  },
  fixes: seen => {
    const found = endingWithAJob(seen)
    if (found.length === 0) return [extend, seeAssignments(seen)]
    return found.every(assignment => isOfThisJob(seen, assignment))
      ? [inputs('For a role that stays, in the earlier gate of this job', { revoke: 'false' })]
      : [inputs('Let this run make an assignment that stays', { grant: 'auto', revoke: 'false' }), takeTurns]
  },
}
