import { type AzureNames, showAsAzure } from '../__tests__/support/azure-names.ts'
import { PROBE_PATH } from '../local-cloud/app/index.ts'
import { builtInRoleId } from '../local-cloud/built-in-roles.ts'
import { defaultWorld } from '../local-cloud/default-world.ts'
import { accountKeys } from '../local-cloud/inference/keys.ts'
import { createLocalCloud, type LocalCloud } from '../local-cloud/local-cloud.ts'
import { accountId } from '../local-cloud/scopes.ts'
import { GITHUB_ISSUER, type Seed } from '../local-cloud/world.ts'
import type { Workflow } from './workflow.ts'

/** The cloud for a workflow, with everything that a reader of the documents would have set up before. */
export interface Stage {
  cloud: LocalCloud
  names: AzureNames
  close(): Promise<void>
}

function first<T>([one]: readonly T[]): T {
  if (one === undefined) throw new Error('The default world lacks something that every workflow needs')
  return one
}
const tenant = first(defaultWorld.tenants)
const subscription = first(defaultWorld.subscriptions)
const account = first(defaultWorld.accounts)
/** The one project of the account, with the agent that documents name. */
const project = { name: 'shop', agents: [{ name: 'support-agent', model: 'chat' }] }
const pipeline = first(defaultWorld.applications)
const pipelineId = pipeline.servicePrincipal?.objectId ?? ''
export const foundryId = accountId(account)
const groupId = foundryId.replace(/\/providers\/.*/, '')

export const roles = {
  reader: builtInRoleId('Reader'),
  rbacAdministrator: builtInRoleId('Role Based Access Control Administrator'),
  openAIUser: builtInRoleId('Cognitive Services OpenAI User'),
  user: builtInRoleId('Cognitive Services User'),
}

const audiences = ['api://AzureADTokenExchange']
const trusting = (name: string, entity: string) => ({
  name,
  issuer: GITHUB_ISSUER,
  subject: `repo:contoso/shop:${entity}`,
  audiences,
})

const identity = (displayName: string, ids: readonly [string, string, string]) => {
  const [clientId, objectId, principalId] = ids
  return {
    kind: 'application' as const,
    displayName,
    clientId,
    tenantId: tenant.id,
    objectId,
    servicePrincipal: { objectId: principalId },
  }
}
const setup = {
  ...identity('contoso-setup', [
    '0b6f3e52-91c4-4d07-8a5e-c27d14f9b860',
    '9d2a7c41-58e3-4f16-b0d9-63a8e5f7102c',
    '5a81d4f7-2c06-4e9b-93f5-d0b7462ce918',
  ]),
  federatedCredentials: [
    trusting('contoso-shop-production', 'environment:production'),
    trusting('contoso-shop-main', 'ref:refs/heads/main'),
  ],
}
/** For pull requests: it reads, and changes nothing. */
const planner = {
  ...identity('contoso-plan', [
    'e4c09b17-6d52-4a38-a7f1-82b35e0d9c46',
    '31f86ad0-c74b-4259-9e0c-75d1b8f26a3e',
    'b72e1c95-048d-4f63-86ab-19e4d7c05f8b',
  ]),
  federatedCredentials: [
    trusting('contoso-shop-pull-requests', 'pull_request'),
    trusting('contoso-shop-main', 'ref:refs/heads/main'),
  ],
}
const gatewayIdentity = identity('contoso-gateway', [
  'a5d1f83b-7e40-4c92-b6a8-0f29c3e7d514',
  'c8403b6e-15f9-4d7a-92e6-4b0d8a71f35c',
  'f06b92d8-3a57-41ce-8d14-e95c7b2f0a63',
])
export const shopIdentity = {
  kind: 'managedIdentity' as const,
  displayName: 'shop-identity',
  clientId: '27e9c05d-b84f-4163-9ad7-5f60e1b3c892',
  tenantId: tenant.id,
  objectId: '6c3d80f5-e91a-4b72-85cd-a04f7e26b1d9',
  servicePrincipal: { objectId: '6c3d80f5-e91a-4b72-85cd-a04f7e26b1d9' },
  resourceId: `${groupId}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shop-identity`,
}
export const shopAppId = `${groupId}/providers/Microsoft.App/containerApps/shop`

/** Hosts of the gateway and of the user's app. Documents name the first. */
const gatewayHost = 'contoso.azure-api.net'
const shopHost = `shop.${account.location}.azurecontainerapps.io`

export const probeUrl = `https://${shopHost}${PROBE_PATH}`

