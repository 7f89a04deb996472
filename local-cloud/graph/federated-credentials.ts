import * as v from 'valibot'
import { expressionFault } from '../claims-matching.ts'
import type { Route, ServiceReply } from '../service.ts'
import { type Application, type FederatedCredential, GITHUB_ISSUER } from '../world.ts'
import { findApplication } from './applications.ts'
import { credentialBody } from './bodies.ts'
import { badRequest, GraphError, inUse, notFound } from './errors.ts'
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
/** The name stands in the address. */
const UPSERT = v.strictObject(trust)

type Written = Partial<v.InferOutput<typeof CREATE>>

/** Federated credentials of applications. */
export function federatedCredentialRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  const fragmentOf = ({ objectId }: Application) => `applications('${objectId}')/federatedIdentityCredentials`

  function look(call: Call) {
    const application = findApplication(gateway, call)
    const { credential: id, credentialBy: name } = call.params
    const credential = application.federatedCredentials.find(
      candidate =>
        candidate.name === (id ?? name) || credentialBody(application, candidate).id === id?.toLowerCase(),
    )
    return { application, credential }
  }

  function find(call: Call) {
    const { application, credential } = look(call)
    if (!credential) throw missing(call)
    return { application, credential }
  }

  function list(call: Call): ServiceReply {
    const application = findApplication(gateway, call)
    const value = application.federatedCredentials.map(each => credentialBody(application, each))
    return brokenOff(call, listReply(gateway, call, fragmentOf(application), value))
  }

  function get(call: Call): ServiceReply {
    const { application, credential } = find(call)
    const body = credentialBody(application, credential)
    return brokenOff(call, objectReply(gateway, call, fragmentOf(application), body))
  }

  const create = (call: Call): ServiceReply =>
    store(call, findApplication(gateway, call), readBody(call, CREATE))

  function store(call: Call, application: Application, body: v.InferOutput<typeof CREATE>): ServiceReply {
    const { name, audiences, issuer, ...others } = body
    requireVersion(call, body)
    const written: FederatedCredential = {
      ...merged({ name, issuer, audiences }, others),
      id: crypto.randomUUID(),
      createdOn: new Date(context.clock.now()).toISOString(),
    }
    requireFits(application.federatedCredentials, written, context.endpoints.github)
    application.federatedCredentials.push(written)
    return createdReply(gateway, call, fragmentOf(application), credentialBody(application, written))
  }

  /** A change reaches Entra as late as a new one. By name, and if the caller prefers it, a missing one is created. */
  function update(call: Call): ServiceReply {
    const { application, credential } = look(call)
    const { credentialBy: name } = call.params
    const prefersNew = call.request.headers.prefer === 'create-if-missing'
    if (credential === undefined && name !== undefined && prefersNew)
      return store(call, application, { ...readBody(call, UPSERT), name })
    if (credential === undefined) throw missing(call)
    const changes = readBody(call, UPDATE)
    requireVersion(call, changes)
    const changed = merged(credential, changes)
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

const missing = ({ params }: Call) => notFound(params.credential ?? params.credentialBy ?? '')

/** A null removes a member. */
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

/**
 * Version 1.0 knows subjects alone.
 * @throws GraphError for an expression, in the words that az gets, which uses that version (Azure/azure-cli#32816)
 */
function requireVersion({ params }: Call, { claimsMatchingExpression }: Written): void {
  if (params.version === 'v1.0' && claimsMatchingExpression)
    throw badRequest("Property 'subject' cannot be empty.")
}

/**
 * What a reader of version 1.0 gets if one of the credentials has an expression: the reply begins with 200, and breaks off at the
 * subject that is null (Azure/azure-workload-identity#373).
 */
function brokenOff({ params }: Call, reply: ServiceReply): ServiceReply {
  const text = JSON.stringify(reply.body)
  const at = text.indexOf(',"subject":null')
  if (params.version !== 'v1.0' || at < 0) return reply
  const message =
    "The property 'subject[Nullable=False]' of type 'Edm.String' has a null value, which is not allowed."
  return {
    ...reply,
    body: `${text.slice(0, at)}${JSON.stringify({ error: { code: 'InternalServerError', message } })}`,
  }
}

/** Azure's own words for most of this are not known. @throws GraphError if an application cannot have such a credential */
function requireFits(
  others: readonly FederatedCredential[],
  { name, issuer, subject, claimsMatchingExpression }: FederatedCredential,
  localIssuer: string,
): void {
  if ((subject === undefined) === (claimsMatchingExpression === undefined)) {
    throw badRequest('Exactly one of the properties subject and claimsMatchingExpression must be specified.')
  }
  const isGitHub = [GITHUB_ISSUER, localIssuer].includes(issuer)
  const fault = claimsMatchingExpression && expressionFault(claimsMatchingExpression.value, issuer, isGitHub)
  if (fault) throw new GraphError(400, 'InvalidFederatedIdentityCredentialValue', fault)
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
