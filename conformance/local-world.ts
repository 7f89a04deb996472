import { builtInRoleId } from '../local-cloud/built-in-roles.ts'
import { defaultWorld } from '../local-cloud/default-world.ts'
import { accountId } from '../local-cloud/scopes.ts'
import { GITHUB_ISSUER, type Seed } from '../local-cloud/world.ts'
import {
  type DeploymentKind,
  deploymentKinds,
  type FaultyIdentity,
  faultyIdentities,
  kindsPerItem,
  type Need,
} from './terms.ts'

/** The local cloud with everything that exchanges need beyond its default world: what docs/conformance.md asks a person to create in Azure. */

function first<T>([one]: readonly T[]): T {
  if (one === undefined) throw new Error('The default world lacks something that every exchange needs')
  return one
}
const account = first(defaultWorld.accounts)
const tenant = first(defaultWorld.tenants)
const groupId = accountId(account).replace(/\/providers\/.*/, '')

const audience = 'api://AzureADTokenExchange'
const trust = { name: 'conformance', issuer: GITHUB_ISSUER, audiences: [audience] }
const subjectOfMain = 'repo:contoso/shop:ref:refs/heads/main'

type Application = Seed['applications'][number]

/** What the applications trust, of which each trusts a job with this subject but for one thing. */
const credentialsFor = (
  subject: string,
): Readonly<Record<FaultyIdentity, NonNullable<Application['federatedCredentials']>>> => ({
  'no-credential': [],
  'other-subject': [{ ...trust, subject: `${subject}-of-another` }],
  'other-case': [{ ...trust, subject: subject.toUpperCase() }],
  'other-issuer': [{ ...trust, subject, issuer: 'https://conformance.example' }],
  'other-audience': [{ ...trust, subject, audiences: ['api://conformance'] }],
  'other-expression': [
    {
      ...trust,
      claimsMatchingExpression: { value: "claims['sub'] matches 'repo:contoso/shop:ref:refs/tags/*'" },
    },
  ],
  'no-service-principal': [{ ...trust, subject }],
  disabled: [{ ...trust, subject }],
})

/** An application whose ids end with a unique number. */
function application(displayName: string, number: number, hasPrincipal = true): Application {
  const id = (kind: number) => `c0f0${kind}a7e-1d5b-4c93-8e62-${String(number).padStart(12, '0')}`
  return {
    kind: 'application',
    displayName,
    clientId: id(1),
    tenantId: tenant.id,
    objectId: id(2),
    servicePrincipal: hasPrincipal ? { objectId: id(3) } : null,
  }
}

const setup = application('conformance-setup', 0)
const faulty = faultyIdentities.map((fault, at) => ({
  fault,
  application: application(`conformance-${fault}`, at + 1, fault !== 'no-service-principal'),
}))
const deniedId = `${groupId}/providers/Microsoft.Storage/storageAccounts/conformance`

const READER = builtInRoleId('Reader')
const RBAC_ADMINISTRATOR = builtInRoleId('Role Based Access Control Administrator')
const USER_ACCESS_ADMINISTRATOR = builtInRoleId('User Access Administrator')
const COGNITIVE_SERVICES_USER = builtInRoleId('Cognitive Services User')
const EVERYBODY = '00000000-0000-0000-0000-000000000000'

/** Names of deployments. */
export const deploymentOf: Readonly<Record<DeploymentKind, string>> = {
  chat: 'chat',
  embeddings: 'embeddings',
  messages: 'claude-haiku-4-5',
  'model-inference': 'DeepSeek-V3',
  completions: 'completions',
  realtime: 'realtime',
  images: 'images',
  flux: 'flux',
  'mai-image': 'mai-image',
  speech: 'speech',
  transcriptions: 'transcription',
  rerank: 'rerank',
  ocr: 'documents',
}
/** The one that the default world lacks. */
const maiImage = {
  name: deploymentOf['mai-image'],
  model: { format: 'Microsoft' as const, name: 'MAI-Image-1', version: '1' },
}

/** The variables that tell the run about this world. */
export const localVariables: Readonly<Record<string, string>> = {
  CONFORMANCE_SETUP_CLIENT_ID: setup.clientId,
  CONFORMANCE_DEPLOYMENTS: kindsPerItem.map(kind => deploymentOf[kind]).join('\n'),
  CONFORMANCE_DENIED_RESOURCE_ID: deniedId,
  CONFORMANCE_DENY_ASSIGNMENTS: 'make',
  CONFORMANCE_EXPIRED_ASSERTION: 'wait',
  CONFORMANCE_FAULTY_IDENTITIES: JSON.stringify(
    Object.fromEntries(faulty.map(({ fault, application: { clientId } }) => [fault, clientId])),
  ),
}

