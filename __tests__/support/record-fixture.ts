import type { Assignment, RoleHolding } from '../../src/azure/rbac/assignment.ts'
import { scopeOf } from '../../src/azure/resource-id.ts'
import { type DiagnosisCode, diagnosisCodes } from '../../src/core/failures/codes.ts'
import { type Failure, localFailure, StepError } from '../../src/core/failures/failure.ts'
import { openRecord, type RunRecord } from '../../src/gate/record.ts'
import type { Inspection, RoleAccess } from '../../src/gate/values.ts'
import { readSettings } from '../../src/inputs/index.ts'
import { readWorkflowRun } from '../../src/services/github/workflow-run.ts'
import type { Route } from '../../src/services/inference/route.ts'

/** A run of Contoso's, at its start and at its end. */

export const ids = {
  client: '11111111-2222-4333-8444-555555555555',
  tenant: '66666666-7777-4888-8999-aaaaaaaaaaaa',
  subscription: 'bbbbbbbb-cccc-4ddd-8eee-ffffffffffff',
  principal: '99999999-8888-4777-8666-555555555555',
  role: 'a97b65f3-24c7-4388-baec-2e87135dc908',
}

export const resource = {
  subscriptionId: ids.subscription,
  resourceGroup: 'rg-models',
  account: 'contoso',
  project: undefined,
}
export const scope = scopeOf(resource)

/** A role of the pipeline's, on the resource. */
export const assigned = (roleGuid: string, differing: Partial<Assignment> = {}): Assignment => ({
  id: `${scope}/providers/Microsoft.Authorization/roleAssignments/1`,
  scope,
  roleGuid,
  principalId: ids.principal,
  createdOn: 0,
  ...differing,
})

export const emptyRecord = (): RunRecord => openRecord(readWorkflowRun({})).snapshot()

const inputs: Readonly<Record<string, string>> = {
  'client-id': ids.client,
  'tenant-id': ids.tenant,
  'resource-id': scope,
  deployments: 'chat',
}

export const route: Route = {
  api: 'chat-completions',
  deployment: 'chat',
  url: 'https://contoso.openai.azure.com/openai/v1/chat/completions',
  audiences: ['https://cognitiveservices.azure.com', 'https://ai.azure.com'],
  dataAction: 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action',
}

/** All that a run can find out. */
export function fullRecord(differing: Partial<RunRecord> = {}): RunRecord {
  const run = readWorkflowRun({
    GITHUB_REPOSITORY: 'contoso/app',
    GITHUB_JOB: 'deploy-models',
    GITHUB_WORKFLOW: 'Deploy',
    GITHUB_RUN_ID: '42',
    GITHUB_RUN_ATTEMPT: '1',
    GITHUB_WORKFLOW_REF: 'contoso/app/.github/workflows/deploy.yml@refs/heads/main',
    GITHUB_EVENT_NAME: 'push',
    GITHUB_ACTOR: 'octocat',
    GITHUB_SHA: '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567',
    GITHUB_REF: 'refs/heads/main',
  })
  return {
    ...openRecord(run).snapshot(),
    settings: readSettings(name => inputs[name] ?? '', {}),
    assertion: {
      iss: 'https://token.actions.githubusercontent.com',
      sub: 'repo:contoso@1234/app@5678:environment:Production',
      aud: 'api://AzureADTokenExchange',
      environment: 'Production',
    },
    subjectTemplate: "The repository uses GitHub's default form of the subject.",
    principal: { oid: ids.principal, tid: ids.tenant, appid: ids.client },
    account: {
      kind: 'AIServices',
      hasCustomSubdomain: true,
      endpoints: {
        openAI: 'https://contoso.openai.azure.com',
        modelInference: 'https://contoso.services.ai.azure.com',
        project: undefined,
      },
      hosts: [
        'contoso.cognitiveservices.azure.com',
        'contoso.openai.azure.com',
        'contoso.services.ai.azure.com',
      ],
      keyAccess: 'enabled',
      publicNetworkAccess: 'Enabled',
    },
    deployments: [],
    routes: [route],
    endpoint: 'https://contoso.openai.azure.com',
    role: {
      guid: ids.role,
      name: 'Cognitive Services User',
      scope,
      definitionId: `/subscriptions/${ids.subscription}/providers/Microsoft.Authorization/roleDefinitions/${ids.role}`,
    },
    roleState: 'granted',
    roleAssignmentId: `${scope}/providers/Microsoft.Authorization/roleAssignments/228d27cc-6fdb-5934-b7ac-1efccebade04`,
    permissions: [{ actions: ['*/read'], dataActions: [] }],
    grant: { outcome: 'granted' },
    smoke: [
      {
        kind: 'ok',
        route,
        audience: 'https://cognitiveservices.azure.com',
        latencyMs: 412.4,
        answer: { text: 'ready', cutShort: false, model: 'gpt-4.1-mini-2025-04-14' },
        adaptations: ['2048 tokens: the budget was spent before the answer began'],
      },
      {
        kind: 'refused',
        route: { ...route, deployment: 'vectors', api: 'embeddings' },
        failure: denial(),
        adaptations: [],
      },
    ],
    rounds: 2,
    probes: [
      { atMs: 0, outcome: 'access-denied' },
      { atMs: 41_300, outcome: 'ok' },
    ],
    propagationMs: 41_300,
    connections: 3,
    row: 'made',
    steps: [
      { name: 'Sign in', tookMs: 640, outcome: 'done' },
      { name: 'Prove', tookMs: 42_000, outcome: 'failed' },
    ],
    ...differing,
  }
}

