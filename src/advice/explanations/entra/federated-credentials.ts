import { createHash } from 'node:crypto'
import { managedIdentitiesApiVersion } from '../../../azure/api-versions.ts'
import { visibleJson } from '../../../core/text/untrusted.ts'
import { az, azLine, bash, bicep, bicepLiteral, show } from '../commands.ts'
import type { ExplainContext, Fix } from '../explanation.ts'
import { managedIdentityOf, signedInAs, type Values, valuesOf } from '../values.ts'

/** The federated credential that this run's token needs, made by command or template. */

/**
 * A name that Entra accepts (3 to 120 letters, digits, `-`, `_`) and a person recognises. The hash distinguishes names that would otherwise
 * be equal: az overwrites a managed identity's credential of the same name, including whom it trusts.
 */
function credentialName({ issuer, subject }: Pick<Values, 'issuer' | 'subject'>): string {
  const words = subject.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '')
  const hash = createHash('sha256').update(`${issuer} ${subject}`).digest('hex').slice(0, 8)
  return `github-${words.slice(0, 100)}-${hash}`
}

interface Holder {
  /** The kind of identity in the token. Before any token came, both kinds are offered. */
  isApplication: boolean
  isManagedIdentity: boolean
  identity: { resourceGroup: string; name: string }
}

export function holderOf(told: ExplainContext): Holder {
  const identity = managedIdentityOf(told)
  const isKnown = signedInAs(told) !== undefined
  return {
    isApplication: !isKnown || identity === undefined,
    isManagedIdentity: !isKnown || identity !== undefined,
    identity: identity ?? { resourceGroup: '<RESOURCE-GROUP>', name: '<IDENTITY>' },
  }
}

export const when = (condition: boolean, ...fixes: Fix[]): Fix[] => (condition ? fixes : [])

const identityOptions = ({ identity }: Holder) => ({
  'resource-group': identity.resourceGroup,
  'identity-name': identity.name,
})

/**
 * Commands and Bicep that add the credential.
 * @param subject of this run, or of a run elsewhere
 */
export function addCredential(told: ExplainContext, subject = valuesOf(told).subject): Fix[] {
  const values = { ...valuesOf(told), subject }
  const holder = holderOf(told)
  const name = credentialName(values)
  const { clientId, issuer, audience } = values
  const parameters = visibleJson({ name, issuer, subject, audiences: [audience] })
  const forApplication = bash(
    'Add the federated credential (if the client id is an app registration)',
    azLine('ad app federated-credential create', { id: clientId, parameters }),
  )
  const forIdentity = bash(
    'Add the federated credential (if it is a user-assigned managed identity)',
    az(
      'identity federated-credential create',
      identityOptions(holder),
      { name },
      { issuer },
      { subject },
      { audiences: audience },
    ),
  )
  const inBicep = bicep('The same in Bicep (managed identity)', credentialBicep(values, holder, name))
  return [
    ...when(holder.isApplication, forApplication),
    ...when(holder.isManagedIdentity, forIdentity, inBicep),
  ]
}

function credentialBicep({ issuer, subject, audience }: Values, { identity }: Holder, name: string): string {
  return `resource identity 'Microsoft.ManagedIdentity/userAssignedIdentities@${managedIdentitiesApiVersion}' existing = {
  name: ${bicepLiteral(identity.name)}
}

resource credential 'Microsoft.ManagedIdentity/userAssignedIdentities/federatedIdentityCredentials@${managedIdentitiesApiVersion}' = {
  parent: identity
  name: ${bicepLiteral(name)}
  properties: {
    issuer: ${bicepLiteral(issuer)}
    subject: ${bicepLiteral(subject)}
    audiences: [${bicepLiteral(audience)}]
  }
}`
}

/** For an existing credential that is nearly right. Issuer and subject are unique on an identity, so the fix changes it. */
export function changeCredential(told: ExplainContext): Fix[] {
  const { clientId, issuer, subject, audience } = valuesOf(told)
  const holder = holderOf(told)
  const name = '<CREDENTIAL-NAME>'
  const parameters = visibleJson({ issuer, subject, audiences: [audience] })
  const forApplication = bash(
    'Or change the existing credential (app registration)',
    azLine('ad app federated-credential update', {
      id: clientId,
      'federated-credential-id': name,
      parameters,
    }),
  )
  const forIdentity = bash(
    'Or change the existing credential (managed identity)',
    az(
      'identity federated-credential update',
      identityOptions(holder),
      { name },
      { issuer },
      { subject },
      { audiences: audience },
    ),
  )
  return [...when(holder.isApplication, forApplication), ...when(holder.isManagedIdentity, forIdentity)]
}

/** Resource group and name for the commands above, if no token shows them. */
export function findIdentity(told: ExplainContext): Fix[] {
  const { clientId } = valuesOf(told)
  const find = show('Find name and resource group of the managed identity', 'identity list', {
    query: `[?clientId=='${clientId}'].{name:name, resourceGroup:resourceGroup}`,
  })
  return when(signedInAs(told) === undefined, find)
}

/** Removes one of several credentials. */
export function removeCredential(told: ExplainContext): Fix[] {
  const { clientId } = valuesOf(told)
  const holder = holderOf(told)
  const name = '<CREDENTIAL-NAME>'
  const ofApplication = bash(
    'Remove the one that is not needed (app registration)',
    azLine('ad app federated-credential delete', { id: clientId, 'federated-credential-id': name }),
  )
  const ofIdentity = bash(
    'Remove the one that is not needed (managed identity)',
    azLine('identity federated-credential delete', { ...identityOptions(holder), name, yes: true }),
  )
  return [...when(holder.isApplication, ofApplication), ...when(holder.isManagedIdentity, ofIdentity)]
}

/** The Graph URL of the app registration's credentials. It is the beta version, because v1.0 fails on a credential with an expression. */
export function credentialsOfApplication(told: ExplainContext): string {
  const { clientId, graph } = valuesOf(told)
  return `${graph}/beta/applications(appId='${clientId}')/federatedIdentityCredentials`
}

/** Lists the identity's credentials. The action cannot do that itself, because it never calls Microsoft Graph. */
export function listCredentials(told: ExplainContext): Fix[] {
  const holder = holderOf(told)
  const fields = 'name:name, issuer:issuer, subject:subject'
  const ofApplication = show('List the credentials it has (app registration)', 'rest', {
    method: 'get',
    url: credentialsOfApplication(told),
    query: `value[].{${fields}, expression:claimsMatchingExpression.value, audience:audiences[0]}`,
  })
  const ofIdentity = show(
    'List the credentials it has (managed identity)',
    'identity federated-credential list',
    { ...identityOptions(holder), query: `[].{${fields}, audience:audiences[0]}` },
  )
  return [
    ...when(holder.isApplication, ofApplication),
    ...when(holder.isManagedIdentity, ofIdentity),
    ...findIdentity(told),
  ]
}
