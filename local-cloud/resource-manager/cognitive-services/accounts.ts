import * as v from 'valibot'
import { accountId } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import { type Account, worldSchema } from '../../world.ts'
import { ArmError, gatewayError, locationRequired, NotImplemented } from '../errors.ts'
import { findResourceGroup, sameName } from '../existence.ts'
import { type Call, findSubscription, type Gateway } from '../gateway.ts'
import { assignIdentities } from '../identity-block.ts'
import { readBody } from '../request-body.ts'
import { locationName } from '../resources/locations.ts'
import { etagOf } from '../values.ts'
import {
  ACCOUNT_PATH,
  ACCOUNT_TYPE,
  ACCOUNTS_IN_GROUP,
  ACCOUNTS_IN_SUBSCRIPTION,
  accountScope,
  authorizedAccount,
  PROVIDER,
  requireSettled,
} from './account-access.ts'
import { accountBody } from './account-body.ts'
import { changesOf, kindNamed, skuOf, UNSET, type Wanted, WRITE } from './account-properties.ts'
import { deleteAccount } from './account-removal.ts'
import { findDeleted, forgetDeleted } from './deleted-accounts.ts'
import { requireFreeSubdomain } from './names.ts'
import { acceptedHeaders, asyncHeaders } from './operation-results.ts'

const READ = `${ACCOUNT_TYPE}/read`