const probe = {
  'probe-url': 'https://shop.contoso.example/probe?code=a-function-key',
  'probe-expect': 'ready',
}

/** The same, and an app that was asked. */
export const probedRecord = (differing: Partial<RunRecord> = {}): RunRecord => ({
  ...fullRecord(),
  settings: readSettings(name => ({ ...inputs, ...probe })[name] ?? '', {}),
  app: {
    probes: [
      { atMs: 0, outcome: 'HTTP 401' },
      { atMs: 12_500, outcome: 'ok' },
    ],
    waitedMs: 12_500,
    isLive: true,
  },
  ...differing,
})

/** What the data plane says to a principal without the role. */
export function denial(): Failure {
  return {
    kind: 'wait',
    code: 'access-denied',
    said: {
      status: 401,
      serviceCode: 'PermissionDenied',
      message: 'The principal lacks the required data action',
      ids: { 'apim-request-id': 'c85f3b15-cf66-4482-a190-82ac6e287aad' },
    },
    details: { dataAction: route.dataAction },
  }
}

export const allCodes: readonly DiagnosisCode[] = Object.values(diagnosisCodes).flat()

export const failureOf = (code: DiagnosisCode, message = 'The service said no.'): StepError =>
  new StepError('calling the model', localFailure(code, message))

/** What there was to see of a run to which everything is open. */
export const inspectionOf = (differing: Partial<Inspection> = {}): Inspection => ({
  account: undefined,
  accountForbidden: undefined,
  deployments: undefined,
  routes: [route],
  endpoint: 'https://contoso.openai.azure.com',
  first: { results: [], round: { kind: 'ok' }, endedAt: 0 },
  roles: undefined,
  ...differing,
})

/** The role, as the pipeline itself holds it. */
export const rolesOf = (state: RoleHolding['state'], differing: Partial<RoleAccess> = {}): RoleAccess => ({
  wanted: {
    scope,
    principalId: ids.principal,
    roleGuid: ids.role,
    name: 'Cognitive Services User',
    definitionId: `/subscriptions/${ids.subscription}/providers/Microsoft.Authorization/roleDefinitions/${ids.role}`,
  },
  holder: 'pipeline',
  held: { state, assignment: undefined },
  asOf: 0,
  assignments: [],
  permissions: undefined,
  membership: undefined,
  endsWithOtherJob: false,
  heldByOtherJob: undefined,
  deniedBy: [],
  newDeny: undefined,
  denies: [],
  also: [],
  coverage: undefined,
  lacks: [],
  fallsShort: false,
  unsuitability: undefined,
  ...differing,
})
