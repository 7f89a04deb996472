import * as v from 'valibot'
import type { Route, ServiceReply } from '../service.ts'
import type { Application } from '../world.ts'
import { servicePrincipalBody } from './bodies.ts'
import { badRequest, inUse, notFound } from './errors.ts'
import { type Call, type Gateway, readBody } from './gateway.ts'
import { createdReply, listReply, objectReply } from './queries.ts'

const CREATE = v.strictObject({
  appId: v.pipe(v.string(), v.uuid()),
  accountEnabled: v.optional(v.boolean(), true),
})
const UPDATE = v.strictObject({ accountEnabled: v.optional(v.boolean()) })
const SINGLE = '/servicePrincipals/{principal}'

/** Service principals of applications and of managed identities. */
export function servicePrincipalRoutes(gateway: Gateway): Route[] {
  const { context } = gateway
  const ofTenant = ({ tenantId }: Call) =>
    context.world.applications.filter(application => application.tenantId === tenantId)

  function find(call: Call): {
    application: Application
    principal: NonNullable<Application['servicePrincipal']>
  } {
    const { principal: id, principalBy: appId } = call.params
    for (const application of ofTenant(call)) {
      const { servicePrincipal: principal, clientId } = application
      if (principal === null) continue
      const isMeant =
        id === undefined ? clientId === appId?.toLowerCase() : principal.objectId === id.toLowerCase()
      if (isMeant) return { application, principal }
    }
    throw notFound(id ?? appId ?? '')
  }

  function list(call: Call): ServiceReply {
    const value = ofTenant(call).flatMap(application =>
      application.servicePrincipal === null
        ? []
        : [servicePrincipalBody(application, application.servicePrincipal)],
    )
    return listReply(gateway, call, 'servicePrincipals', value)
  }

  function get(call: Call): ServiceReply {
    const { application, principal } = find(call)
    return objectReply(gateway, call, 'servicePrincipals', servicePrincipalBody(application, principal))
  }

  function create(call: Call): ServiceReply {
    const { appId, accountEnabled } = readBody(call, CREATE)
    const application = ofTenant(call).find(({ clientId }) => clientId === appId.toLowerCase())
    if (application === undefined) {
      throw badRequest(
        `The appId '${appId}' of the service principal does not reference a valid application object.`,
      )
    }
    if (application.servicePrincipal !== null) {
      throw inUse(
        'The service principal cannot be created, updated, or restored because the service principal name ' +
          `${appId} is already in use.`,
      )
    }
    const principal = { objectId: crypto.randomUUID(), enabled: accountEnabled }
    application.servicePrincipal = principal
    return createdReply(gateway, call, 'servicePrincipals', servicePrincipalBody(application, principal))
  }

  function update(call: Call): ServiceReply {
    const { principal } = find(call)
    principal.enabled = readBody(call, UPDATE).accountEnabled ?? principal.enabled
    return { status: 204 }
  }

  /** The principal of a managed identity can only be deleted with its resource. */
  function remove(call: Call): ServiceReply {
    const { application } = find(call)
    if (application.kind === 'managedIdentity') {
      throw badRequest('The service principal of a managed identity cannot be deleted.')
    }
    application.servicePrincipal = null
    return { status: 204 }
  }

  return gateway.routes([
    [
      'servicePrincipals.list',
      'GET',
      '/servicePrincipals',
      'serviceprincipal-list',
      'readApplications',
      list,
    ],
    [
      'servicePrincipals.create',
      'POST',
      '/servicePrincipals',
      'serviceprincipal-post-serviceprincipals',
      'writeApplications',
      create,
    ],
    ['servicePrincipals.get', 'GET', SINGLE, 'serviceprincipal-get', 'readApplications', get],
    ['servicePrincipals.update', 'PATCH', SINGLE, 'serviceprincipal-update', 'writeApplications', update],
    ['servicePrincipals.delete', 'DELETE', SINGLE, 'serviceprincipal-delete', 'writeApplications', remove],
  ])
}
