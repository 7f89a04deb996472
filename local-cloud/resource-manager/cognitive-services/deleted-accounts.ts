import type { Context } from '../../context.ts'
import { GROUP_PATH, SUBSCRIPTION_PATH } from '../../paths.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { World } from '../../world.ts'
import { resourceNotFound } from '../errors.ts'
import { sameName } from '../existence.ts'
import { type Call, findSubscription, type Gateway } from '../gateway.ts'
import { locationName } from '../resources/locations.ts'
import { PROVIDER } from './account-access.ts'
import { accountBody } from './account-body.ts'
import { RETENTION_MS } from './account-removal.ts'
import { acceptedHeaders } from './operation-results.ts'

const COLLECTION = `${SUBSCRIPTION_PATH}/providers/${PROVIDER}/deletedAccounts`
const SINGLE =
  `${SUBSCRIPTION_PATH}/providers/${PROVIDER}/locations/{location}` +
  `${GROUP_PATH.replace(SUBSCRIPTION_PATH, '')}/deletedAccounts/{account}`
const ACTION = `${PROVIDER}/locations/resourceGroups/deletedAccounts`

type DeletedAccount = World['deletedAccounts'][number]

/** Deleted accounts that can still be restored. */
export function deletedAccountRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function find(call: Call, verb: 'read' | 'delete'): DeletedAccount | undefined {
    gateway.authorize(call, {
      action: `${ACTION}/${verb}`,
      scope: `/subscriptions/${call.params.subscription}`,
    })
    const deleted = findDeleted(context, call.params)
    const isThere = locationName(deleted?.account.location ?? '') === locationName(call.params.location ?? '')
    return isThere ? deleted : undefined
  }

  function list(call: Call): ServiceReply {
    const { id } = findSubscription(context.world, call.params.subscription ?? '')
    gateway.authorize(call, { action: `${PROVIDER}/deletedAccounts/read`, scope: `/subscriptions/${id}` })
    const value = remembered(context.world, context.clock.now())
      .filter(({ account }) => account.subscriptionId === id)
      .map(deleted => deletedBody(context, deleted))
    return { status: 200, body: { value } }
  }

  function get(call: Call): ServiceReply {
    const deleted = find(call, 'read')
    if (deleted) return { status: 200, body: deletedBody(context, deleted) }
    const { account = '', group = '', location = '' } = call.params
    throw resourceNotFound(
      `${PROVIDER}/locations/${location}/resourceGroups/${group}/deletedAccounts/${account}`,
      group,
    )
  }

  function purge(call: Call): ServiceReply {
    const deleted = find(call, 'delete')
    if (!deleted) return { status: 204 }
    const { subscriptionId, location } = deleted.account
    forgetDeleted(context, call.params)
    const operation = gateway.operations.begin(subscriptionId, 'Deleting')
    return { status: 202, headers: acceptedHeaders(context, location, operation) }
  }

  return gateway.routes([
    ['deletedAccounts.list', 'GET', COLLECTION, 'DeletedAccounts_List', list],
    ['deletedAccounts.get', 'GET', SINGLE, 'DeletedAccounts_Get', get],
    ['deletedAccounts.purge', 'DELETE', SINGLE, 'DeletedAccounts_Purge', purge],
  ])
}

/** Older ones are gone for good. */
export const remembered = ({ deletedAccounts }: World, now: number): DeletedAccount[] =>
  deletedAccounts.filter(({ deletedOn }) => now < Date.parse(deletedOn) + RETENTION_MS)

/** The deleted account that a path names by subscription, group and name. */
export function findDeleted({ world, clock }: Context, params: Call['params']): DeletedAccount | undefined {
  const { subscription = '', group = '', account: name = '' } = params
  return remembered(world, clock.now()).find(
    ({ account }) =>
      account.subscriptionId === subscription.toLowerCase() &&
      sameName(account.resourceGroup, group) &&
      sameName(account.name, name),
  )
}

/** Removes it from the deleted accounts, because it was purged or restored. */
export function forgetDeleted(context: Context, params: Call['params']): void {
  const deleted = findDeleted(context, params)
  context.world.deletedAccounts = context.world.deletedAccounts.filter(other => other !== deleted)
}

function deletedBody(context: Context, { account, deletedOn }: DeletedAccount) {
  const { subscriptionId, resourceGroup, name, location } = account
  const body = accountBody(context, account)
  const scheduledPurgeDate = new Date(Date.parse(deletedOn) + RETENTION_MS).toISOString()
  return {
    ...body,
    id: `/subscriptions/${subscriptionId}/providers/${PROVIDER}/locations/${location}/resourceGroups/${resourceGroup}/deletedAccounts/${name}`,
    properties: { ...body.properties, deletionDate: deletedOn, scheduledPurgeDate },
  }
}
