import type { Context } from '../context.ts'
import { sameText } from '../github/index.ts'
import type { Service, ServiceReply, ServiceRequest } from '../service.ts'
import type { Application } from '../world.ts'
import { enabledPrincipal } from './principals.ts'
import { Refused } from './refused.ts'
import { checkResource } from './resources.ts'

/** Life of a managed identity's token in seconds: a day, less a second (learn.microsoft.com, "how to use a VM token"). */
const TOKEN_LIFETIME = 86_399

/** Paths on the endpoint's address. */
export const APP_SERVICE_PATH = '/msi/token'
const IMDS_PATH = '/metadata/identity/oauth2/token'

/** How the two forms of the endpoint name the identity in a query (learn.microsoft.com, "overview-managed-identity", "how-to-use-vm-token"). */
const CLIENT_ID = ['client_id', 'clientid']
const OBJECT_ID = ['object_id', 'principal_id']
const RESOURCE_ID = ['msi_res_id', 'mi_res_id']

/** A request that the endpoint itself refuses, before Entra is asked. */
class Declined extends Error {
  readonly oauthError = 'invalid_request'
}

/**
 * The endpoint that gives an app in Azure the tokens of its managed identity: App Service's form at IDENTITY_ENDPOINT, and that
 * of virtual machines (IMDS). It answers for the named identity, or for the first of the world.
 * @param header what App Service's clients have to send in X-IDENTITY-HEADER
 */
export function createManagedIdentityEndpoint(context: Context, header: string): Service {
  function appService(request: ServiceRequest): ServiceReply {
    if (!sameText(request.headers['x-identity-header'] ?? '', header)) {
      return { status: 401, body: { statusCode: 401, message: 'Missing or wrong X-IDENTITY-HEADER.' } }
    }
    try {
      const { token, clientId, resource, expires, caller } = issue(context, request)
      const body = {
        access_token: token,
        expires_on: String(expires),
        resource,
        token_type: 'Bearer',
        client_id: clientId,
      }
      return { status: 200, body, caller }
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Declined)) throw error
      return { status: 400, body: { statusCode: 400, message: error.message } }
    }
  }

  function instanceMetadata(request: ServiceRequest): ServiceReply {
    const refused = (error: string, description: string) => ({
      status: 400,
      body: { error, error_description: description },
    })
    if (request.headers.metadata?.toLowerCase() !== 'true') {
      return refused('invalid_request', 'Required metadata header not specified')
    }
    try {
      const { token, clientId, resource, expires, caller } = issue(context, request)
      const body = {
        access_token: token,
        client_id: clientId,
        expires_in: String(TOKEN_LIFETIME),
        expires_on: String(expires),
        ext_expires_in: String(TOKEN_LIFETIME),
        not_before: String(expires - TOKEN_LIFETIME),
        resource,
        token_type: 'Bearer',
      }
      return { status: 200, body, caller }
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Declined)) throw error
      return refused(error.oauthError, error.message)
    }
  }

  return {
    name: 'managed-identity',
    routes: [
      { operation: 'appService.token', method: 'GET', path: /^\/msi\/token\/?$/, handle: appService },
      {
        operation: 'instanceMetadata.token',
        method: 'GET',
        path: new RegExp(`^${IMDS_PATH}$`),
        handle: instanceMetadata,
      },
    ],
    notFound: () => ({ status: 404 }),
    commonHeaders: () => ({ 'x-content-type-options': 'nosniff' }),
  }
}

function issue(context: Context, { url }: ServiceRequest) {
  const resource = url.searchParams.get('resource') ?? ''
  if (resource === '') throw new Declined('The query names no resource.')
  const identity = findIdentity(context, url.searchParams)
  const tenant = context.world.tenants.find(({ id }) => id === identity.tenantId)
  if (tenant === undefined) throw new Declined(NOT_FOUND)
  const principal = enabledPrincipal(identity)
  checkResource(resource, tenant, context)
  const claims = {
    aud: resource,
    tid: identity.tenantId,
    oid: principal.objectId,
    appid: identity.clientId,
  }
  const token = context.tokens.issue(
    identity.resourceId === undefined ? claims : { ...claims, xms_mirid: identity.resourceId },
    TOKEN_LIFETIME,
  )
  const expires = Math.floor(context.clock.now() / 1000) + TOKEN_LIFETIME
  return { token, clientId: identity.clientId, resource, expires, caller: principal.objectId }
}

function findIdentity({ world }: Context, query: URLSearchParams): Application {
  const identities = world.applications.filter(({ kind }) => kind === 'managedIdentity')
  const asked = (names: readonly string[]) =>
    names.map(name => query.get(name)?.toLowerCase()).find(value => value)
  const [clientId, objectId, resourceId] = [CLIENT_ID, OBJECT_ID, RESOURCE_ID].map(asked)
  const found = identities.find(
    identity =>
      (clientId === undefined || identity.clientId === clientId) &&
      (objectId === undefined || identity.servicePrincipal?.objectId === objectId) &&
      (resourceId === undefined || identity.resourceId?.toLowerCase() === resourceId),
  )
  if (found === undefined) throw new Declined(NOT_FOUND)
  return found
}

const NOT_FOUND = 'Identity not found'
