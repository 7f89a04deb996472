import { accountType, guidPattern } from '../resource-id.ts'
import { assignRoles, delegationCondition } from './delegation-conditions.ts'
import { coversAction, coversAll, coversDataAction, type Permission } from './permissions.ts'

/**
 * Built-in roles by name, old names too. Roles are compared by GUID: it is the same in every cloud and survives renaming
 * (learn.microsoft.com, role-based-access-control/built-in-roles; foundry/concepts/rbac-foundry for the renames of 2026).
 * What they allow, as of August 2026, stands in where definitions may not be read live. Actions are given as far as they
 * concern the resource and role assignments.
 */

interface BuiltInRole {
  guid: string
  name: string
  formerName?: string
  /** Without data actions, the role administers, and lets nobody call a model. */
  allows: Permission
}

/** Roles that texts and commands name by themselves. */
export const cognitiveServicesUser = {
  guid: 'a97b65f3-24c7-4388-baec-2e87135dc908',
  name: 'Cognitive Services User',
} as const
export const openAIUser = {
  guid: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd',
  name: 'Cognitive Services OpenAI User',
} as const
export const reader = { guid: 'acdd72a7-3385-48ef-bd42-f606fba81ae7', name: 'Reader' } as const
export const accessAdministrator = {
  guid: 'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
  name: 'Role Based Access Control Administrator',
} as const

const accounts = accountType
const impersonation = `${accounts}/AIServices/agents/endpoints/UserIdentityImpersonation/action`
const fineTunes = `${accounts}/OpenAI/fine-tunes-deployments/write`
const fineTuning = `${accounts}/AIServices/fine_tuning_deployments/write`
const allBut = (...notDataActions: string[]): Permission => ({
  dataActions: ['Microsoft.CognitiveServices/*'],
  notDataActions,
})
const openAIActions = (...operations: string[]): string[] =>
  operations.map(operation => `${accounts}/OpenAI/${operation}`)

export const listKeys = `${accounts}/listKeys/action`
const readAll = 'Microsoft.CognitiveServices/*/read'
const readAccess = 'Microsoft.Authorization/*/read'
const readRoles = [
  'Microsoft.Authorization/roleAssignments/read',
  'Microsoft.Authorization/roleDefinitions/read',
]
const assign = [assignRoles, 'Microsoft.Authorization/roleAssignments/delete']
const administer = [readAccess, 'Microsoft.CognitiveServices/*']
const changes = (...types: string[]) =>
  types.flatMap(type => ['read', 'write', 'delete'].map(verb => `${accounts}/${type}/${verb}`))

const agentConsumer = 'eed3b665-ab3a-47b6-8f48-c9382fb1dad6'
const foundryUser = '53ca6127-db72-4b80-b1b0-d745d6d5456d'
/** Foundry's owners may assign these and no others; no Cognitive Services role is among them. */
const ownersAssign = delegationCondition([
  ...[agentConsumer, foundryUser, '3bc748fc-213d-45c1-8d91-9da5725539b9'],
  ...['2a1e307c-b015-4ebd-883e-5b7698a07328', '73c42c96-874c-492b-b04d-ab87d138a893'],
])

