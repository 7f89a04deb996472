import type { Identity } from '../../azure/choose-identity.ts'
import { unsuitableLine } from '../../azure/rbac/suitability.ts'
import type { Failure } from '../../core/failures/failure.ts'
import { inWords } from '../../core/text/duration.ts'
import { firstOf } from '../../core/text/lists.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { NamedDeny, RoleGiver, ToldWord, Unreadable, WhyMissing, WhyUnknown } from '../told-access.ts'
import type { RuntimePrincipal } from './principal.ts'

/** What is known about a runtime principal, in sentences for log, summary and diagnosis. */

const words: Record<ToldWord, string> = {
  called: 'called',
  allowed: 'allowed by its roles',
  'not-known-live': 'allowed, not yet known to be live',
  missing: 'missing',
  unknown: 'not known',
}

export const wordOf = ({ access }: Pick<RuntimePrincipal, 'access'>): string => words[access.word]

/** Names the principal: as the inputs do, with the identity that was found. */
export function principalName({ id, identity, principalId }: RuntimePrincipal): string {
  if (identity === undefined || principalId === undefined) return plain(id, 300)
  return `${plain(id, 300)} (${identityInWords(identity)})`
}

/** Name and access, in one line. */
export const runtimeLine = (principal: RuntimePrincipal): string =>
  `${principalName(principal)}: ${wordOf(principal)}. ${reasonOf(principal)}`

type Told = Pick<RuntimePrincipal, 'access' | 'deployments' | 'role' | 'scope'>

/** The reason, in sentences. */
export function reasonOf(principal: Told): string {
  const { access } = principal
  switch (access.word) {
    case 'called':
      return 'It is the pipeline itself, and its own calls were answered.'
    case 'allowed':
      return `${access.through.map(giverInWords).join(', ')}.`
    case 'not-known-live':
      return `${access.through.map(giverInWords).join(', ')}, ${access.isGranted ? 'granted by this run' : ageInWords(access.ageMs)}. ${whyNotLive(access)}`
    case 'missing':
      return whyMissing(access.because, principal)
    case 'unknown':
      return whyUnknown(access.because)
  }
}

const whyNotLive = ({ through }: Extract<RuntimePrincipal['access'], { word: 'not-known-live' }>): string =>
  through.some(({ group }) => group !== undefined)
    ? 'Nothing shows how long it has been in the group. For a managed identity a membership may take a day to count, and until then the data plane may deny calls.'
    : 'Until a role is live the data plane may deny calls.'

function giverInWords({ roleName, scope, group, createdOn }: RoleGiver): string {
  const through = group === undefined ? '' : `, through the group ${plain(group)}`
  const since = createdOn === undefined ? '' : `, since ${new Date(createdOn).toISOString()}`
  return `${plain(roleName, 100)} at ${plain(scope)}${through}${since}`
}

const ageInWords = (ageMs: number | undefined) =>
  ageMs === undefined ? 'of unknown age' : `${inWords(ageMs)} old`

function whyMissing(because: WhyMissing, { deployments, role, scope }: Told): string {
  const calls = deployments.length === 0 ? '' : ` (${deployments.map(name => plain(name, 64)).join(', ')})`
  switch (because.kind) {
    case 'no-role':
      return `No role that it holds at ${plain(scope ?? '')} or above covers ${because.lacks.join(', ')}${calls}.`
    case 'denied':
      return `${denyInWords(because.deny)} forbids it, no matter which roles it holds.`
    case 'ends-with-job':
      return because.whose === 'own'
        ? 'It is the pipeline itself, and the role that lets it call is removed when the job ends (`revoke`).'
        : `It holds ${plain(role?.name ?? '')} only until the job that granted it ends, and Azure does not allow a second assignment of the same role.`
    case 'not-granted':
      return `The grant of ${plain(role?.name ?? '')} was refused: ${saidInWords(because.failure)}`
    case 'unsuitable':
      return unsuitableLine(role?.name ?? '', because.unsuitability)
    case 'role-lacks':
      return `${plain(role?.name ?? '')} is not granted, because it does not cover ${because.lacks.join(', ')}${calls}.`
    case 'excluded':
      return `It holds ${plain(role?.name ?? '')} under a condition that excludes its calls, and the gate never changes a condition: ${plain(because.condition)}`
  }
}

function whyUnknown(because: WhyUnknown): string {
  switch (because.kind) {
    case 'not-looked':
      return 'The run ended before the gate checked it.'
    case 'own-calls':
      return 'It is the pipeline itself, and its own calls were not answered.'
    case 'unread':
      return `${unreadInWords[because.what]} cannot be read${lackingIn(because.failure.details)}: ${because.failure.said.message}`
    case 'no-resource':
      return `Resource Manager has no such resource (any more): ${because.failure.said.message}`
    case 'no-identity':
      return 'It has no identity: either none was switched on, or resources of its type have none.'
    case 'several':
      return `It has several identities, and its setting AZURE_CLIENT_ID names none of them: ${listed(because.identities)}.`
    case 'not-its-own':
      return `Its setting AZURE_CLIENT_ID is ${plain(because.clientId, 60)}, which is not one of its known identities: ${listed(because.identities)}.`
    case 'identity-gone':
      return 'Its identity was deleted, or is so new that Azure does not find it everywhere yet.'
    case 'no-such-principal':
      return `There is no service principal with this object id, so nothing was granted. It may be deleted, or the id may be a client id or the object id of an app registration: ${saidInWords(because.failure)}`
    case 'granting':
      return `The gate was granting its role, and it is not known whether that succeeded${because.failure === undefined ? '.' : `: ${saidInWords(because.failure)}`}`
    case 'role-unread':
      return `It holds the role ${plain(because.roleGuid)}, whose definition cannot be read.`
    case 'condition':
      return `It depends on a condition of a role assignment that is not understood: ${plain(because.condition)}`
    case 'perhaps-denied':
      return `${denyInWords(because.deny)} may forbid it: it has a condition, or names a group and the gate cannot see whether the principal is a member.`
  }
}

const saidInWords = ({ code, said }: Failure) => `${code}: ${said.message}`

const unreadInWords: Record<Unreadable, string> = {
  resource: 'It',
  'API versions': 'The API versions of its type',
  deployments: 'The deployments of the resource, which show what it calls,',
  'role assignments': 'Role assignments at the resource',
  'deny assignments': 'Deny assignments at the resource',
}

const denyInWords = ({ name, scope }: NamedDeny) => `The deny assignment "${plain(name)}" at ${plain(scope)}`

const lackingIn = (details: { action?: string } | undefined) =>
  details?.action === undefined ? '' : ` (${details.action} is missing)`

/** A longer list would not help. */
const maxListed = 10

const listed = (identities: readonly Identity[]) => firstOf(identities.map(identityInWords), maxListed, '; ')

function identityInWords({ kind, name, principalId, clientId }: Identity): string {
  const who = kind === 'user-assigned' ? `user-assigned ${plain(name, 300)}` : kindsInWords[kind]
  const client = clientId === undefined ? '' : `, client id ${clientId}`
  return `${who}${client}, ${principalId === undefined ? 'deleted' : `principal ${principalId}`}`
}

const kindsInWords: Record<Exclude<Identity['kind'], 'user-assigned'>, string> = {
  'system-assigned': 'system-assigned',
  agent: 'identity of the agent',
}
