import { guidPattern } from '../resource/resource-id.ts'
import { coversAll, coversDataAction, type Permission } from './permissions.ts'

/**
 * Built-in roles by name, old names too. Roles are compared by GUID: it is the same in every cloud and survives renaming
 * (learn.microsoft.com, role-based-access-control/built-in-roles; foundry/concepts/rbac-foundry for the renames of 2026).
 * Their data actions, as of August 2026, serve to explain a denial; what a principal may really do is read live.
 */

interface BuiltInRole {
  guid: string
  name: string
  formerName?: string
  /** Absent: the role administers, and lets nobody call a model. */
  data?: Permission
}

const accounts = 'Microsoft.CognitiveServices/accounts'
const impersonation = `${accounts}/AIServices/agents/endpoints/UserIdentityImpersonation/action`
const fineTunes = `${accounts}/OpenAI/fine-tunes-deployments/write`
const fineTuning = `${accounts}/AIServices/fine_tuning_deployments/write`
const allBut = (...notDataActions: string[]): Permission => ({
  dataActions: ['Microsoft.CognitiveServices/*'],
  notDataActions,
})
const openAI = (...operations: string[]): string[] =>
  operations.map(operation => `${accounts}/OpenAI/${operation}`)

const builtInRoles: readonly BuiltInRole[] = [
  {
    guid: 'a97b65f3-24c7-4388-baec-2e87135dc908',
    name: 'Cognitive Services User',
    data: allBut(impersonation, fineTunes, fineTuning),
  },
  {
    guid: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd',
    name: 'Cognitive Services OpenAI User',
    data: {
      dataActions: openAI(
        ...['*/read', 'engines/completions/action', 'engines/search/action', 'engines/generate/action'],
        ...['deployments/audio/action', 'deployments/search/action', 'deployments/completions/action'],
        ...['deployments/chat/completions/action', 'deployments/realtime/action'],
        ...['deployments/extensions/chat/completions/action', 'deployments/embeddings/action'],
        ...['images/generations/action', 'video/generations/*/action', 'video/generations/*/delete'],
        ...['assistants/*', 'responses/*'],
      ),
      notDataActions: openAI('stored-completions/read'),
    },
  },
  {
    guid: 'a001fd3d-188f-4b5d-821b-7da978bf7442',
    name: 'Cognitive Services OpenAI Contributor',
    data: { dataActions: openAI('*') },
  },
  { guid: '25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68', name: 'Cognitive Services Contributor' },
  {
    guid: '19c28022-e58e-450d-a464-0b2a53034789',
    name: 'Cognitive Services Data Contributor (Preview)',
    data: allBut(fineTunes, fineTuning),
  },
  {
    guid: 'b59867f0-fa02-499b-be73-45a86b5b3e1c',
    name: 'Cognitive Services Data Reader',
    data: { dataActions: ['Microsoft.CognitiveServices/*/read'] },
  },
  { guid: 'bba48692-92b0-4667-a9ad-c31c7b334ac2', name: 'Cognitive Services Usages Reader' },
  {
    guid: '53ca6127-db72-4b80-b1b0-d745d6d5456d',
    name: 'Foundry User',
    formerName: 'Azure AI User',
    data: allBut(impersonation, fineTunes, fineTuning),
  },
  {
    guid: 'eadc314b-1a2d-4efa-be10-5d325db5065e',
    name: 'Foundry Project Manager',
    formerName: 'Azure AI Project Manager',
    data: allBut(impersonation, fineTunes, fineTuning),
  },
  {
    guid: 'e47c6f54-e4a2-4754-9501-8e0985b135e1',
    name: 'Foundry Account Owner',
    formerName: 'Azure AI Account Owner',
  },
  {
    guid: 'c883944f-8b7b-4483-af10-35834be79c4a',
    name: 'Foundry Owner',
    formerName: 'Azure AI Owner',
    data: allBut(impersonation),
  },
  {
    guid: 'eed3b665-ab3a-47b6-8f48-c9382fb1dad6',
    name: 'Foundry Agent Consumer',
    data: { dataActions: [`${accounts}/AIServices/endpoints/interact/action`] },
  },
  {
    guid: '142bfaed-a13f-4c2d-bed2-6db62c4a1009',
    name: 'Foundry Project Runtime User',
    data: { dataActions: [`${accounts}/AIServices/responses/*`] },
  },
  {
    guid: '64702f94-c441-49e6-a78b-ef80e0188fee',
    name: 'Azure AI Developer',
    data: {
      dataActions: ['OpenAI', 'SpeechServices', 'ContentSafety', 'MaaS'].map(
        family => `${accounts}/${family}/*`,
      ),
      notDataActions: [fineTunes],
    },
  },
  { guid: 'b78c5d69-af96-48a3-bf8d-a8b4d589de94', name: 'Azure AI Administrator' },
  { guid: 'acdd72a7-3385-48ef-bd42-f606fba81ae7', name: 'Reader' },
  { guid: 'b24988ac-6180-42a0-ab88-20f7382dd24c', name: 'Contributor' },
  { guid: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635', name: 'Owner' },
  { guid: '18d7d88d-d35e-4fb5-a5c3-7773c20a72d9', name: 'User Access Administrator' },
  { guid: 'f58310d9-a9f6-439a-9e8d-f62e7b41a168', name: 'Role Based Access Control Administrator' },
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
  return builtInRoles.find(role => role.guid === guid.toLowerCase())?.name
}

/** Whether a built-in role holds the data action; undefined for custom roles, of which the table knows nothing. */
export function roleCovers(guid: string, dataAction: string): boolean | undefined {
  const role = builtInRoles.find(candidate => candidate.guid === guid.toLowerCase())
  if (role === undefined) return undefined
  return role.data !== undefined && coversDataAction([role.data], dataAction)
}

/** What a built-in role lets its holders do to data, by the table; undefined for custom roles. */
export function builtInPermissions(guid: string): readonly Permission[] | undefined {
  const role = builtInRoles.find(candidate => candidate.guid === guid.toLowerCase())
  return role && (role.data === undefined ? [] : [role.data])
}

/** Whether a built-in role lets anybody call anything at all; undefined for custom roles. */
export function hasDataActions(guid: string): boolean | undefined {
  const role = builtInRoles.find(candidate => candidate.guid === guid.toLowerCase())
  return role && role.data !== undefined
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
  return leastFirst
    .map(roleNamed)
    .find(role => role?.data !== undefined && coversAll([role.data], dataActions))
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