/** Cognitive Services accounts, from creation to deletion. */
export function accountRoutes(gateway: Gateway): Route[] {
  const { context, authorizer, operations } = gateway
  const now = () => context.clock.now()

  const reply = (status: number, account: Account, state?: string): ServiceReply => ({
    status,
    headers: { etag: etagOf(account) },
    body: accountBody(context, account, state),
  })

  /** A list shows what the caller may read. It is refused only if the caller may read nothing. */
  function list(call: Call, scope: string, isIncluded: (account: Account) => boolean): ServiceReply {
    const readable = context.world.accounts.filter(
      account => isIncluded(account) && authorizer.mayAct(call.caller.oid, READ, accountId(account)),
    )
    if (readable.length === 0) {
      gateway.authorize(call, { action: READ, scope: `${scope}/providers/${PROVIDER}` })
    }
    return { status: 200, body: { value: readable.map(account => accountBody(context, account)) } }
  }

  function listBySubscription(call: Call): ServiceReply {
    const { subscription = '' } = call.params
    return list(call, `/subscriptions/${subscription}`, isIn(subscription))
  }

  function listByGroup(call: Call): ServiceReply {
    const { subscription = '', group = '' } = call.params
    const scope = `/subscriptions/${subscription}/resourceGroups/${group}`
    const found = list(call, scope, isIn(subscription, group))
    findResourceGroup(context.world, subscription, group)
    return found
  }

  const get = (call: Call): ServiceReply => reply(200, authorizedAccount(gateway, call, READ))

  /** Resource Manager shows the change at once. The data plane learns of it after the lag of key access. */
  function change(account: Account, changes: Partial<Account>): void {
    const tookKeys = account.disableLocalAuth !== true
    Object.assign(account, changes)
    if (tookKeys === (account.disableLocalAuth !== true)) return
    account.keyAccessChangedOn = new Date(now()).toISOString()
  }

  /** A write is checked in full before any part of it takes effect. */
  async function write(account: Account, wanted: Wanted, replaces: boolean): Promise<ServiceReply> {
    requireSettled(account, now())
    requireSameLocation(account, wanted.location)
    const { customSubDomainName } = wanted.properties
    if (wanted.properties.restore) throw new NotImplemented("'restore' of an account that is not deleted")
    const opens = customSubDomainName !== undefined && account.customSubDomainName === null
    if (!opens) requireSameSubdomain(account, customSubDomainName)
    if (opens) requireFreeSubdomain(context, customSubDomainName)
    const changes = { ...(replaces && UNSET), ...changesOf(wanted, account) }
    const identity = identityAfter(account, wanted, replaces)
    change(account, { ...changes, ...(identity && { identity }) })
    if (!opens && (replaces || !takesTime(wanted))) return reply(200, account)
    if (opens) {
      account.customSubDomainName = customSubDomainName
      await context.openHosts(account)
    }
    return accepted(account)
  }

  function accepted(account: Account): ServiceReply {
    const operation = operations.begin(account.subscriptionId, 'Accepted')
    account.pending = { state: 'Accepted', until: new Date(operation.endsAt).toISOString() }
    const told = reply(202, account, 'Accepted')
    return { ...told, headers: { ...told.headers, ...acceptedHeaders(context, account.location, operation) } }
  }

  function identityAfter(account: Account, { identity: wanted }: Wanted, replaces: boolean) {
    const present = account.identity
    if (wanted === undefined && !replaces) return undefined
    if (wanted === undefined && present === undefined) return undefined
    return assignIdentities(context.world, accountId(account), {
      present,
      wanted: wanted ?? { type: 'None' },
      keepUserAssigned: !replaces,
    })
  }

  function update(call: Call): Promise<ServiceReply> {
    const account = authorizedAccount(gateway, call, `${ACCOUNT_TYPE}/write`)
    return write(account, readBody(call, WRITE), false)
  }

  function createOrReplace(call: Call): Promise<ServiceReply> {
    gateway.authorize(call, { action: `${ACCOUNT_TYPE}/write`, scope: accountScope(call) })
    const { subscription = '', group = '', account: name = '' } = call.params
    findResourceGroup(context.world, subscription, group)
    const wanted = readBody(call, WRITE)
    const present = context.world.accounts.find(
      account => isIn(subscription, group)(account) && sameName(account.name, name),
    )
    return present ? write(present, wanted, true) : create(call, wanted)
  }

  async function create(call: Call, wanted: Wanted): Promise<ServiceReply> {
    const { restore = false, customSubDomainName: subdomain } = wanted.properties
    const account = restore ? restored(call) : newAccount(call, wanted)
    if (!restore && subdomain !== undefined) requireFreeSubdomain(context, subdomain)
    const changes = changesOf(wanted, account)
    const identity = identityAfter(account, wanted, false)
    change(account, { ...changes, ...(identity && { identity }) })
    forgetDeleted(context, call.params)
    context.world.accounts.push(account)
    if (account.customSubDomainName !== null) await context.openHosts(account)
    const operation = operations.begin(account.subscriptionId, 'Creating')
    account.pending = { state: 'Creating', until: new Date(operation.endsAt).toISOString() }
    const created = reply(201, account, 'Creating')
    return {
      ...created,
      headers: { ...created.headers, ...asyncHeaders(context, account.location, operation) },
    }
  }

  function newAccount(call: Call, { kind, sku, location, properties }: Wanted): Account {
    const { subscription = '', group = '', account: name = '' } = call.params
    requireName(name)
    if (location === undefined) throw locationRequired()
    if (kind === undefined || sku === undefined) throw missing(kind === undefined ? 'kind' : 'sku')
    if (findDeleted(context, call.params)) throw flagMustBeSet(accountScope(call))
    const knownKind = kindNamed(kind)
    return v.parse(worldSchema.entries.accounts.item, {
      subscriptionId: findSubscription(context.world, subscription).id,
      resourceGroup: findResourceGroup(context.world, subscription, group).name,
      name,
      kind: knownKind,
      location,
      sku: skuOf(knownKind, sku.name),
      customSubDomainName: properties.customSubDomainName ?? null,
      // On, unless somebody switched it off.
      disableLocalAuth: null,
      // Accounts of other kinds have no projects.
      ...(knownKind === 'AIServices' && { allowProjectManagement: false }),
      createdOn: new Date(now()).toISOString(),
      createdBy: call.caller.appid,
    })
  }

  /** The account as before, apart from its former identity. */
  function restored(call: Call): Account {
    const deleted = findDeleted(context, call.params)
    if (!deleted)
      throw new ArmError(
        404,
        'CanNotRestoreANonExistingResource',
        'There is no deleted account of this name.',
      )
    const { identity: _, ...account } = deleted.account
    return { ...account, projects: account.projects.map(({ identity: __, ...project }) => project) }
  }

  function remove(call: Call): ServiceReply {
    gateway.authorize(call, { action: `${ACCOUNT_TYPE}/delete`, scope: accountScope(call) })
    const { subscription = '', group = '', account: name = '' } = call.params
    findResourceGroup(context.world, subscription, group)
    const account = context.world.accounts.find(
      candidate => isIn(subscription, group)(candidate) && sameName(candidate.name, name),
    )
    if (!account) return { status: 204 }
    requireSettled(account, now())
    requireNoProjects(account)
    deleteAccount(context.world, account, now())
    const operation = operations.begin(account.subscriptionId, 'Deleting')
    if (operations.isDone(operation)) return { status: 200 }
    return { status: 202, headers: acceptedHeaders(context, account.location, operation) }
  }

  return gateway.routes([
    ['accounts.listBySubscription', 'GET', ACCOUNTS_IN_SUBSCRIPTION, 'Accounts_List', listBySubscription],
    ['accounts.listByResourceGroup', 'GET', ACCOUNTS_IN_GROUP, 'Accounts_ListByResourceGroup', listByGroup],
    ['accounts.get', 'GET', ACCOUNT_PATH, 'Accounts_Get', get],
    ['accounts.create', 'PUT', ACCOUNT_PATH, 'Accounts_Create', createOrReplace],
    ['accounts.update', 'PATCH', ACCOUNT_PATH, 'Accounts_Update', update],
    ['accounts.delete', 'DELETE', ACCOUNT_PATH, 'Accounts_Delete', remove],
  ])
}

