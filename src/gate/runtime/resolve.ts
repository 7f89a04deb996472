import { usualApiVersion } from '../../azure/api-versions.ts'
import { chooseIdentity, type Identity, type IdentityBearer } from '../../azure/choose-identity.ts'
import type { PrincipalReference, ReferencedResource } from '../../azure/principal-reference.ts'
import type { DiagnosisCode } from '../../core/failures/codes.ts'
import { StepError } from '../../core/failures/failure.ts'
import { providerIdOf } from '../../services/resource-manager/provider-versions.ts'
import type { WhyUnknown } from '../told-access.ts'

/** The principal whose access is judged. */
export type Resolved =
  | { kind: 'found'; principalId: string; identity: Identity | undefined }
  | { kind: 'unknown'; because: WhyUnknown }

/** Codes for a mistake in the id, or in what it names; all other codes are about Resource Manager. */
const absences: ReadonlySet<DiagnosisCode> = new Set([
  'resource-not-found',
  'subscription-not-found',
  'resource-provider-unregistered',
  'resource-manager-rejected',
])

/** Finds the identity behind an id. */
export interface IdentityReaders {
  version: (resource: ReferencedResource) => Promise<string>
  identities: (resource: ReferencedResource, apiVersion: string) => Promise<IdentityBearer>
}

/** @throws StepError if no service replied */
export async function resolvePrincipal(
  reference: PrincipalReference,
  read: IdentityReaders,
): Promise<Resolved> {
  if (reference.kind === 'object')
    return { kind: 'found', principalId: reference.principalId, identity: undefined }
  const { resource } = reference
  const usual = usualApiVersion(resource.type)
  const version =
    usual === undefined
      ? await attempt(read.version(resource), { what: 'API versions', scope: providerIdOf(resource) })
      : { kind: 'read' as const, value: usual }
  if (version.kind === 'unknown') return version
  const bearer = await attempt(read.identities(resource, version.value), {
    what: 'resource',
    scope: resource.id,
  })
  return bearer.kind === 'unknown' ? bearer : resolvedOf(bearer.value)
}

type Unread = Extract<WhyUnknown, { kind: 'unread' }>
type Attempted<T> = { kind: 'read'; value: T } | { kind: 'unknown'; because: WhyUnknown }

/** @throws StepError */
async function attempt<T>(reading: Promise<T>, about: Pick<Unread, 'what' | 'scope'>): Promise<Attempted<T>> {
  try {
    return { kind: 'read', value: await reading }
  } catch (error) {
    if (!(error instanceof StepError)) throw error
    const { failure } = error
    if (failure.code === 'resource-manager-forbidden')
      return { kind: 'unknown', because: { kind: 'unread', ...about, failure } }
    if (absences.has(failure.code)) return { kind: 'unknown', because: { kind: 'no-resource', failure } }
    throw error
  }
}

function resolvedOf(bearer: IdentityBearer): Resolved {
  const choice = chooseIdentity(bearer)
  switch (choice.kind) {
    case 'chosen':
      return { kind: 'found', principalId: choice.identity.principalId, identity: choice.identity }
    case 'none':
      return { kind: 'unknown', because: { kind: 'no-identity' } }
    case 'gone':
      return { kind: 'unknown', because: { kind: 'identity-gone' } }
    case 'several':
      return { kind: 'unknown', because: { kind: 'several', identities: bearer.identities } }
    case 'not-its-own':
      return {
        kind: 'unknown',
        because: { kind: 'not-its-own', clientId: choice.clientId, identities: bearer.identities },
      }
  }
}
