import * as v from 'valibot'
import type { Route } from '../service.ts'
import type { Application, FederatedCredential } from '../world.ts'
import { ArmError, resourceNotFound } from './errors.ts'
import { findResourceGroup } from './existence.ts'
import { type Call, findSubscription, type Gateway } from './gateway.ts'
import { readBody } from './request-body.ts'
import { azureInstant } from './values.ts'

const TYPE = 'Microsoft.ManagedIdentity/userAssignedIdentities'
const CREDENTIALS_TYPE = `${TYPE}/federatedIdentityCredentials`
const IDENTITIES = String.raw`/subscriptions/(?<subscription>[^/]+)/resourcegroups/(?<group>[^/]+)/providers/Microsoft\.ManagedIdentity/userAssignedIdentities`
const CREDENTIALS = `${IDENTITIES}/(?<identity>[^/]+)/federatedIdentityCredentials`

const IDENTITY = v.object({ location: v.string() })

/** Limits: learn.microsoft.com, considerations for federated identity credentials. */
const CREDENTIAL = v.object({
  properties: v.object({
    issuer: v.pipe(v.string(), v.url(), v.maxLength(600)),
    subject: v.pipe(v.string(), v.nonEmpty(), v.maxLength(600)),
    audiences: v.pipe(v.array(v.pipe(v.string(), v.maxLength(600))), v.length(1)),
  }),
})
const CREDENTIAL_NAME = /^[A-Za-z0-9][\w-]{2,119}$/
const MOST_CREDENTIALS = 20

/** User-assigned managed identities and whom they trust. None is ever removed here. */
export function managedIdentityRoutes(gateway: Gateway): Route[] {
  const { context } = gateway
  const path = (pattern: string) => new RegExp(`^${pattern}$`)

  /** What the path names, if the caller may do `action` there; `identity` is undefined where there is none. */
  function look(call: Call, action: string) {
    const { subscription = '', group = '', identity: name = '' } = call.params
    const collection = `/subscriptions/${subscription}/resourceGroups/${group}/providers/${TYPE}/`
    const id = `${collection}${name}`
    gateway.authorize(call, { action, scope: id })
    const { location } = findResourceGroup(context.world, subscription, group)
    const all = context.world.applications.filter(({ resourceId = '' }) =>
      resourceId.toLowerCase().startsWith(collection.toLowerCase()),
    )
    const identity = all.find(({ resourceId }) => resourceId?.toLowerCase() === id.toLowerCase())
    return { id, name, group, subscription, location, all, identity }
  }

  function find(call: Call, action: string) {
    const seen = look(call, action)
    if (seen.identity) return { ...seen, identity: seen.identity }
    throw resourceNotFound(`${TYPE}/${seen.name}`, seen.group)
  }

  return [
    gateway.route('identities.list', 'GET', path(IDENTITIES), call => {
      const { all, location } = look(call, `${TYPE}/read`)
      return { status: 200, body: { value: all.map(identity => identityBody(identity, location)) } }
    }),

    gateway.route('identities.get', 'GET', path(`${IDENTITIES}/(?<identity>[^/]+)`), call => {
      const { identity, location } = find(call, `${TYPE}/read`)
      return { status: 200, body: identityBody(identity, location) }
    }),

    gateway.route('identities.create', 'PUT', path(`${IDENTITIES}/(?<identity>[^/]+)`), call => {
      const { identity, id, name, subscription, location } = look(call, `${TYPE}/write`)
      readBody(call, IDENTITY)
      if (identity) return { status: 200, body: identityBody(identity, location) }
      const objectId = crypto.randomUUID()
      const created: Application = {
        kind: 'managedIdentity',
        displayName: name,
        clientId: crypto.randomUUID(),
        tenantId: findSubscription(context.world, subscription).tenantId,
        objectId,
        servicePrincipal: { objectId, enabled: true },
        resourceId: id,
        federatedCredentials: [],
      }
      context.world.applications.push(created)
      return { status: 201, body: identityBody(created, location) }
    }),

    gateway.route('federatedCredentials.list', 'GET', path(CREDENTIALS), call => {
      const { identity, id } = find(call, `${CREDENTIALS_TYPE}/read`)
      return {
        status: 200,
        body: { value: identity.federatedCredentials.map(each => credentialBody(each, id)) },
      }
    }),

    gateway.route('federatedCredentials.create', 'PUT', path(`${CREDENTIALS}/(?<credential>[^/]+)`), call => {
      const { identity, id } = find(call, `${CREDENTIALS_TYPE}/write`)
      const { properties } = readBody(call, CREDENTIAL)
      const { credential: name = '' } = call.params
      requireFits(identity, name, properties)
      const createdOn = azureInstant(context.clock.now(), '0000')
      const written: FederatedCredential = { name, ...properties, createdOn }
      const present = identity.federatedCredentials.find(other => other.name === name)
      if (present) Object.assign(present, written)
      else identity.federatedCredentials.push(written)
      return { status: present ? 200 : 201, body: credentialBody(written, id) }
    }),
  ]
}

/** @throws ArmError where an identity cannot have such a credential */
function requireFits(
  { federatedCredentials }: Application,
  name: string,
  { issuer, subject }: Pick<FederatedCredential, 'issuer' | 'subject'>,
): void {
  if (!CREDENTIAL_NAME.test(name)) {
    throw new ArmError(400, 'BadRequest', `'${name}' is no name of a federated identity credential.`)
  }
  const others = federatedCredentials.filter(other => other.name !== name)
  if (others.some(other => other.issuer === issuer && other.subject === subject)) {
    throw new ArmError(
      409,
      'Conflict',
      'Issuer and subject combination already exists for this Managed Identity.',
    )
  }
  if (others.length >= MOST_CREDENTIALS) {
    throw new ArmError(
      400,
      'BadRequest',
      `There are ${MOST_CREDENTIALS} federated identity credentials already.`,
    )
  }
}

function identityBody(identity: Application, location: string) {
  const { resourceId: id, tenantId, clientId, servicePrincipal } = identity
  return {
    id,
    name: id?.split('/').at(-1),
    type: TYPE,
    location,
    tags: {},
    properties: { tenantId, principalId: servicePrincipal?.objectId, clientId },
  }
}

function credentialBody({ name, issuer, subject, audiences }: FederatedCredential, identityId: string) {
  return {
    id: `${identityId}/federatedIdentityCredentials/${name}`,
    name,
    type: CREDENTIALS_TYPE,
    properties: { issuer, subject, audiences },
  }
}
