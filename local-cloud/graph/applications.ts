import * as v from 'valibot'
import type { Route, ServiceReply } from '../service.ts'
import type { Application } from '../world.ts'
import { applicationBody } from './bodies.ts'
import { notFound } from './errors.ts'
import { type Call, type Gateway, readBody } from './gateway.ts'
import { createdReply, listReply, objectReply } from './queries.ts'

const displayName = v.pipe(v.string(), v.nonEmpty(), v.maxLength(256))
const signInAudience = v.picklist([
  'AzureADMyOrg',
  'AzureADMultipleOrgs',
  'AzureADandPersonalMicrosoftAccount',
  'PersonalMicrosoftAccount',
])
/** az sends it always. An application here signs in by federated credentials alone. */
const keyCredentials = v.optional(v.pipe(v.array(v.unknown()), v.length(0)))
const CREATE = v.strictObject({
  displayName,
  // What an application gets that says nothing about it.
  signInAudience: v.optional(signInAudience, 'AzureADandPersonalMicrosoftAccount'),
  keyCredentials,
})
const UPDATE = v.strictObject({
  displayName: v.optional(displayName),
  signInAudience: v.optional(signInAudience),
  keyCredentials,
})

/** Application registrations. A managed identity has none. */
export function applicationRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function list(call: Call): ServiceReply {
    const value = registrations(gateway, call).map(applicationBody)
    return listReply(gateway, call, 'applications', value)
  }

  const get = (call: Call): ServiceReply =>
    objectReply(gateway, call, 'applications', applicationBody(findApplication(gateway, call)))

  function create(call: Call): ServiceReply {
    const written = readBody(call, CREATE)
    const created: Application = {
      kind: 'application',
      displayName: written.displayName,
      signInAudience: written.signInAudience,
      clientId: crypto.randomUUID(),
      tenantId: call.tenantId,
      objectId: crypto.randomUUID(),
      servicePrincipal: null,
      createdOn: new Date(context.clock.now()).toISOString(),
      federatedCredentials: [],
    }
    context.world.applications.push(created)
    return createdReply(gateway, call, 'applications', applicationBody(created))
  }

  function update(call: Call): ServiceReply {
    const application = findApplication(gateway, call)
    const { displayName: name, signInAudience: audience } = readBody(call, UPDATE)
    if (name !== undefined) application.displayName = name
    if (audience !== undefined) application.signInAudience = audience
    return { status: 204 }
  }

  /** Its service principal goes with it. Azure keeps both for thirty days, among what was deleted. */
  function remove(call: Call): ServiceReply {
    const application = findApplication(gateway, call)
    context.world.applications = context.world.applications.filter(other => other !== application)
    return { status: 204 }
  }

  return gateway.routes([
    ['applications.list', 'GET', '/applications', 'application-list', 'readApplications', list],
    [
      'applications.create',
      'POST',
      '/applications',
      'application-post-applications',
      'writeApplications',
      create,
    ],
    ['applications.get', 'GET', '/applications/{application}', 'application-get', 'readApplications', get],
    [
      'applications.update',
      'PATCH',
      '/applications/{application}',
      'application-update',
      'writeApplications',
      update,
    ],
    [
      'applications.delete',
      'DELETE',
      '/applications/{application}',
      'application-delete',
      'writeApplications',
      remove,
    ],
  ])
}

const registrations = ({ context }: Gateway, { tenantId }: Call) =>
  context.world.applications.filter(({ kind, tenantId: own }) => kind === 'application' && own === tenantId)

/** @throws GraphError 404 */
export function findApplication(gateway: Gateway, call: Call): Application {
  const { application: id, applicationBy: appId } = call.params
  const found = registrations(gateway, call).find(({ objectId, clientId }) =>
    id === undefined ? clientId === appId?.toLowerCase() : objectId === id.toLowerCase(),
  )
  if (found) return found
  throw notFound(id ?? appId ?? '')
}
