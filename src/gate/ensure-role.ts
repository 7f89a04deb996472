import { isMembershipOpen } from './access.ts'
import { alsoFailure, alsoNotLive } from './also.ts'
import { grantRequest, grantRole, refuseWhatEnds } from './grant.ts'
import type { Opened } from './opening.ts'
import type { Reporter } from './reporter.ts'
import type { RoleReader } from './role-access.ts'
import type { Settings } from './settings.ts'
import type { Story } from './story.ts'
import type { GrantResult, Inspection } from './values.ts'

/** The role, and what it gives besides the calls: granted, looked at again, required. */

export interface Ensured {
  grant: GrantResult | undefined
  /** With the roles as they are after it. */
  inspection: Inspection
}

/** @throws StepError */
export async function ensureRole(
  { settings, context, job, roleReader }: Opened,
  seen: Inspection,
  { tools, note, step }: Story,
): Promise<Ensured> {
  const request = grantRequest(settings, { context, job }, seen)
  const grant = request && (await step('Grant', () => grantRole(request, tools, note('grant'))))
  const inspection = { ...seen, roles: await settledRoles({ settings, seen, grant }, roleReader) }
  // If the calls themselves lack something, that is reported first.
  if (seen.first.round.kind === 'ok') requireAlso(settings, inspection)
  return { grant, inspection }
}

interface Seen {
  settings: Settings
  seen: Inspection
  grant: GrantResult | undefined
}

/** The roles as the wait needs them: if calls are denied, the group's members are read again. */
async function settledRoles(
  { settings, seen, grant }: Seen,
  roleReader: RoleReader | undefined,
): Promise<Inspection['roles']> {
  const { roles } = seen
  if (roles === undefined || roleReader === undefined) return roles
  if (!isMembershipOpen(seen, grant)) return roleReader.settleAlso(roles, seen.routes, grant)
  const settled = await roleReader.settleMembership(roles, settings.waiting.propagationTimeoutMs)
  if (settled.membership === 'not-member') refuseWhatEnds(settled)
  return roleReader.settleAlso(settled, seen.routes, grant)
}

/** @throws StepError if the pipeline lacks a right that it needs besides the calls */
function requireAlso({ access }: Settings, { routes, roles }: Inspection): void {
  const failure = alsoFailure(access, { routes, also: roles?.also })
  if (failure !== undefined) throw failure
}

/** Every call was answered. @throws StepError if another right is missing, or not known to be live */
export function requireAlsoLive(
  { settings, roleReader }: Pick<Opened, 'settings' | 'roleReader'>,
  inspection: Inspection,
  reporter: Reporter,
): void {
  const { roles, routes } = inspection
  requireAlso(settings, inspection)
  const closed = roles && roleReader?.closeAlso(roles, routes)
  if (closed === undefined) return
  const failure = alsoNotLive(closed)
  if (failure !== undefined) throw failure
  reporter.alsoGiven(closed.also)
}