/** Values for the variables and secrets of the repository. */
export const variables: Readonly<Record<string, string>> = {
  AZURE_CLIENT_ID: pipeline.clientId,
  AZURE_SETUP_CLIENT_ID: setup.clientId,
  AZURE_PLAN_CLIENT_ID: planner.clientId,
  AZURE_DEPLOY_PRINCIPAL_ID: pipelineId,
  AZURE_TENANT_ID: tenant.id,
  AZURE_SUBSCRIPTION_ID: subscription.id,
  AZURE_RESOURCE_GROUP: account.resourceGroup,
  FOUNDRY_RESOURCE_ID: foundryId,
  FOUNDRY_ENDPOINT: `https://${account.customSubDomainName}.openai.azure.com`,
  SHOP_IDENTITY_ID: shopIdentity.resourceId,
  SHOP_APP_ID: shopAppId,
  APP_RESOURCE_ID: shopAppId,
  FOUNDRY_PROJECT_ID: `${foundryId}/projects/${project.name}`,
  JUDGE_RESOURCE_ID: foundryId,
  AZURE_OPENAI_RESOURCE_GROUP: account.resourceGroup,
  AZURE_OPENAI_SERVICE: account.name,
  AZURE_OPENAI_ENDPOINT: `https://${account.customSubDomainName}.openai.azure.com`,
  AZURE_OPENAI_CHATGPT_DEPLOYMENT: 'chat',
  AZURE_OPENAI_EMB_DEPLOYMENT: 'embeddings',
  AZURE_OPENAI_EVAL_DEPLOYMENT: 'reasoning',
  AZURE_ENV_NAME: 'shop',
  AZURE_LOCATION: account.location,
  MODEL_DEPLOYMENT: 'chat',
  JUDGE_DEPLOYMENT: 'reasoning',
}
export const secrets: Readonly<Record<string, string>> = {
  SHOP_PROBE_URL: probeUrl,
  RETIRED_FOUNDRY_KEY: accountKeys(foundryId).key2,
}

/** The default world, plus everything that a workflow names. */
function seedFor({ text }: Pick<Workflow, 'text'>): Seed {
  const named = accountsIn(text).map(ids => ({
    ...account,
    ...ids,
    customSubDomainName: ids.name,
    projects: [],
  }))
  const subscriptions = named.map(({ subscriptionId: id }) => id).filter(id => id !== subscription.id)
  return {
    ...defaultWorld,
    subscriptions: [
      ...defaultWorld.subscriptions,
      ...[...new Set(subscriptions)].map(id => ({
        id,
        tenantId: tenant.id,
        displayName: 'Named in a workflow',
      })),
    ],
    resourceGroups: [
      ...defaultWorld.resourceGroups,
      ...named.map(({ subscriptionId, resourceGroup: name, location }) => ({
        subscriptionId,
        name,
        location,
      })),
    ],
    accounts: [{ ...account, projects: [project] }, ...defaultWorld.accounts.slice(1), ...named],
    applications: [
      {
        ...pipeline,
        federatedCredentials: [
          ...(pipeline.federatedCredentials ?? []),
          trusting('contoso-shop-production', 'environment:production'),
        ],
      },
      ...defaultWorld.applications.slice(1),
      setup,
      planner,
      gatewayIdentity,
      shopIdentity,
    ],
    gateways: [
      {
        name: 'contoso',
        account: account.name,
        path: '/ai',
        audience: 'api://contoso-gateway',
        identity: gatewayIdentity.servicePrincipal.objectId,
      },
    ],
    resources: [
      {
        id: shopAppId,
        location: account.location,
        identity: { userAssigned: [shopIdentity.resourceId] },
        app: { deployment: 'chat', clientId: shopIdentity.clientId },
      },
    ],
    roleAssignments: [
      ...(defaultWorld.roleAssignments ?? []),
      ...named.flatMap(one => [
        holding(pipelineId, roles.rbacAdministrator, accountId(one)),
        holding(pipelineId, roles.reader, accountId(one)),
      ]),
      holding(setup.servicePrincipal.objectId, roles.rbacAdministrator, foundryId),
      holding(setup.servicePrincipal.objectId, roles.reader, foundryId),
      holding(planner.servicePrincipal.objectId, roles.reader, foundryId),
      holding(gatewayIdentity.servicePrincipal.objectId, roles.user, foundryId),
      holding(shopIdentity.objectId, roles.openAIUser, foundryId),
    ],
  }
}

export const holding = (principalId: string, roleDefinitionId: string, scope: string) => ({
  name: crypto.randomUUID(),
  scope,
  roleDefinitionId,
  principalId,
  principalType: 'ServicePrincipal' as const,
})

/** Accounts that a text names by a complete resource id, each once. */
function accountsIn(text: string) {
  const ids =
    /\/subscriptions\/([0-9a-f-]{36})\/resourceGroups\/([\w.-]+)\/providers\/Microsoft\.CognitiveServices\/accounts\/([\w-]+)/g
  const found = [...text.matchAll(ids)].map(([id, subscriptionId = '', resourceGroup = '', name = '']) => ({
    id,
    ids: { subscriptionId, resourceGroup, name },
  }))
  return [...new Map(found.map(({ id, ids: parts }) => [id, parts])).values()]
}

/** How long a grant takes, in milliseconds, on each of two replicas. */
const lag = { roleAssignments: [2000, 3000] }

/** @param seed what is there before; default: the default world, and in it whatever the workflow names */
export async function openStage(workflow: Workflow, seed = seedFor(workflow)): Promise<Stage> {
  const { expectsRole: granted } = workflow
  const cloud = await createLocalCloud({ seed, granted, lag })
  Object.assign(cloud.world.workflow, {
    eventName: workflow.event,
    ...(workflow.environment === undefined ? {} : { environment: workflow.environment }),
    ...(workflow.event === 'pull_request'
      ? { ref: 'refs/pull/7/merge', headRef: 'discount', baseRef: 'main' }
      : {}),
  })
  const [gateway] = cloud.endpoints.gateways.values()
  const [shop] = cloud.endpoints.apps.values()
  const names = await showAsAzure(cloud, {
    ...(gateway === undefined ? {} : { [gatewayHost]: new URL(gateway).origin }),
    ...(shop === undefined ? {} : { [shopHost]: shop }),
  })
  return {
    cloud,
    names,
    async close() {
      await names.close()
      await cloud.close()
    },
  }
}
