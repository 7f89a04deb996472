import * as v from 'valibot'
import type { Identity, IdentityBearer } from '../../azure/choose-identity.ts'
import type { ReferencedResource } from '../../azure/principal-reference.ts'
import { guidPattern } from '../../azure/resource-id.ts'
import type { ResourceManager } from './client.ts'
import { readingIdentity } from './provider-versions.ts'

/** The identities that resources act as: user-assigned identities, and everything that has an identity. */

/** An id goes into a filter and into a role assignment, so an invalid one counts as absent. */
const guid = v.pipe(
  v.nullish(v.string()),
  v.transform(text => (guidPattern.test(text ?? '') ? text?.toLowerCase() : undefined)),
)
const ids = v.nullish(v.object({ principalId: guid, clientId: guid }))

/** Common types of Resource Manager, ManagedServiceIdentity; the members of `properties` belong to single types. */
const bearerBody = v.object({
  identity: v.nullish(
    v.object({ principalId: guid, userAssignedIdentities: v.nullish(v.record(v.string(), ids)) }),
  ),
  properties: v.nullish(v.record(v.string(), v.unknown())),
})
type BearerBody = v.InferOutput<typeof bearerBody>

/** The identities that a resource acts as. @throws StepError */
export async function readIdentities(
  manager: ResourceManager,
  resource: ReferencedResource,
  apiVersion: string,
): Promise<IdentityBearer> {
  return bearerOf(resource, await manager.read(readingIdentity, resource.id, apiVersion, bearerBody))
}

function bearerOf({ id, type }: ReferencedResource, { identity, properties }: BearerBody): IdentityBearer {
  const kind = type.toLowerCase()
  if (kind === 'microsoft.managedidentity/userassignedidentities')
    return { identities: [of('user-assigned', id, properties)], named: [] }
  const agent = kind.endsWith('/projects/applications') ? properties?.defaultInstanceIdentity : undefined
  if (agent) return { identities: [of('agent', id, agent)], named: [] }
  const { principalId, userAssignedIdentities } = identity ?? {}
  const own: Identity[] =
    principalId === undefined ? [] : [{ kind: 'system-assigned', name: id, principalId, clientId: undefined }]
  const assigned = Object.entries(userAssignedIdentities ?? {}).map(([name, told]) =>
    of('user-assigned', name, told ?? {}),
  )
  return { identities: [...own, ...assigned], named: namedIn(properties) }
}

function of(kind: Identity['kind'], name: string, told: unknown): Identity {
  const parsed = v.safeParse(ids, told)
  const { principalId, clientId } = (parsed.success ? parsed.output : undefined) ?? {}
  return { kind, name, principalId, clientId }
}

const variable = v.object({ name: v.string(), value: v.nullish(v.string()) })
/** Container Apps and their jobs; container instances. Other types with settings do not return them with the resource. */
const containers = v.union([
  v.pipe(
    v.object({
      template: v.object({ containers: v.array(v.object({ env: v.nullish(v.array(variable)) })) }),
    }),
    v.transform(({ template }) => template.containers.flatMap(({ env }) => env ?? [])),
  ),
  v.pipe(
    v.object({
      containers: v.array(
        v.object({ properties: v.object({ environmentVariables: v.nullish(v.array(variable)) }) }),
      ),
    }),
    v.transform(told => told.containers.flatMap(({ properties }) => properties.environmentVariables ?? [])),
  ),
])

function namedIn(properties: unknown): string[] {
  const told = v.safeParse(containers, properties)
  const values = told.success ? told.output.filter(({ name }) => name === 'AZURE_CLIENT_ID') : []
  const named = values.map(({ value }) => value?.trim().toLowerCase() ?? '').filter(value => value !== '')
  return [...new Set(named)]
}
