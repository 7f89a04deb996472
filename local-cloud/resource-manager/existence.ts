import { covers, managementGroupOf, normalizeScope } from '../scopes.ts'
import type { Account, World } from '../world.ts'
import { gatewayError, resourceNotFound } from './errors.ts'
import { findSubscription } from './gateway.ts'

/** Names, and whole ids, compare without case. */
export const sameName = (one: string, other: string) => one.toLowerCase() === other.toLowerCase()

/** @throws ArmError 404 */
export function findResourceGroup(
  world: World,
  subscriptionId: string,
  name: string,
): World['resourceGroups'][number] {
  const group = world.resourceGroups.find(
    candidate => candidate.subscriptionId === subscriptionId.toLowerCase() && sameName(candidate.name, name),
  )
  if (group) return group
  throw gatewayError(404, 'ResourceGroupNotFound', `Resource group '${name}' could not be found.`)
}

/** @throws ArmError 404 for the account, or for its group */
export function findAccount(
  world: World,
  subscriptionId: string,
  resourceGroup: string,
  name: string,
): Account {
  findResourceGroup(world, subscriptionId, resourceGroup)
  const account = world.accounts.find(
    candidate =>
      candidate.subscriptionId === subscriptionId.toLowerCase() &&
      sameName(candidate.resourceGroup, resourceGroup) &&
      sameName(candidate.name, name),
  )
  if (account) return account
  throw resourceNotFound(`Microsoft.CognitiveServices/accounts/${name}`, resourceGroup)
}

const SUBSCRIPTION_SCOPE =
  /^\/subscriptions\/(?<subscription>[^/]+)(?:\/resourcegroups\/(?<group>[^/]+)(?:\/providers\/(?<resource>.+))?)?$/i
const ACCOUNT =
  /^microsoft\.cognitiveservices\/accounts\/(?<account>[^/]+)(?:\/(?<type>projects|deployments)\/(?<child>[^/]+))?$/i

/**
 * Roles can be assigned and listed only at a scope that exists.
 * @throws ArmError 404 if the world has nothing at the scope
 */
export function requireScope(world: World, scope: string): void {
  if (normalizeScope(scope) === '/') return
  if (managementGroupOf(scope) !== undefined) {
    requireManagementGroup(world, scope)
    return
  }
  const { subscription, group, resource } = SUBSCRIPTION_SCOPE.exec(scope)?.groups ?? {}
  if (subscription === undefined) {
    throw gatewayError(404, 'NotFound', `Nothing was found at the scope '${scope}'.`)
  }
  findSubscription(world, subscription)
  if (group !== undefined) findResourceGroup(world, subscription, group)
  if (group !== undefined && resource !== undefined) requireResource(world, subscription, group, resource)
}

/** The world knows a management group only by its subscriptions. */
function requireManagementGroup(world: World, scope: string): void {
  if (world.subscriptions.some(({ id }) => covers(world, scope, `/subscriptions/${id}`))) return
  throw gatewayError(
    404,
    'NotFound',
    `The management group '${managementGroupOf(scope)}' could not be found.`,
  )
}

function requireResource(world: World, subscription: string, group: string, resource: string): void {
  const { account: name, type, child } = ACCOUNT.exec(resource)?.groups ?? {}
  if (name === undefined) {
    const id = `/subscriptions/${subscription}/resourceGroups/${group}/providers/${resource}`
    const ids = [
      ...world.resources.map(each => each.id),
      ...world.applications.map(each => each.resourceId ?? ''),
    ]
    if (ids.some(known => sameName(known, id))) return
    throw resourceNotFound(resource, group)
  }
  const account = findAccount(world, subscription, group, name)
  if (child === undefined) return
  const children: ReadonlyArray<{ name: string }> =
    type?.toLowerCase() === 'projects' ? account.projects : account.deployments
  if (!children.some(({ name: candidate }) => sameName(candidate, child)))
    throw resourceNotFound(resource, group)
}