/** All abilities that affect answers: keys are off, and nothing is missing. */
export const everything: ReadonlySet<Need> = new Set([
  ...(['keys-off', 'account-identity', 'project-identity', 'reads-group', 'project'] as const),
  ...deploymentKinds,
])

/** As with the application permission Application.Read.All and the consent of an administrator. */
const readingApplications = (application: Application): Application => ({
  ...application,
  servicePrincipal: application.servicePrincipal && {
    ...application.servicePrincipal,
    graphPermissions: ['Application.Read.All'],
  },
})

const systemAssigned = (number: number) => ({
  systemAssigned: {
    principalId: `c0f04a7e-1d5b-4c93-8e62-${String(number).padStart(12, '0')}`,
    clientId: `c0f05a7e-1d5b-4c93-8e62-${String(number).padStart(12, '0')}`,
  },
})

/**
 * The abilities of the other side's world affect many answers, so the local world gets the same ones and no more.
 * @param subject subject of the job's OIDC token
 */
export function localWorld(has: ReadonlySet<string>, subject = subjectOfMain): Seed {
  const credentials = credentialsFor(subject)
  const names = deploymentKinds.flatMap(kind => (has.has(kind) ? [deploymentOf[kind]] : []))
  const disableLocalAuth = has.has('key-access-unset') ? null : has.has('keys-off')
  const likeIt = {
    ...account,
    disableLocalAuth,
    deployments: [...(account.deployments ?? []), maiImage].filter(({ name }) => names.includes(name)),
    projects: has.has('project')
      ? [{ name: 'shop', ...(has.has('project-identity') && { identity: systemAssigned(2) }) }]
      : [],
    ...(has.has('account-identity') && { identity: systemAssigned(1) }),
  }
  // Made by somebody, as in Azure. At the account only, if the group cannot be read.
  const assignments = (defaultWorld.roleAssignments ?? []).map(one => ({
    ...one,
    createdBy: EVERYBODY,
    updatedBy: EVERYBODY,
    scope: one.scope === groupId && !has.has('reads-group') ? accountId(account) : one.scope,
  }))
  const [pipeline, ...applications] = defaultWorld.applications
  const principalId = pipeline?.servicePrincipal?.objectId ?? ''
  return {
    ...defaultWorld,
    applications: [
      ...(pipeline === undefined
        ? []
        : [has.has('reads-applications') ? readingApplications(pipeline) : pipeline]),
      ...applications,
      { ...setup, federatedCredentials: [{ ...trust, subject }] },
      ...faulty.map(({ fault, application: one }) => ({
        ...one,
        federatedCredentials: credentials[fault],
        ...(fault === 'disabled' &&
          one.servicePrincipal && { servicePrincipal: { ...one.servicePrincipal, enabled: false } }),
      })),
    ],
    accounts: [likeIt, ...defaultWorld.accounts.slice(1)],
    resources: [{ id: deniedId, location: account.location }],
    roleAssignments: [
      ...assignments,
      ...(has.has('reads-subscription')
        ? [
            {
              name: '8a41d3c7-6e52-4b90-8d1f-70c9e4b5a263',
              scope: `/subscriptions/${account.subscriptionId}`,
              roleDefinitionId: READER,
              principalId,
              principalType: 'ServicePrincipal' as const,
              createdBy: EVERYBODY,
              updatedBy: EVERYBODY,
            },
          ]
        : []),
      {
        name: '2c7d94e1-0b5f-4a38-9e16-f3a8d5c07b29',
        scope: accountId(account),
        roleDefinitionId: USER_ACCESS_ADMINISTRATOR,
        principalId,
        principalType: 'ServicePrincipal',
        createdBy: EVERYBODY,
        updatedBy: EVERYBODY,
      },
      {
        name: '5be0f7a2-93c1-4d68-b7e4-2a1f0c95d836',
        scope: accountId(account),
        roleDefinitionId: RBAC_ADMINISTRATOR,
        principalId: setup.servicePrincipal?.objectId ?? '',
        principalType: 'ServicePrincipal',
        createdBy: EVERYBODY,
        updatedBy: EVERYBODY,
        condition:
          "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR " +
          `(@Request[Microsoft.Authorization/roleAssignments:RoleDefinitionId] ForAnyOfAnyValues:GuidEquals{${COGNITIVE_SERVICES_USER}}))`,
        conditionVersion: '2.0',
      },
    ],
    denyAssignments: [
      {
        name: 'd19c6e05-4b72-4f8a-a3d0-86e1f25b7c94',
        displayName: 'conformance',
        scope: deniedId,
        permissions: [{ actions: ['*/delete'] }],
        principals: [EVERYBODY],
      },
    ],
  }
}
