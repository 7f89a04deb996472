import * as v from 'valibot'
import { expressionFault } from '../claims-matching.ts'
import type { Route, ServiceReply } from '../service.ts'
import { type Application, type FederatedCredential, GITHUB_ISSUER } from '../world.ts'
import { findApplication } from './applications.ts'
import { credentialBody } from './bodies.ts'
import { badRequest, inUse, notFound } from './errors.ts'
import { type Call, type Gateway, readBody } from './gateway.ts'
import { createdReply, listReply, objectReply } from './queries.ts'

const COLLECTION = '/applications/{application}/federatedIdentityCredentials'
const SINGLE = `${COLLECTION}/{credential}`

/** Limits: learn.microsoft.com, considerations for federated identity credentials. */
const text = v.pipe(v.string(), v.nonEmpty(), v.maxLength(600))
const trust = {
  issuer: v.pipe(text, v.url()),
  subject: v.nullish(text),
  audiences: v.pipe(v.array(text), v.length(1)),
  description: v.nullish(v.pipe(v.string(), v.maxLength(600))),
  claimsMatchingExpression: v.nullish(v.strictObject({ value: text, languageVersion: v.literal(1) })),
}
const CREATE = v.strictObject({ name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w-]{2,119}$/)), ...trust })
const UPDATE = v.strictObject({
  ...trust,
  issuer: v.exactOptional(trust.issuer),
  audiences: v.exactOptional(trust.audiences),
})
const MOST = 20

type Written = Partial<v.InferOutput<typeof CREATE>>

/** Whom an application trusts. */
export function federatedCredentialRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  const fragmentOf = ({ objectId }: Application) => `applications('${objectId}')/federatedIdentityCredentials`

  function find(call: Call) {
    const application = findApplication(gateway, call)
    const { credential: wanted = '' } = call.params
    const credential = application.federatedCredentials.find(
      candidate =>
        candidate.name === wanted || credentialBody(application, candidate).id === wanted.toLowerCase(),
    )
    if (!credential) throw notFound(wanted)
    return { application, credential }
  }

  function list(call: Call): ServiceReply {
    const application = findApplication(gateway, call)
    const value = application.federatedCredentials.map(each => credentialBody(application, each))
    return listReply(gateway, call, fragmentOf(application), value)
  }

  function get(call: Call): ServiceReply {
    const { application, credential } = find(call)
    return objectReply(gateway, call, fragmentOf(application), credentialBody(application, credential))
  }

  function create(call: Call): ServiceReply {
    const application = findApplication(gateway, call)
    const { name, audiences, issuer, ...others } = readBody(call, CREATE)
    const written: FederatedCredential = {
      ...merged({ name, issuer, audiences }, others),
      id: crypto.randomUUID(),
      createdOn: new Date(context.clock.now()).toISOString(),
    }
    requireFits(application.federatedCredentials, written, context.endpoints.github)
    application.federatedCredentials.push(written)
    return createdReply(gateway, call, fragmentOf(application), credentialBody(application, written))
  }

  /** Entra learns of it as late as of a new one. */
  function update(call: Call): ServiceReply {
    const { application, credential } = find(call)
    const changed = merged(credential, readBody(call, UPDATE))
    const others = application.federatedCredentials.filter(other => other !== credential)
    requireFits(others, changed, context.endpoints.github)
    application.federatedCredentials = [
      ...others,
      { ...changed, createdOn: new Date(context.clock.now()).toISOString() },
    ]
    return { status: 204 }
  }

  function remove(call: Call): ServiceReply {
    const { application, credential } = find(call)
    application.federatedCredentials = application.federatedCredentials.filter(other => other !== credential)
    return { status: 204 }
  }

  return gateway.routes([
    [
      'applications.federatedCredentials.list',
      'GET',
      COLLECTION,
      'application-list-federatedidentitycredentials',
      'readApplications',
      list,
    ],
    [
      'applications.federatedCredentials.create',
      'POST',
      COLLECTION,
      'application-post-federatedidentitycredentials',
      'writeApplications',
      create,
    ],
    [
      'applications.federatedCredentials.get',
      'GET',
      SINGLE,
      'federatedidentitycredential-get',
      'readApplications',
      get,
    ],
    [
      'applications.federatedCredentials.update',
      'PATCH',
      SINGLE,
      'federatedidentitycredential-update',
      'writeApplications',
      update,
    ],
    [
      'applications.federatedCredentials.delete',
      'DELETE',
      SINGLE,
      'federatedidentitycredential-delete',
      'writeApplications',
      remove,
    ],
  ])
}

/** A null takes a member away. */
function merged(credential: FederatedCredential, changes: Written): FederatedCredential {
  const all = { ...credential, ...changes }
  return {
    name: all.name,
    issuer: all.issuer,
    audiences: all.audiences,
    ...(all.id !== undefined && { id: all.id }),
    ...(typeof all.subject === 'string' && { subject: all.subject }),
    ...(typeof all.description === 'string' && { description: all.description }),
    ...(all.claimsMatchingExpression && { claimsMatchingExpression: all.claimsMatchingExpression }),
  }
}

/** How Azure words most of this is not known. @throws GraphError where an application cannot have such a credential */
function requireFits(
  others: readonly FederatedCredential[],
  { name, issuer, subject, claimsMatchingExpression }: FederatedCredential,
  localIssuer: string,
): void {
  if ((subject === undefined) === (claimsMatchingExpression === undefined)) {
    throw badRequest('Exactly one of the properties subject and claimsMatchingExpression must be specified.')
  }
  const isGitHub = [GITHUB_ISSUER, localIssuer].includes(issuer)
  const fault = claimsMatchingExpression && expressionFault(claimsMatchingExpression.value, isGitHub)
  if (fault) throw badRequest(fault)
  if (others.some(other => other.name === name)) {
    throw inUse(`FederatedIdentityCredential with name ${name} already exists.`)
  }
  const isTwin = (other: FederatedCredential) =>
    other.issuer === issuer &&
    other.subject === subject &&
    other.claimsMatchingExpression?.value === claimsMatchingExpression?.value
  if (others.some(isTwin)) {
    throw inUse('A federated identity credential with the same issuer and subject already exists.')
  }
  if (others.length >= MOST)
    throw badRequest(`An application has at most ${MOST} federated identity credentials.`)
}
