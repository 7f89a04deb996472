import { cloudOf } from '../../azure/clouds.ts'
import { cognitiveServicesUser, roleCovers, roleNameOf } from '../../azure/rbac/built-in-roles.ts'
import { type Principal, servicePrincipal } from '../../azure/rbac/principal.ts'
import { parseScope } from '../../azure/rbac/scopes.ts'
import { accountIdOf, scopeOf } from '../../azure/resource-id.ts'
import type { RunRecord } from '../../gate/record.ts'
import { subscriptionOf } from '../../gate/settings.ts'
import type { AccessTokenClaims } from '../../services/entra/access-token-claims.ts'
import type { ExplainContext } from './explanation.ts'

/** This run's values for texts and commands; a placeholder if a value is not known, and in the docs. */
export interface Values {
  /** Of the identity that was signing in, if that failed; otherwise the pipeline's. */
  clientId: string
  tenantId: string
  /** The pipeline's service principal, by object id. */
  principalId: string
  /** Who the role is for: that principal, or the one that the inputs name. */
  grantee: Principal
  /** Object id of the identity that reads roles and grants. */
  grantorId: string
  issuer: string
  subject: string
  audience: string
  subscriptionId: string
  resourceGroup: string
  account: string
  /** Scope of the role: the account, or a project of it. */
  scope: string
  role: { guid: string; name: string }
  deployment: string
  /** Origins, https. */
  authorityHost: string
  resourceManager: string
  graph: string
}

/** The same without a failure, for texts of runs that did not fail. */
type Situation = Pick<ExplainContext, 'record'> & Partial<Pick<ExplainContext, 'failure'>>

export function valuesOf(told: Situation): Values {
  const { record } = told
  const { settings, assertion, principal } = record
  const cloud = settings?.cloud ?? cloudOf('AzureCloud', {})
  const principalId = principal?.oid ?? '<PRINCIPAL-OBJECT-ID>'
  return {
    clientId: told.failure?.signingInAs ?? settings?.identity.clientId ?? '<CLIENT-ID>',
    tenantId: settings?.identity.tenantId ?? '<TENANT-ID>',
    principalId,
    grantee: settings?.access.grantee ?? servicePrincipal(principalId),
    grantorId: separateSetup(record)
      ? (record.setupPrincipal?.oid ?? '<SETUP-PRINCIPAL-OBJECT-ID>')
      : principalId,
    issuer: assertion?.iss ?? 'https://token.actions.githubusercontent.com',
    subject: assertion?.sub ?? '<SUBJECT>',
    audience: assertion?.aud ?? settings?.identity.assertionAudience ?? cloud.assertionAudience,
    ...resourceValues(record),
    role: record.role ?? roleGiven(record) ?? cognitiveServicesUser,
    deployment: deploymentOf(told) ?? '<DEPLOYMENT>',
    authorityHost: cloud.authorityHost,
    resourceManager: cloud.resourceManager.endpoint,
    graph: cloud.graph,
  }
}

/** What names the resource. */
export function resourceValues({
  settings,
  role,
}: Pick<RunRecord, 'settings' | 'role'>): Pick<
  Values,
  'subscriptionId' | 'resourceGroup' | 'account' | 'scope'
> {
  if (settings?.target.kind !== 'resource') {
    const resource = {
      subscriptionId: (settings && subscriptionOf(settings.target)) ?? '<SUBSCRIPTION-ID>',
      resourceGroup: '<RESOURCE-GROUP>',
      account: '<RESOURCE>',
    }
    return { ...resource, scope: scopeOf({ ...resource, project: undefined }) }
  }
  const { subscriptionId, resourceGroup, account } = settings.target.resource
  return { subscriptionId, resourceGroup, account, scope: role?.scope ?? scopeOf(settings.target.resource) }
}

/** Id of the account. */
export const accountId = (record: Parameters<typeof resourceValues>[0]): string =>
  accountIdOf({ ...resourceValues(record), project: undefined })

/** Before the role was looked up: the GUID is known if it was given, or is in the table of built-in roles. */
function roleGiven({ settings }: RunRecord): Values['role'] | undefined {
  const role = settings?.access.role
  if (role?.kind === 'name') return { guid: role.name, name: role.name }
  // The role follows from calls that are not known yet.
  if (role === undefined || role.kind === 'auto') return undefined
  return { guid: role.guid, name: roleNameOf(role.guid) ?? role.guid }
}

/** The deployment that was refused. */
export function deploymentOf({ record, failure }: Situation): string | undefined {
  const refused = record.smoke.find(result => result.kind === 'refused')
  return failure?.details?.deployment ?? refused?.route.deployment ?? record.settings?.deployments[0]?.name
}

/**
 * The missing data action: the one that the service names, or else the one that the refused route needs. If several were
 * refused, one that the role does not cover says most.
 */
export function deniedDataAction({ record, failure }: ExplainContext): string | undefined {
  const denied = record.smoke.flatMap(result =>
    result.kind === 'refused' && result.failure.code === 'access-denied'
      ? [result.failure.details?.dataAction ?? result.route.dataAction]
      : [],
  )
  const missing = [failure.details?.dataAction ?? [], denied].flat()
  const role = record.role ?? roleGiven(record)
  return missing.find(each => role !== undefined && roleCovers(role.guid, each) === false) ?? missing[0]
}

/** Whether an identity other than the pipeline's own reads roles and grants. */
export function separateSetup({ settings }: RunRecord): boolean {
  const { clientId, setupClientId = clientId } = settings?.identity ?? {}
  return setupClientId !== clientId
}

/** Claims of the identity that was signing in; undefined before any token came. */
export function signedInAs({ record, failure }: ExplainContext): AccessTokenClaims | undefined {
  const { settings, principal, setupPrincipal } = record
  const isSetup = separateSetup(record) && failure.signingInAs === settings?.identity.setupClientId
  return isSetup ? setupPrincipal : principal
}

/** The managed identity in the token; undefined for app registrations, and before any token came. */
export function managedIdentityOf(told: ExplainContext): { resourceGroup: string; name: string } | undefined {
  const { resourceGroup, resources } = parseScope(signedInAs(told)?.xms_mirid ?? '')
  const [identity] = resources
  if (resourceGroup === undefined || identity?.type.toLowerCase() !== 'userassignedidentities')
    return undefined
  return { resourceGroup, name: identity.name }
}
