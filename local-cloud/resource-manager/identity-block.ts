import * as v from 'valibot'
import { systemIdentityOf } from '../identity-bearers.ts'
import { subscriptionIdOf } from '../scopes.ts'
import type { ResourceIdentity, World } from '../world.ts'
import { ArmError } from './errors.ts'
import { findSubscription } from './gateway.ts'
import { identityWithId } from './managed-identity/identities.ts'
import { readOnly } from './request-body.ts'

/** The `identity` member of a resource (common types of Resource Manager, ManagedServiceIdentity v3). */
export const identitySchema = v.strictObject({
  type: v.picklist([
    'None',
    'SystemAssigned',
    'UserAssigned',
    'SystemAssigned, UserAssigned',
    'SystemAssigned,UserAssigned',
  ]),
  principalId: readOnly,
  tenantId: readOnly,
  /** By resource id. In a PATCH, null removes an identity. */
  userAssignedIdentities: v.nullish(
    v.record(v.string(), v.nullable(v.strictObject({ principalId: readOnly, clientId: readOnly }))),
  ),
})
export type WantedIdentity = v.InferOutput<typeof identitySchema>

/**
 * The identities of a resource after a write that asks for `wanted`. A new system-assigned identity becomes a principal of the
 * tenant; one that is not wanted any more is removed from it.
 * @param keepUserAssigned whether the write keeps user-assigned identities that it does not name
 * @throws ArmError 400 if a user-assigned identity does not exist
 */
export function assignIdentities(
  world: World,
  id: string,
  {
    present,
    wanted,
    keepUserAssigned,
  }: { present: ResourceIdentity | undefined; wanted: WantedIdentity; keepUserAssigned: boolean },
): ResourceIdentity {
  const named = Object.entries(wanted.userAssignedIdentities ?? {})
  const kept = keepUserAssigned ? (present?.userAssigned ?? []) : []
  const isNamed = (other: string) => named.some(([name]) => name.toLowerCase() === other.toLowerCase())
  const userAssigned = wanted.type.includes('UserAssigned')
    ? [
        ...kept.filter(other => !isNamed(other)),
        ...named.filter(([, value]) => value !== null).map(([name]) => name),
      ]
    : []
  const missing = userAssigned.find(name => identityWithId(world, name) === undefined)
  if (missing !== undefined) throw noSuchIdentity(id, missing)
  const systemAssigned = wanted.type.includes('SystemAssigned')
    ? (present?.systemAssigned ?? newPrincipal(world, id))
    : undefined
  if (systemAssigned === undefined) removeSystemIdentity(world, present)
  return { ...(systemAssigned && { systemAssigned }), userAssigned }
}

function newPrincipal(world: World, id: string): NonNullable<ResourceIdentity['systemAssigned']> {
  const systemAssigned = { principalId: crypto.randomUUID(), clientId: crypto.randomUUID() }
  world.applications.push(systemIdentityOf(world, { id }, systemAssigned))
  return systemAssigned
}

function removeSystemIdentity(world: World, present: ResourceIdentity | undefined): void {
  const objectId = present?.systemAssigned?.principalId
  world.applications = world.applications.filter(
    ({ servicePrincipal }) => servicePrincipal?.objectId !== objectId || objectId === undefined,
  )
}

/** Users quote the code; the message is ours. */
const noSuchIdentity = (id: string, identity: string) =>
  new ArmError(
    400,
    'FailedIdentityOperation',
    `Identity operation for resource '${id}' failed with error 'The identity '${identity}' was not found.'.`,
  )

/** `identity` as the resource shows it; nothing if it never had one. */
export function identityBody(world: World, id: string, identity: ResourceIdentity | undefined) {
  if (identity === undefined) return {}
  const { systemAssigned, userAssigned = [] } = identity
  const { tenantId } = findSubscription(world, subscriptionIdOf(id) ?? '')
  const types = [systemAssigned && 'SystemAssigned', userAssigned.length > 0 && 'UserAssigned'].filter(
    Boolean,
  )
  return {
    identity: {
      ...(systemAssigned && { principalId: systemAssigned.principalId, tenantId }),
      type: types.join(', ') || 'None',
      ...(userAssigned.length > 0 && {
        userAssignedIdentities: Object.fromEntries(userAssigned.map(name => [name, idsOf(world, name)])),
      }),
    },
  }
}

/** A deleted identity leaves only its id. */
function idsOf(world: World, id: string) {
  const identity = identityWithId(world, id)
  return identity ? { principalId: identity.servicePrincipal?.objectId, clientId: identity.clientId } : {}
}
