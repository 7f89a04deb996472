import type { World } from '../world.ts'

/** What kind of object of a tenant's directory an id is; undefined where the directory has none with the id. */
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
  // A managed identity has no application object: the world wants an id for it all the same.
  const isApplication = applications.some(({ kind, objectId: own }) => kind === 'application' && own === id)
  return isApplication ? 'Application' : undefined
}
