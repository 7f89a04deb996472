import { roleNameOf } from '../../access/roles.ts'
import { cloudOf } from '../../clouds.ts'
import type { Facts } from '../../facts.ts'
import { scopeOf } from '../../resource/resource-id.ts'
import type { Told } from '../explanation.ts'

/** This run's values for texts and commands; a placeholder where a value is not known, and in the docs. */
export interface Values {
  clientId: string
  tenantId: string
  principalId: string
  issuer: string
  subject: string
  audience: string
  subscriptionId: string
  resourceGroup: string
  account: string
  /** What the role is held at: the account, or a project of it. */
  scope: string
  role: { guid: string; name: string }
  deployment: string
  /** Origins, https. */
  authorityHost: string
  resourceManager: string
}

const defaultRole = { guid: 'a97b65f3-24c7-4388-baec-2e87135dc908', name: 'Cognitive Services User' }

export function valuesOf(told: Told): Values {
  const { facts } = told
  const { settings, assertion, principal } = facts
  const cloud = settings?.cloud ?? cloudOf('AzureCloud', {})
  return {
    clientId: settings?.identity.clientId ?? '<CLIENT-ID>',
    tenantId: settings?.identity.tenantId ?? '<TENANT-ID>',
    principalId: principal?.oid ?? '<PRINCIPAL-OBJECT-ID>',
    issuer: assertion?.iss ?? 'https://token.actions.githubusercontent.com',
    subject: assertion?.sub ?? '<SUBJECT>',
    audience: assertion?.aud ?? settings?.identity.assertionAudience ?? cloud.assertionAudience,
    ...resourceValues(facts),
    role: facts.role ?? roleGiven(facts) ?? defaultRole,
    deployment: deploymentOf(told) ?? '<DEPLOYMENT>',
    authorityHost: cloud.authorityHost,
    resourceManager: cloud.resourceManager.endpoint,
  }
}

/** What names the resource. */
export function resourceValues({
  settings,
  role,
}: Facts): Pick<Values, 'subscriptionId' | 'resourceGroup' | 'account' | 'scope'> {
  if (settings?.target.kind !== 'resource') {
    const resource = {
      subscriptionId: '<SUBSCRIPTION-ID>',
      resourceGroup: '<RESOURCE-GROUP>',
      account: '<RESOURCE>',
    }
    return { ...resource, scope: scopeOf({ ...resource, project: undefined }) }
  }
  const { subscriptionId, resourceGroup, account } = settings.target.resource
  return { subscriptionId, resourceGroup, account, scope: role?.scope ?? scopeOf(settings.target.resource) }
}

/** Before the role was looked up: the GUID is known where it was given, or stands in the table of built-in roles. */
function roleGiven({ settings }: Facts): Values['role'] | undefined {
  const role = settings?.access.role
  if (role?.kind === 'name') return { guid: role.name, name: role.name }
  return role && { guid: role.guid, name: roleNameOf(role.guid) ?? role.guid }
}

/** The deployment that was refused. */
export function deploymentOf({ facts, refusal }: Told): string | undefined {
  const refused = facts.smoke.find(result => result.kind === 'refused')
  return refusal.named?.deployment ?? refused?.route.deployment ?? facts.settings?.deployments[0]?.name
}

/** The data action that was missing: as the service names it, or else as the route that was refused needs it. */
export function deniedDataAction({ facts, refusal }: Told): string | undefined {
  if (refusal.named?.dataAction !== undefined) return refusal.named.dataAction
  const refused = facts.smoke.find(
    result => result.kind === 'refused' && result.refusal.code === 'access-denied',
  )
  if (refused?.kind !== 'refused') return undefined
  return refused.refusal.named?.dataAction ?? refused.route.dataAction
}

/** The managed identity that the token names; undefined for app registrations, and before any token came. */
export function managedIdentityOf({ principal }: Facts): { resourceGroup: string; name: string } | undefined {
  const [, , , , resourceGroup, , , type, name] = principal?.xms_mirid?.split('/') ?? []
  if (type?.toLowerCase() !== 'userassignedidentities') return undefined
  return resourceGroup === undefined || name === undefined ? undefined : { resourceGroup, name }
}
