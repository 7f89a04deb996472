import type { Fault } from '../../local-cloud/faults.ts'
import { systemIdentityOf } from '../../local-cloud/identity-bearers.ts'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { Account, RoleAssignment, RoleDefinition } from '../../local-cloud/world.ts'
import { accountScope } from './scenario.ts'

/** The first things of the default world, and the changes to them that many scenarios make. */

export const roles = {
  user: 'a97b65f3-24c7-4388-baec-2e87135dc908',
  openAIUser: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd',
  foundryUser: '53ca6127-db72-4b80-b1b0-d745d6d5456d',
  foundryAccountOwner: 'e47c6f54-e4a2-4754-9501-8e0985b135e1',
  dataContributor: '19c28022-e58e-450d-a464-0b2a53034789',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  rbacAdministrator: 'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
} as const

/** The pipeline's application, its service principal, and the credential that trusts its repository. */
export function pipeline({ world }: LocalCloud) {
  const [application] = world.applications
  const [credential] = application?.federatedCredentials ?? []
  const principal = application?.servicePrincipal
  if (application === undefined || credential === undefined || !principal)
    throw new Error('The default world has a pipeline with a credential')
  return { application, credential, principal }
}

/** The identity that the default world has beside the pipeline's application. */
export function managedIdentity({ world }: LocalCloud) {
  const identity = world.applications.find(({ kind }) => kind === 'managedIdentity')
  const principal = identity?.servicePrincipal
  if (identity === undefined || !principal) throw new Error('The default world has a managed identity')
  return { identity, principal }
}

export function tenant({ world }: LocalCloud) {
  const [first] = world.tenants
  if (first === undefined) throw new Error('The default world has a tenant')
  return first
}

export function subscription({ world }: LocalCloud) {
  const [first] = world.subscriptions
  if (first === undefined) throw new Error('The default world has a subscription')
  return first
}

export function account({ world }: LocalCloud): Account {
  const [first] = world.accounts
  if (first === undefined) throw new Error('The default world has an account')
  return first
}

export const accountEndpoint = (cloud: LocalCloud) => [...cloud.endpoints.accounts.values()][0] ?? ''

export const groupScope = (cloud: LocalCloud) => accountScope(cloud).split('/').slice(0, 5).join('/')

/** Gives the model of a deployment a day on which it ends, so many days from now, and leaves the deployment with it. */
export function ends(cloud: LocalCloud, name: string, inDays: number): void {
  const deployment = account(cloud).deployments.find(each => each.name === name)
  if (deployment === undefined) throw new Error(`There is no deployment ${name}`)
  deployment.versionUpgradeOption = 'NoAutoUpgrade'
  const inference = new Date(cloud.clock.now() + inDays * 86_400_000).toISOString()
  cloud.world.models.push({ ...deployment.model, isDefaultVersion: true, deprecation: { inference } })
}

export interface Held {
  role: string
  /** Default: the account. */
  scope?: string
  createdOn?: Date
  principalId?: string
  condition?: string
  description?: string
}

/** Gives the pipeline these roles and no others; nobody else holds any. */
export function holds(cloud: LocalCloud, ...held: readonly Held[]): void {
  cloud.world.roleAssignments.length = 0
  for (const role of held) alsoHolds(cloud, role)
}

export function alsoHolds(
  cloud: LocalCloud,
  { role, scope, createdOn, principalId, condition, description }: Held,
): void {
  const assignment: RoleAssignment = {
    name: crypto.randomUUID(),
    scope: scope ?? accountScope(cloud),
    roleDefinitionId: role,
    principalId: principalId ?? pipeline(cloud).principal.objectId,
    principalType: 'ServicePrincipal',
    description: description ?? null,
    condition: condition ?? null,
    conditionVersion: condition === undefined ? null : '2.0',
    createdBy: null,
    updatedBy: null,
    ...(createdOn === undefined ? {} : { createdOn: createdOn.toISOString() }),
  }
  cloud.world.roleAssignments.push(assignment)
}

/**
 * Makes every assignment that was made in a test so much older: unlike time that passes, that leaves the runner's clock and the
 * cloud's together.
 */
export function madeBefore({ world, clock }: LocalCloud, ms: number): void {
  const madeOn = new Date(clock.now() - ms).toISOString()
  for (const assignment of world.roleAssignments)
    if (assignment.createdOn !== undefined)
      Object.assign(assignment, { createdOn: madeOn, updatedOn: madeOn })
}