/** A PATCH of these, or of the subdomain, is answered with 202; one of tags and sku with 200 (recordings of az). */
const takesTime = ({ identity, properties }: Wanted): boolean =>
  identity !== undefined || properties.networkAcls !== undefined

const isIn =
  (subscriptionId: string, group?: string) =>
  (account: Account): boolean =>
    account.subscriptionId === subscriptionId.toLowerCase() &&
    (group === undefined || sameName(account.resourceGroup, group))

/**
 * An account's name must match the description's pattern.
 * @throws ArmError 400
 */
function requireName(name: string): void {
  if (/^[a-zA-Z0-9][a-zA-Z0-9_.-]{1,63}$/.test(name)) return
  throw new ArmError(400, 'BadRequest', `The account name '${name}' is invalid.`)
}

const missing = (member: string) =>
  new ArmError(400, 'InvalidRequestContent', `The request content is not valid: '${member}' is missing.`)

/** @throws ArmError 409: a resource cannot be moved */
function requireSameLocation({ location, name, resourceGroup }: Account, wanted: string | undefined): void {
  if (wanted === undefined || locationName(wanted) === locationName(location)) return
  throw gatewayError(
    409,
    'InvalidResourceLocation',
    `The resource '${name}' already exists in location '${location}' in resource group '${resourceGroup}'. A resource ` +
      `with the same name cannot be created in location '${wanted}'. Please select a new resource name.`,
  )
}

/** @throws ArmError 400 */
function requireSameSubdomain({ customSubDomainName }: Account, wanted: string | undefined): void {
  if (wanted === undefined || wanted === customSubDomainName) return
  throw new ArmError(
    400,
    'InvalidRequestContent',
    `The custom subdomain '${customSubDomainName}' cannot be changed.`,
  )
}

/** The wording is from users' quotations. */
const flagMustBeSet = (id: string) =>
  new ArmError(
    409,
    'FlagMustBeSetForRestore',
    `An existing resource with ID '${id}' has been soft-deleted. To restore the resource, you must specify 'restore' to be ` +
      "'true' in the property. If you don't want to restore existing resource, please purge it first.",
  )

/**
 * Resource Manager keeps an account that has projects, because they are resources with a location of their own.
 * @throws ArmError 409
 */
function requireNoProjects({ name, projects }: Account): void {
  if (projects.length === 0) return
  const ids = projects.map(project => `'${ACCOUNT_TYPE}/${name}/projects/${project.name}'`).join(',')
  throw gatewayError(
    409,
    'CannotDeleteResource',
    'Cannot delete resource while nested resources exist. Some existing nested resource IDs include: ' +
      `${ids}. Please delete all nested resources before deleting this resource.`,
  )
}
