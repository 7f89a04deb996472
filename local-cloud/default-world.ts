import { builtInRoleId } from './built-in-roles.ts'
import { GITHUB_ISSUER, type Seed } from './world.ts'

const tenantId = '8f6b2c1e-4d3a-4b7f-9c58-2e1d0a6b7c90'
const subscriptionId = '5c2e9a14-7b60-4f83-a1d9-3e84c6f0b215'
const resourceGroup = 'rg-keyless'
const groupScope = `/subscriptions/${subscriptionId}/resourceGroups/${resourceGroup}`
const accountScope = `${groupScope}/providers/Microsoft.CognitiveServices/accounts/contoso-ai`

const pipelineObjectId = '3b9d5f72-1c84-4e06-b7a3-9f20d6e85c41'
const adminObjectId = 'd07a4c38-62be-49f1-8d15-b4e93f7a0c26'

const READER = builtInRoleId('Reader')
const RBAC_ADMINISTRATOR = builtInRoleId('Role Based Access Control Administrator')
const OWNER = builtInRoleId('Owner')

/**
 * What the local cloud starts with: a Foundry resource without keys, and a pipeline that may sign in, look at the
 * resource and grant roles in its group, but may not infer yet. Granting that is what the gate is for.
 */
export const defaultWorld: Seed = {
  tenants: [{ id: tenantId, displayName: 'Contoso' }],
  subscriptions: [{ id: subscriptionId, tenantId, displayName: 'Contoso Production' }],
  resourceGroups: [{ subscriptionId, name: resourceGroup, location: 'swedencentral' }],
  applications: [
    {
      kind: 'application',
      displayName: 'contoso-pipeline',
      clientId: '1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37',
      tenantId,
      objectId: 'a4f81d60-3e97-42c5-b08d-7c16e9f2534b',
      servicePrincipal: { objectId: pipelineObjectId },
      federatedCredentials: [
        {
          name: 'contoso-shop-main',
          issuer: GITHUB_ISSUER,
          subject: 'repo:contoso/shop:ref:refs/heads/main',
          audiences: ['api://AzureADTokenExchange'],
        },
      ],
    },
    {
      kind: 'managedIdentity',
      displayName: 'contoso-pipeline-identity',
      clientId: 'c65d2e8f-90b4-4317-a8fc-15d73b0e6a92',
      tenantId,
      objectId: '72e09ab5-d41c-4f68-8357-e0b6c92d1f84',
      servicePrincipal: { objectId: '72e09ab5-d41c-4f68-8357-e0b6c92d1f84' },
      resourceId: `${groupScope}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/contoso-pipeline-identity`,
      federatedCredentials: [
        {
          name: 'contoso-shop-production',
          issuer: GITHUB_ISSUER,
          subject: 'repo:contoso/shop:environment:production',
          audiences: ['api://AzureADTokenExchange'],
        },
      ],
    },
  ],
  users: [{ objectId: adminObjectId, tenantId, userPrincipalName: 'admin@contoso.example' }],
  accounts: [
    {
      subscriptionId,
      resourceGroup,
      name: 'contoso-ai',
      kind: 'AIServices',
      location: 'swedencentral',
      customSubDomainName: 'contoso-ai',
      disableLocalAuth: true,
      deployments: [
        { name: 'chat', model: { format: 'OpenAI', name: 'gpt-4.1-mini', version: '2025-04-14' } },
        {
          name: 'reasoning',
          model: { format: 'OpenAI', name: 'gpt-5-mini', version: '2025-08-07' },
          reasoning: true,
        },
        {
          name: 'embeddings',
          model: { format: 'OpenAI', name: 'text-embedding-3-large', version: '1' },
          sku: { name: 'Standard', capacity: 50 },
        },
        { name: 'DeepSeek-V3', model: { format: 'DeepSeek', name: 'DeepSeek-V3', version: '1' } },
        {
          name: 'claude-haiku-4-5',
          model: { format: 'Anthropic', name: 'claude-haiku-4-5', version: '20251001' },
        },
        {
          name: 'completions',
          model: { format: 'OpenAI', name: 'gpt-35-turbo-instruct', version: '0914' },
        },
        { name: 'images', model: { format: 'OpenAI', name: 'gpt-image-1', version: '2025-04-15' } },
        { name: 'flux', model: { format: 'Black Forest Labs', name: 'FLUX.2-pro', version: '1' } },
        { name: 'speech', model: { format: 'OpenAI', name: 'tts-hd', version: '001' } },
        {
          name: 'transcription',
          model: { format: 'OpenAI', name: 'gpt-4o-transcribe', version: '2025-03-20' },
        },
        { name: 'realtime', model: { format: 'OpenAI', name: 'gpt-realtime', version: '2025-08-28' } },
        { name: 'rerank', model: { format: 'Cohere', name: 'Cohere-rerank-v4.0-fast', version: '1' } },
        {
          name: 'documents',
          model: { format: 'Mistral AI', name: 'mistral-document-ai-2512', version: '1' },
        },
        { name: 'video', model: { format: 'OpenAI', name: 'sora-2', version: '2025-10-06' } },
      ],
      projects: [{ name: 'shop', agents: [{ name: 'helper', model: 'chat' }] }],
    },
  ],
  roleAssignments: [
    {
      name: '0f3d8a61-b27c-4e95-8146-d5c0e7f92ab3',
      scope: groupScope,
      roleDefinitionId: RBAC_ADMINISTRATOR,
      principalId: pipelineObjectId,
      principalType: 'ServicePrincipal',
    },
    {
      name: '94b6e20d-5f81-4c37-a0d9-e18f3c7b6d52',
      scope: accountScope,
      roleDefinitionId: READER,
      principalId: pipelineObjectId,
      principalType: 'ServicePrincipal',
    },
    {
      name: 'e81c5097-2d4a-4bf6-9e03-7a6d1f82c0b4',
      scope: `/subscriptions/${subscriptionId}`,
      roleDefinitionId: OWNER,
      principalId: adminObjectId,
      principalType: 'User',
    },
  ],
  workflow: {
    owner: 'contoso',
    ownerId: '1200345',
    repository: 'shop',
    repositoryId: '674512309',
    ref: 'refs/heads/main',
    sha: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
    actor: 'contoso-developer',
    actorId: '2300456',
    eventName: 'push',
    runId: '9876543210',
    runNumber: '42',
    runAttempt: '1',
    workflow: 'Deploy',
    workflowPath: '.github/workflows/deploy.yml',
  },
}