const builtInRoles: readonly BuiltInRole[] = [
  {
    ...cognitiveServicesUser,
    allows: { actions: [readAll, listKeys], ...allBut(impersonation, fineTunes, fineTuning) },
  },
  {
    ...openAIUser,
    allows: {
      actions: [readAll, ...readRoles],
      dataActions: openAIActions(
        ...['*/read', 'engines/completions/action', 'engines/search/action', 'engines/generate/action'],
        ...['deployments/audio/action', 'deployments/search/action', 'deployments/completions/action'],
        ...['deployments/chat/completions/action', 'deployments/realtime/action'],
        ...['deployments/extensions/chat/completions/action', 'deployments/embeddings/action'],
        ...['images/generations/action', 'video/generations/*/action', 'video/generations/*/delete'],
        ...['assistants/*', 'responses/*'],
      ),
      notDataActions: openAIActions('stored-completions/read'),
    },
  },
  {
    guid: 'a001fd3d-188f-4b5d-821b-7da978bf7442',
    name: 'Cognitive Services OpenAI Contributor',
    allows: {
      actions: [readAll, ...readRoles, ...changes('deployments', 'raiPolicies', 'commitmentplans')],
      dataActions: openAIActions('*'),
    },
  },
  {
    guid: '25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68',
    name: 'Cognitive Services Contributor',
    allows: { actions: administer },
  },
  {
    guid: '19c28022-e58e-450d-a464-0b2a53034789',
    name: 'Cognitive Services Data Contributor (Preview)',
    allows: allBut(fineTunes, fineTuning),
  },
  {
    guid: 'b59867f0-fa02-499b-be73-45a86b5b3e1c',
    name: 'Cognitive Services Data Reader',
    allows: { dataActions: [readAll] },
  },
  {
    guid: 'bba48692-92b0-4667-a9ad-c31c7b334ac2',
    name: 'Cognitive Services Usages Reader',
    allows: { actions: ['Microsoft.CognitiveServices/locations/usages/read'] },
  },
  {
    guid: foundryUser,
    name: 'Foundry User',
    formerName: 'Azure AI User',
    allows: { actions: [readAccess, readAll, listKeys], ...allBut(impersonation, fineTunes, fineTuning) },
  },
  {
    guid: 'eadc314b-1a2d-4efa-be10-5d325db5065e',
    name: 'Foundry Project Manager',
    formerName: 'Azure AI Project Manager',
    allows: {
      actions: [
        ...[...assign, readAccess, 'Microsoft.CognitiveServices/locations/*/read'],
        ...[`${accounts}/*/read`, `${accounts}/projects/*`],
      ],
      condition: delegationCondition([agentConsumer, foundryUser]),
      ...allBut(impersonation, fineTunes, fineTuning),
    },
  },
  {
    guid: 'e47c6f54-e4a2-4754-9501-8e0985b135e1',
    name: 'Foundry Account Owner',
    formerName: 'Azure AI Account Owner',
    allows: { actions: [...assign, ...administer], condition: ownersAssign },
  },
  {
    guid: 'c883944f-8b7b-4483-af10-35834be79c4a',
    name: 'Foundry Owner',
    formerName: 'Azure AI Owner',
    allows: {
      actions: [...assign, ...administer],
      condition: ownersAssign,
      ...allBut(impersonation),
    },
  },
  {
    guid: agentConsumer,
    name: 'Foundry Agent Consumer',
    allows: { dataActions: [`${accounts}/AIServices/endpoints/interact/action`] },
  },
  {
    guid: '142bfaed-a13f-4c2d-bed2-6db62c4a1009',
    name: 'Foundry Project Runtime User',
    allows: { dataActions: [`${accounts}/AIServices/responses/*`] },
  },
  {
    guid: '64702f94-c441-49e6-a78b-ef80e0188fee',
    name: 'Azure AI Developer',
    allows: {
      actions: [readAccess],
      dataActions: ['OpenAI', 'SpeechServices', 'ContentSafety', 'MaaS'].map(
        family => `${accounts}/${family}/*`,
      ),
      notDataActions: [fineTunes],
    },
  },
  {
    guid: 'b78c5d69-af96-48a3-bf8d-a8b4d589de94',
    name: 'Azure AI Administrator',
    allows: { actions: administer },
  },
  { ...reader, allows: { actions: ['*/read'] } },
  {
    guid: 'b24988ac-6180-42a0-ab88-20f7382dd24c',
    name: 'Contributor',
    allows: {
      actions: ['*'],
      notActions: ['*/Write', '*/Delete', 'elevateAccess/Action'].map(
        verb => `Microsoft.Authorization/${verb}`,
      ),
    },
  },
  { guid: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', name: 'Owner', allows: { actions: ['*'] } },
  {
    guid: '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9',
    name: 'User Access Administrator',
    allows: { actions: ['*/read', 'Microsoft.Authorization/*'] },
  },
  {
    ...accessAdministrator,
    allows: { actions: ['*/read', ...assign] },
  },
]

/** How the user named a role. A name that is not built in is a custom role, looked up when the run gets there. */
export type RoleReference = { kind: 'guid'; guid: string } | { kind: 'name'; name: string }

const definitionId = /^(?:\/.*)?\/providers\/Microsoft\.Authorization\/roleDefinitions\/([^/]+)\/?$/i

/** @returns the reference, or what is wrong with the text. */
export function parseRole(text: string): RoleReference | { problem: string } {
  if (guidPattern.test(text)) return { kind: 'guid', guid: text.toLowerCase() }
  const inId = definitionId.exec(text)?.[1]
  if (inId !== undefined && guidPattern.test(inId)) return { kind: 'guid', guid: inId.toLowerCase() }
  if (text.startsWith('/')) return { problem: 'looks like an id, but is not one of a role definition' }
  const named = roleNamed(text)
  if (named !== undefined) return { kind: 'guid', guid: named.guid }
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

const builtInRole = (guid: string) => builtInRoles.find(role => role.guid === guid.toLowerCase())

/** Name and GUID of every role in the table. */
export const rolesInTable: ReadonlyArray<{ guid: string; name: string }> = builtInRoles

/** What a built-in role allows; undefined for custom roles, of which the table knows nothing. */
export function builtInPermissions(guid: string): readonly Permission[] | undefined {
  const role = builtInRole(guid)
  return role && [role.allows]
}

/** Whether a built-in role holds the data action; undefined for custom roles. */
export function roleCovers(guid: string, dataAction: string): boolean | undefined {
  const permissions = builtInPermissions(guid)
  return permissions && coversDataAction(permissions, dataAction)
}

/** Whether a built-in role lets anybody call anything at all; undefined for custom roles. */
export function hasDataActions(guid: string): boolean | undefined {
  const role = builtInRole(guid)
  return role && role.allows.dataActions !== undefined
}

/** Roles for callers of models, from the one that allows least to the one that allows most. */
const leastFirst = [
  'Foundry Agent Consumer',
  'Foundry Project Runtime User',
  'Cognitive Services Data Reader',
  'Cognitive Services OpenAI User',
  'Cognitive Services OpenAI Contributor',
  'Cognitive Services User',
  'Foundry User',
  'Foundry Owner',
]

/** The built-in role that holds all these data actions and as little else as there is; undefined where none of them does. */
export function leastRoleFor(...dataActions: string[]): { guid: string; name: string } | undefined {
  return firstHolding(leastFirst, dataActions)
}

/** The same of the roles that cannot list the keys of the account. */
export function leastRoleWithoutKeysFor(
  ...dataActions: string[]
): { guid: string; name: string } | undefined {
  // It allows nearly every data action, and not a single look at the resource itself.
  const names = [...leastFirst, 'Cognitive Services Data Contributor (Preview)']
  const withoutKeys = names.filter(name => !coversAction([roleNamed(name)?.allows ?? {}], listKeys))
  return firstHolding(withoutKeys, dataActions)
}

function firstHolding(names: readonly string[], dataActions: readonly string[]): BuiltInRole | undefined {
  return names.map(roleNamed).find(role => role !== undefined && coversAll([role.allows], dataActions))
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

/** A slip of one or two letters in a built-in name is a slip, not a custom role. */
function almostNamed(text: string): BuiltInRole | undefined {
  if (text.length < 8) return undefined
  return builtInRoles.find(role => namesOf(role).some(name => editDistance(folded(name), folded(text)) <= 2))
}

/** Levenshtein distance. */
function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, column) => column)
  for (const [i, letter] of [...a].entries()) {
    const next = [i + 1]
    for (const [j, other] of [...b].entries()) {
      const substituted = (row[j] ?? 0) + (letter === other ? 0 : 1)
      next.push(Math.min(substituted, (row[j + 1] ?? 0) + 1, (next[j] ?? 0) + 1))
    }
    row = next
  }
  return row.at(-1) ?? 0
}
