import * as v from 'valibot'
import { unfitExpression } from '../../claims-matching.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { Application, FederatedCredential } from '../../world.ts'
import { ArmError } from '../errors.ts'
import { type Call, type Gateway, queryParameter } from '../gateway.ts'
import { page, wantedSize } from '../paging.ts'
import { readBody, resourceEnvelope } from '../request-body.ts'
import { azureInstant } from '../values.ts'
import { findIdentity, IDENTITY_PATH, IDENTITY_TYPE } from './identities.ts'

const TYPE = `${IDENTITY_TYPE}/federatedIdentityCredentials`
const COLLECTION = `${IDENTITY_PATH}/federatedIdentityCredentials`
const SINGLE = `${COLLECTION}/{credential}`

/** Limits: learn.microsoft.com, considerations for federated identity credentials. */
const text = v.pipe(v.string(), v.nonEmpty(), v.maxLength(600))
const WRITE = v.strictObject({
  ...resourceEnvelope,
  properties: v.strictObject({
    issuer: v.pipe(text, v.url()),
    subject: v.optional(text),
    audiences: v.pipe(v.array(text), v.length(1)),
    claimsMatchingExpression: v.optional(v.strictObject({ value: text, languageVersion: v.literal(1) })),
  }),
})
type Trust = v.InferOutput<typeof WRITE>['properties']

const NAME = /^[A-Za-z0-9][\w-]{2,119}$/
const MOST = 20
/** The first version with expressions in place of a subject. */
const FLEXIBLE_SINCE = '2025-01-31'

/** The issuers and subjects that a user-assigned identity trusts. */
export function federatedCredentialRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function find(call: Call, verb: 'read' | 'write' | 'delete') {
    const { credential: name = '' } = call.params
    const child = `/federatedIdentityCredentials/${name}`
    const { identity, id } = findIdentity(gateway, call, `${TYPE}/${verb}`, child)
    return {
      identity,
      id,
      name,
      credential: identity.federatedCredentials.find(other => other.name === name),
    }
  }

  function list(call: Call): ServiceReply {
    const { identity, id } = find(call, 'read')
    const value = identity.federatedCredentials.map(each => credentialBody(each, id))
    return page(call, value, { origin: context.endpoints.resourceManager, size: wantedSize(call, MOST) })
  }

  function get(call: Call): ServiceReply {
    const { credential, id, name } = find(call, 'read')
    if (credential) return { status: 200, body: credentialBody(credential, id) }
    throw new ArmError(404, 'NotFound', `The federated identity credential '${name}' was not found.`)
  }

  function create(call: Call): ServiceReply {
    const { identity, id, name, credential } = find(call, 'write')
    const { properties } = readBody(call, WRITE)
    requireTrust(properties, call)
    requireFits(identity, name, properties)
    const written = { name, ...properties, createdOn: azureInstant(context.clock.now(), '0000') }
    const others = identity.federatedCredentials.filter(other => other !== credential)
    identity.federatedCredentials = [...others, written]
    const body = credentialBody(written, id)
    return credential ? { status: 200, body } : { status: 201, headers: { location: body.id }, body }
  }

  function remove(call: Call): ServiceReply {
    const { identity, credential } = find(call, 'delete')
    if (!credential) return { status: 204 }
    identity.federatedCredentials = identity.federatedCredentials.filter(other => other !== credential)
    return { status: 200 }
  }

  return gateway.routes([
    ['federatedCredentials.list', 'GET', COLLECTION, 'FederatedIdentityCredentials_List', list],
    ['federatedCredentials.get', 'GET', SINGLE, 'FederatedIdentityCredentials_Get', get],
    ['federatedCredentials.create', 'PUT', SINGLE, 'FederatedIdentityCredentials_CreateOrUpdate', create],
    ['federatedCredentials.delete', 'DELETE', SINGLE, 'FederatedIdentityCredentials_Delete', remove],
  ])
}

/**
 * The API accepts expressions, but Entra accepts none for a managed identity: none for GitHub, and by Microsoft's page none at
 * all (set up a flexible credential, 2026-08-14).
 * @throws ArmError 400 if it does not say whom the identity trusts
 */
function requireTrust({ issuer, subject, claimsMatchingExpression }: Trust, { request }: Call): void {
  const isFlexible = (queryParameter(request.url, 'api-version') ?? '') >= FLEXIBLE_SINCE
  if (claimsMatchingExpression !== undefined && !isFlexible) {
    throw badRequest(`'claimsMatchingExpression' is known since api-version ${FLEXIBLE_SINCE}-preview.`)
  }
  if ((subject === undefined) === (claimsMatchingExpression === undefined)) {
    throw badRequest(
      "The request format was unexpected. Federated Identity Credential must specify 'issuer', 'subject' and 'audience'.",
    )
  }
  if (claimsMatchingExpression) throw badRequest(unfitExpression(claimsMatchingExpression.value, issuer))
}

/** The first wording is Azure's (zioproto/istio-aks-example#6); that of the others is not known. */
const badRequest = (message: string) => new ArmError(400, 'BadRequest', message)

/** @throws ArmError if an identity cannot have such a credential */
function requireFits({ federatedCredentials }: Application, name: string, wanted: Trust): void {
  if (!NAME.test(name)) throw badRequest(`'${name}' is no name of a federated identity credential.`)
  const others = federatedCredentials.filter(other => other.name !== name)
  if (others.some(other => isSameTrust(other, wanted))) {
    throw new ArmError(
      409,
      'Conflict',
      'Issuer and subject combination already exists for this Managed Identity.',
    )
  }
  if (others.length >= MOST) throw badRequest(`There are ${MOST} federated identity credentials already.`)
}

const isSameTrust = (one: Trust | FederatedCredential, other: Trust) =>
  one.issuer === other.issuer &&
  one.subject === other.subject &&
  one.claimsMatchingExpression?.value === other.claimsMatchingExpression?.value

function credentialBody(credential: FederatedCredential, identityId: string) {
  const { name, issuer, subject, audiences, claimsMatchingExpression } = credential
  return {
    id: `${identityId}/federatedIdentityCredentials/${name}`,
    name,
    type: TYPE,
    properties: {
      issuer,
      ...(subject === undefined ? {} : { subject }),
      ...(claimsMatchingExpression && { claimsMatchingExpression }),
      audiences,
    },
  }
}
