import type { World } from '../world.ts'

/** The kind of a directory object; undefined if the tenant's directory has no such id. */
export function directoryObject(
  world: World,
  tenantId: string,
  objectId: string,
): 'ServicePrincipal' | 'User' | 'Group' | 'Application' | undefined {
  const id = objectId.toLowerCase()
  const isThere = (object: { objectId: string; tenantId: string }) =>
    object.objectId === id && object.tenantId === tenantId
  const applications = world.applications.filter(application => application.tenantId === tenantId)
  if (applications.some(({ servicePrincipal }) => servicePrincipal?.objectId === id))
    return 'ServicePrincipal'
  if (world.users.some(isThere)) return 'User'
  if (world.groups.some(isThere)) return 'Group'
  // A managed identity has no application object, although the world has an id for one.
  const isApplication = applications.some(({ kind, objectId: own }) => kind === 'application' && own === id)
  return isApplication ? 'Application' : undefined
}
