import type { Application, FederatedCredential, Group, World } from '../world.ts'

/** Directory objects as Microsoft Graph shows them: with every member, unset ones null or empty (recordings of az). */

/** Creation time of everything for which a seed gives none. */
const LONG_AGO = '2024-05-21T09:12:43Z'

const NO_INFO = {
  logoUrl: null,
  marketingUrl: null,
  privacyStatementUrl: null,
  supportUrl: null,
  termsOfServiceUrl: null,
}
const NO_PUBLISHER = { displayName: null, verifiedPublisherId: null, addedDateTime: null }

export function applicationBody(application: Application) {
  const {
    objectId,
    clientId,
    displayName,
    signInAudience = 'AzureADMyOrg',
    createdOn = LONG_AGO,
  } = application
  return {
    id: objectId,
    deletedDateTime: null,
    appId: clientId,
    applicationTemplateId: null,
    disabledByMicrosoftStatus: null,
    createdDateTime: createdOn,
    displayName,
    description: null,
    groupMembershipClaims: null,
    identifierUris: [],
    isDeviceOnlyAuthSupported: null,
    isFallbackPublicClient: null,
    notes: null,
    publisherDomain: null,
    samlMetadataUrl: null,
    serviceManagementReference: null,
    signInAudience,
    tags: [],
    tokenEncryptionKeyId: null,
    defaultRedirectUri: null,
    certification: null,
    optionalClaims: null,
    servicePrincipalLockConfiguration: null,
    requestSignatureVerification: null,
    addIns: [],
    api: {
      acceptMappedClaims: null,
      knownClientApplications: [],
      requestedAccessTokenVersion: null,
      oauth2PermissionScopes: [],
      preAuthorizedApplications: [],
    },
    appRoles: [],
    info: NO_INFO,
    keyCredentials: [],
    parentalControlSettings: { countriesBlockedForMinors: [], legalAgeGroupRule: 'Allow' },
    passwordCredentials: [],
    publicClient: { redirectUris: [] },
    requiredResourceAccess: [],
    verifiedPublisher: NO_PUBLISHER,
    web: {
      homePageUrl: null,
      logoutUrl: null,
      redirectUris: [],
      implicitGrantSettings: { enableAccessTokenIssuance: false, enableIdTokenIssuance: false },
      redirectUriSettings: [],
    },
    spa: { redirectUris: [] },
  }
}

/** Of an application that has a service principal. */
export function servicePrincipalBody(
  application: Application,
  { objectId, enabled }: NonNullable<Application['servicePrincipal']>,
) {
  const { kind, clientId, displayName, tenantId, resourceId, createdOn = LONG_AGO } = application
  const isApplication = kind === 'application'
  return {
    id: objectId,
    deletedDateTime: null,
    accountEnabled: enabled,
    alternativeNames: resourceId === undefined ? [] : ['isExplicit=True', resourceId],
    appDisplayName: isApplication ? displayName : null,
    appDescription: null,
    appId: clientId,
    applicationTemplateId: null,
    appOwnerOrganizationId: isApplication ? tenantId : null,
    appRoleAssignmentRequired: false,
    createdDateTime: createdOn,
    description: null,
    disabledByMicrosoftStatus: null,
    displayName,
    homepage: null,
    loginUrl: null,
    logoutUrl: null,
    notes: null,
    notificationEmailAddresses: [],
    preferredSingleSignOnMode: null,
    preferredTokenSigningKeyThumbprint: null,
    replyUrls: [],
    servicePrincipalNames: [clientId],
    servicePrincipalType: isApplication ? 'Application' : 'ManagedIdentity',
    signInAudience: isApplication ? (application.signInAudience ?? 'AzureADMyOrg') : null,
    tags: [],
    tokenEncryptionKeyId: null,
    samlSingleSignOnSettings: null,
    addIns: [],
    appRoles: [],
    info: NO_INFO,
    keyCredentials: [],
    oauth2PermissionScopes: [],
    passwordCredentials: [],
    resourceSpecificApplicationPermissions: [],
    verifiedPublisher: NO_PUBLISHER,
  }
}

