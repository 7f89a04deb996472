import type { Application, Tenant, World } from '../world.ts'
import { Refused } from './refused.ts'

const GUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i

const DOMAIN = /^[a-z0-9-]+(?:\.[a-z0-9-]+)+$/i

/** By its id: no tenant here has a domain. @throws Refused */
export function findTenant(world: World, name: string): Tenant {
  const tenant = world.tenants.find(({ id }) => id === name.toLowerCase())
  if (tenant) return tenant
  if (!GUID.test(name) && !DOMAIN.test(name)) {
    const message = `Specified tenant identifier '${name}' is neither a valid DNS name, nor a valid external domain.`
    throw new Refused(900023, 400, 'invalid_request', message)
  }
  throw new Refused(
    90002,
    400,
    'invalid_tenant',
    `Tenant '${name}' not found. Check to make sure you have the correct tenant ID and are signing into the ` +
      'correct cloud. Check with your subscription administrator, this may happen if there are no active ' +
      'subscriptions for the tenant.',
  )
}

/** @throws Refused */
export function findApplication(world: World, tenant: Tenant, clientId: string): Application {
  const found = world.applications.find(
    application => application.tenantId === tenant.id && application.clientId === clientId.toLowerCase(),
  )
  if (found) return found
  const message =
    `Application with identifier '${clientId}' was not found in the directory '${tenant.displayName}'. This can ` +
    'happen if the application has not been installed by the administrator of the tenant or consented to by any ' +
    'user in the tenant. You may have sent your authentication request to the wrong tenant.'
  throw new Refused(700016, 400, 'unauthorized_client', message)
}
