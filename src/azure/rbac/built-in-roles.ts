import official from '../../../built-in-roles/roles.json' with { type: 'json' }
import { editDistance } from '../../core/text/distance.ts'
import { accountType, guidPattern } from '../resource-id.ts'
import { coversAction, coversAll, coversDataAction, hasDataActions, type Permission } from './permissions.ts'

/**
 * Built-in roles by name, old names too. Roles are compared by GUID: it is the same in every cloud and does not change when a
 * role is renamed (learn.microsoft.com, role-based-access-control/built-in-roles; foundry/concepts/rbac-foundry for the renames
 * of 2026). Their permissions are used if definitions cannot be read.
 */

interface RoleName {
  guid: string
  name: string
}

interface BuiltInRole extends RoleName {
  formerName: string | undefined
  /** A role without data actions only manages: nobody can call a model with it. */
  permissions: readonly Permission[]
}

interface OfficialRole {
  name: string
  roleName: string
  permissions: readonly Permission[]
}

const officialRoles: readonly OfficialRole[] = official.roles
const formerNames: Readonly<Record<string, string>> = official.formerNames

const builtInRoles: readonly BuiltInRole[] = officialRoles.map(({ name, roleName, permissions }) => ({
  guid: name,
  name: roleName,
  formerName: formerNames[name],
  permissions,
}))

/**
 * The day of the list, such as `2026-08-22`. Used as it is: formatting a date costs a tenth of the time before the first
 * request.
 */
export const rolesAsOf: string = official.asOf

/** Roles that messages and commands name. */
export const cognitiveServicesUser: RoleName = wellKnown('Cognitive Services User')
export const openAIUser: RoleName = wellKnown('Cognitive Services OpenAI User')
export const reader: RoleName = wellKnown('Reader')
export const accessAdministrator: RoleName = wellKnown('Role Based Access Control Administrator')

function wellKnown(roleName: string): BuiltInRole {
  const role = builtInRoles.find(({ name, formerName }) => [name, formerName].includes(roleName))
  if (role === undefined) throw new Error(`built-in-roles/roles.json has no ${roleName}`)
  return role
}

export const listKeys = `${accountType}/listKeys/action`

/** How the user named a role. A name that is not built in is a custom role, which the run looks up later. */
export type RoleReference = { kind: 'guid'; guid: string } | { kind: 'name'; name: string }

/** The input `role`: a role, or `auto`, the least one that covers what the run does. */
export type RoleChoice = RoleReference | { kind: 'auto' }

const definitionId = /^(?:\/.*)?\/providers\/Microsoft\.Authorization\/roleDefinitions\/([^/]+)\/?$/i

/** @returns the choice, or what is wrong with the text. */
export function parseRole(text: string): RoleChoice | { problem: string } {
  if (text.toLowerCase() === 'auto') return { kind: 'auto' }
  if (guidPattern.test(text)) return { kind: 'guid', guid: text.toLowerCase() }
  const inId = definitionId.exec(text)?.[1]
  if (inId !== undefined && guidPattern.test(inId)) return { kind: 'guid', guid: inId.toLowerCase() }
  if (text.startsWith('/')) return { problem: 'looks like an id, but is not one of a role definition' }
  const named = roleNamed(text)
  if (named !== undefined) return { kind: 'guid', guid: named.guid }
  const lines = text.split('\n').filter(line => line.trim() !== '')
  if (lines.length > 1) {
    return {
      problem: `is a list of ${lines.length} lines: one role is taken (a step of this action for each grants several)`,
    }
  }
  const meant = almostNamed(text)
  if (meant !== undefined) {
    return {
      problem: `is not a built-in role; "${meant.name}" is (a custom role with such a name is taken by its GUID)`,
    }
  }
  return { kind: 'name', name: text }
}

export function roleNameOf(guid: string): string | undefined {
  return builtInRole(guid)?.name
}

