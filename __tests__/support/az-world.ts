import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { expressionFault } from '../../local-cloud/claims-matching.ts'
import { findRole } from '../../local-cloud/rbac.ts'
import { requireScope } from '../../local-cloud/resource-manager/existence.ts'
import { directoryObject } from '../../local-cloud/resource-manager/principals.ts'
import {
  type Application,
  type FederatedCredential,
  GITHUB_ISSUER,
  type World,
} from '../../local-cloud/world.ts'
import type { Arguments } from './az-arguments.ts'

/** What commands and Bicep files name in a world, and the changes that both of them make. */

export function only<T>(found: readonly T[], what: string): T {
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(`There are ${found.length} of ${what}`)
  return first
}

export const applicationOf = (world: World, clientId: string): Application =>
  only(
    world.applications.filter(application => application.clientId === clientId.toLowerCase()),
    `application ${clientId}`,
  )

export const identityOf = (world: World, args: Arguments): Application =>
  managedIdentityNamed(world, args.one('identity-name'), `/resourceGroups/${args.one('resource-group')}/`)

export const managedIdentityNamed = (world: World, name: string, group = ''): Application =>
  only(
    world.applications.filter(
      ({ resourceId = '' }) =>
        resourceId.toLowerCase().includes(group.toLowerCase()) &&
        resourceId.toLowerCase().endsWith(`/userassignedidentities/${name}`.toLowerCase()),
    ),
    `managed identity ${name}`,
  )

export function accountOf(world: World, args: Arguments) {
  const [group, name] = [args.one('resource-group'), args.one('name')]
  const subscription = args.optional('subscription')
  return only(
    world.accounts.filter(
      account =>
        account.name.toLowerCase() === name.toLowerCase() &&
        account.resourceGroup.toLowerCase() === group.toLowerCase() &&
        (subscription === undefined || account.subscriptionId === subscription.toLowerCase()),
    ),
    `account ${name} in ${group}`,
  )
}

/** Limits of Entra: learn.microsoft.com, considerations for federated identity credentials. */
export const trust = v.strictObject({
  issuer: v.pipe(v.string(), v.url()),
  subject: v.optional(v.pipe(v.string(), v.maxLength(600))),
  claimsMatchingExpression: v.optional(v.strictObject({ value: v.string(), languageVersion: v.literal(1) })),
  audiences: v.pipe(v.array(v.string()), v.length(1)),
})
export const credential = v.pipe(
  v.strictObject({
    name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w-]{2,119}$/)),
    ...trust.entries,
  }),
  v.check(
    ({ claimsMatchingExpression: expression }) =>
      expression === undefined || expressionFault(expression.value, GITHUB_ISSUER, true) === undefined,
  ),
)

export function removeCredential({ federatedCredentials }: Application, name: string): void {
  const at = federatedCredentials.findIndex(candidate => candidate.name === name)
  if (at < 0) throw new Error(`There is no credential ${name}`)
  federatedCredentials.splice(at, 1)
}

export function addCredential({ federatedCredentials }: Application, added: FederatedCredential): void {
  if (federatedCredentials.some(({ name }) => name === added.name))
    throw new Error(`A credential named ${added.name} exists`)
  const sameTokens = federatedCredentials.some(
    ({ issuer, subject }) => issuer === added.issuer && subject !== undefined && subject === added.subject,
  )
  if (sameTokens) throw new Error('Issuer and subject must be unique on an application')
  federatedCredentials.push(added)
}

interface Grant {
  principalId: string
  principalType: string
  role: string
  scope: string
  condition: string | null
  conditionVersion: string | null
}

export function grant(world: World, { principalId, principalType, role, scope, ...conditions }: Grant): void {
  if ((conditions.condition === null) !== (conditions.conditionVersion === null))
    throw new Error('A condition and its version belong together')
  requireScope(world, scope)
  const found = findRole(world, role)
  if (found === undefined) throw new Error(`There is no role ${role}`)
  const type = world.tenants.map(({ id }) => directoryObject(world, id, principalId)).find(Boolean)
  if (type === undefined || type === 'Application' || type !== principalType)
    throw new Error(`${principalId} is ${type}, not ${principalType}`)
  world.roleAssignments.push({
    name: randomUUID(),
    scope,
    roleDefinitionId: found.id,
    principalId: principalId.toLowerCase(),
    principalType: type,
    description: null,
    ...conditions,
    createdBy: null,
    updatedBy: null,
  })
}