/** A seed gives its credentials no id: it follows from the application and the name. */
export function credentialBody({ objectId }: Application, credential: FederatedCredential) {
  const { id, name, issuer, subject, description, audiences, claimsMatchingExpression } = credential
  return {
    id: id ?? idOfCredential(objectId, name),
    name,
    issuer,
    subject: subject ?? null,
    description: description ?? null,
    audiences,
    ...(claimsMatchingExpression && { claimsMatchingExpression }),
  }
}

function idOfCredential(objectId: string, name: string): string {
  const hex = [...name].reduce((hash, letter) => (hash * 31 + (letter.codePointAt(0) ?? 0)) >>> 0, 7)
  return `${hex.toString(16).padStart(8, '0')}${objectId.slice(8)}`
}

export function groupBody(group: Group) {
  const { objectId, displayName, mailNickname, description, createdOn = LONG_AGO } = group
  return {
    id: objectId,
    deletedDateTime: null,
    classification: null,
    createdDateTime: createdOn,
    creationOptions: [],
    description: description ?? null,
    displayName,
    expirationDateTime: null,
    groupTypes: [],
    isAssignableToRole: null,
    mail: null,
    mailEnabled: false,
    mailNickname: mailNickname ?? displayName.replaceAll(/\W/g, ''),
    membershipRule: null,
    membershipRuleProcessingState: null,
    onPremisesDomainName: null,
    onPremisesLastSyncDateTime: null,
    onPremisesNetBiosName: null,
    onPremisesSamAccountName: null,
    onPremisesSecurityIdentifier: null,
    onPremisesSyncEnabled: null,
    preferredDataLocation: null,
    preferredLanguage: null,
    proxyAddresses: [],
    renewedDateTime: createdOn,
    resourceBehaviorOptions: [],
    resourceProvisioningOptions: [],
    securityEnabled: true,
    securityIdentifier: securityIdentifier(objectId),
    theme: null,
    visibility: null,
    onPremisesProvisioningErrors: [],
  }
}

/** Of a group that Entra made: its id as four numbers of 32 bits, in the byte order of Windows. */
function securityIdentifier(objectId: string): string {
  const bytes = Buffer.from(objectId.replaceAll('-', ''), 'hex')
  bytes.subarray(0, 4).swap32()
  bytes.subarray(4, 8).swap16()
  const numbers = [
    bytes.readUInt32LE(0),
    bytes.readUInt32LE(4),
    bytes.readUInt32LE(8),
    bytes.readUInt32LE(12),
  ]
  return `S-1-12-1-${numbers.join('-')}`
}

export function userBody({ objectId, userPrincipalName }: World['users'][number]) {
  return {
    businessPhones: [],
    displayName: userPrincipalName.split('@')[0] ?? '',
    givenName: null,
    jobTitle: null,
    mail: null,
    mobilePhone: null,
    officeLocation: null,
    preferredLanguage: null,
    surname: null,
    userPrincipalName,
    id: objectId,
  }
}

/** An object of the tenant's directory with its type; undefined if the directory has none with the id. */
export function directoryObjectBody(world: World, tenantId: string, id: string) {
  const wanted = id.toLowerCase()
  const ofTenant = <T extends { tenantId: string }>(objects: readonly T[]) =>
    objects.filter(object => object.tenantId === tenantId)
  const applications = ofTenant(world.applications)
  for (const application of applications) {
    const { servicePrincipal, kind, objectId } = application
    if (servicePrincipal?.objectId === wanted) {
      return typed('servicePrincipal', servicePrincipalBody(application, servicePrincipal))
    }
    if (kind === 'application' && objectId === wanted)
      return typed('application', applicationBody(application))
  }
  const user = ofTenant(world.users).find(({ objectId }) => objectId === wanted)
  if (user) return typed('user', userBody(user))
  const group = ofTenant(world.groups).find(({ objectId }) => objectId === wanted)
  return group && typed('group', groupBody(group))
}

const typed = <Body extends { id: string }>(type: string, body: Body) => ({
  '@odata.type': `#microsoft.graph.${type}`,
  ...body,
})