/** A role of the subscription's own; it can be assigned anywhere in it, and allows what is given. @returns its GUID. */
export function customRole(
  cloud: LocalCloud,
  allows: { actions?: string[]; notActions?: string[]; dataActions?: string[] },
  {
    id = crypto.randomUUID(),
    roleName = `Custom ${id}`,
    assignableScopes = [`/subscriptions/${subscription(cloud).id}`],
  }: Partial<Pick<RoleDefinition, 'id' | 'roleName' | 'assignableScopes'>> = {},
): string {
  const permission = { actions: [], notActions: [], dataActions: [], notDataActions: [], ...allows }
  cloud.world.roleDefinitions.push({
    id,
    roleName,
    description: '',
    type: 'CustomRole',
    assignableScopes,
    permissions: [permission],
  })
  return id
}

/** An identity beside the pipeline's own that signs in with the same OIDC token; it holds nothing yet. */
export function setupIdentity(cloud: LocalCloud): { clientId: string; principalId: string } {
  const { identity, principal } = managedIdentity(cloud)
  identity.federatedCredentials.push({ ...pipeline(cloud).credential, name: 'the-same-subject' })
  return { clientId: identity.clientId, principalId: principal.objectId }
}

/** A security group; by default the pipeline is its only member. */
export function securityGroup(cloud: LocalCloud, members = [pipeline(cloud).principal.objectId]) {
  const group = {
    objectId: '9a0c1f6e-52d7-4b83-8e4a-7f3d20b5c611',
    tenantId: tenant(cloud).id,
    displayName: 'pipelines',
    members,
  }
  cloud.world.groups.push(group)
  return group
}

/** Replaces every reply of an operation. A body that is no string goes out as JSON. */
export function refuse(
  cloud: LocalCloud,
  operation: string,
  status: number,
  body: unknown,
  headers: Record<string, string> = {},
  times?: number,
): void {
  const fault: Fault = {
    name: `${operation} ${status}`,
    operation,
    effect: { kind: 'reply', status, headers, body },
    ...(times === undefined ? {} : { times }),
  }
  cloud.faults.add(fault)
}

/** What Entra answers, in the words of its own; ids and times as they come. */
export function refuseByEntra(
  cloud: LocalCloud,
  { number, error, status, text }: { number: number; error: string; status: number; text: string },
): void {
  refuse(cloud, 'token', status, {
    error,
    error_description: `AADSTS${number}: ${text}\r\nTrace ID: 4031717e-aa0c-4432-bbd1-b97a738d3e6f\r\nCorrelation ID: 61ae6cd6-6df6-49ee-9145-c16570c28f7b\r\nTimestamp: 2026-11-23 10:00:00Z`,
    error_codes: [number],
    trace_id: '4031717e-aa0c-4432-bbd1-b97a738d3e6f',
    correlation_id: '61ae6cd6-6df6-49ee-9145-c16570c28f7b',
  })
}

/** An error in the envelope of Resource Manager and of the data plane. */
export const envelope = (code: string, message: string) => ({ error: { code, message } })

/** A user-assigned identity beside those of the default world; it holds nothing. */
export function userAssignedIdentity(cloud: LocalCloud, name: string) {
  const objectId = crypto.randomUUID()
  const clientId = crypto.randomUUID()
  const id = `${groupScope(cloud)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`
  cloud.world.applications.push({
    kind: 'managedIdentity',
    displayName: name,
    clientId,
    tenantId: tenant(cloud).id,
    objectId,
    servicePrincipal: { objectId, enabled: true },
    resourceId: id,
    federatedCredentials: [],
  })
  return { id, clientId, principalId: objectId }
}

interface AppIdentities {
  /** Such as `Microsoft.Web/sites`. */
  type?: string
  systemAssigned?: boolean
  /** Resource ids. */
  userAssigned?: string[]
  /** Its setting AZURE_CLIENT_ID, where it is a Container App. */
  clientIdSetting?: string
}

/** Something that runs what is deployed; it holds nothing. */
export function app(
  cloud: LocalCloud,
  name: string,
  {
    type = 'Microsoft.App/containerApps',
    systemAssigned = true,
    userAssigned = [],
    clientIdSetting,
  }: AppIdentities = {},
) {
  const id = `${groupScope(cloud)}/providers/${type}/${name}`
  const principalId = crypto.randomUUID()
  const own = { principalId, clientId: crypto.randomUUID() }
  if (systemAssigned) cloud.world.applications.push(systemIdentityOf(cloud.world, { id }, own))
  const env = clientIdSetting === undefined ? [] : [{ name: 'AZURE_CLIENT_ID', value: clientIdSetting }]
  cloud.world.resources.push({
    id,
    location: 'swedencentral',
    identity: { ...(systemAssigned && { systemAssigned: own }), userAssigned },
    properties: { template: { containers: [{ name, image: 'app', env }] } },
  })
  return { id, principalId }
}