/** The text of the input. */
export function nameOfChoice(choice: RoleChoice): string {
  if (choice.kind === 'auto') return 'auto'
  return choice.kind === 'name' ? choice.name : (roleNameOf(choice.guid) ?? choice.guid)
}

const builtInRole = (guid: string) => builtInRoles.find(role => role.guid === guid.toLowerCase())

/** Name and GUID of every role in the table. */
export const rolesInTable: readonly RoleName[] = builtInRoles

/** What a built-in role allows; undefined for custom roles, which the table does not have. */
export function builtInPermissions(guid: string): readonly Permission[] | undefined {
  return builtInRole(guid)?.permissions
}

/** Whether a built-in role holds the data action; undefined for custom roles. */
export function roleCovers(guid: string, dataAction: string): boolean | undefined {
  const permissions = builtInPermissions(guid)
  return permissions && coversDataAction(permissions, dataAction)
}

/** Whether a built-in role has any data action; undefined for custom roles. */
export function roleHasDataActions(guid: string): boolean | undefined {
  const permissions = builtInPermissions(guid)
  return permissions && hasDataActions(permissions)
}

/** Roles for callers of models, the least first. */
const leastFirst = [
  'Foundry Agent Consumer',
  'Foundry Project Runtime User',
  'Cognitive Services Data Reader',
  'Cognitive Services OpenAI User',
  'Cognitive Services OpenAI Contributor',
  'Cognitive Services User',
].map(wellKnown)

/** The built-in role that has all these data actions and as little else as possible; undefined if none has them. */
export function leastRoleFor(...dataActions: string[]): RoleName | undefined {
  return firstHolding(leastFirst, dataActions)
}

/**
 * The role for `auto`: the least built-in role that has all these data actions. If none has, Cognitive Services User: the gate
 * then says what it lacks, and does not grant it.
 */
export const automaticRole = (dataActions: readonly string[]): RoleName =>
  leastRoleFor(...dataActions) ?? cognitiveServicesUser

/** The role for a choice, if calls need these data actions. */
export const referenceOf = (choice: RoleChoice, dataActions: readonly string[]): RoleReference =>
  choice.kind === 'auto' ? { kind: 'guid', guid: automaticRole(dataActions).guid } : choice

/** The least built-in role with all these data actions that cannot list the keys of the account. */
export function leastRoleWithoutKeysFor(...dataActions: string[]): RoleName | undefined {
  // Added last: it has nearly every data action, but cannot read the resource itself.
  const roles = [...leastFirst, wellKnown('Cognitive Services Data Contributor (Preview)')]
  const withoutKeys = roles.filter(({ permissions }) => !coversAction(permissions, listKeys))
  return firstHolding(withoutKeys, dataActions)
}

function firstHolding(
  roles: readonly BuiltInRole[],
  dataActions: readonly string[],
): BuiltInRole | undefined {
  return roles.find(({ permissions }) => coversAll(permissions, dataActions))
}

/** The GUID at the end of a role definition id: Azure returns ids with and without the subscription. */
export function roleGuidOf(roleDefinitionId: string): string {
  return roleDefinitionId.slice(roleDefinitionId.lastIndexOf('/') + 1).toLowerCase()
}

export function roleDefinitionId(subscriptionId: string, guid: string): string {
  return `/subscriptions/${subscriptionId}/providers/Microsoft.Authorization/roleDefinitions/${guid}`
}

const folded = (name: string) => name.toLowerCase().replace(/\s+/g, ' ').trim()
const namesOf = ({ name, formerName }: BuiltInRole) =>
  formerName === undefined ? [name] : [name, formerName]

function roleNamed(text: string): BuiltInRole | undefined {
  return builtInRoles.find(role => namesOf(role).some(name => folded(name) === folded(text)))
}

/** The built-in role that the text nearly names. One or two wrong letters are a typing error, not a custom role. */
function almostNamed(text: string): BuiltInRole | undefined {
  if (text.length < 8) return undefined
  return builtInRoles.find(role => namesOf(role).some(name => editDistance(folded(name), folded(text)) <= 2))
}
