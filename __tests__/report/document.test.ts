import fc from 'fast-check'
import { diagnose } from '../../src/advice/explanations/diagnose.ts'
import type { Settings } from '../../src/gate/settings.ts'
import { reportDocument } from '../../src/report/document.ts'
import { planLines } from '../../src/report/plan-lines.ts'
import { anyOutcome } from '../support/any-record.ts'
import { hostileText } from '../support/hostile-text.ts'
import {
  emptyRecord,
  failureOf,
  fullRecord,
  ids,
  probedRecord,
  route,
  scope,
} from '../support/record-fixture.ts'
import { expectValidReport } from '../support/report-validator.ts'

const times = { startedAt: Date.UTC(2026, 10, 1, 11, 59), endedAt: Date.UTC(2026, 10, 1, 12) }
/** As it is read from the file. */
const written = (...given: Parameters<typeof reportDocument>) =>
  JSON.parse(JSON.stringify(reportDocument(...given)))

test('the result of a plan is the same as in the log', () => {
  const record = fullRecord({ grant: { outcome: 'planned' }, roleState: 'missing' })

  expect(written({ result: 'planned', record }, undefined, times).plan).toEqual(planLines(record))
})

test('the report of a run that passed is complete', () => {
  expect(written({ result: 'passed', record: fullRecord() }, undefined, times)).toEqual({
    schemaVersion: 1,
    startedAt: '2026-11-01T11:59:00.000Z',
    endedAt: '2026-11-01T12:00:00.000Z',
    writtenAt: '2026-11-01T12:00:00.000Z',
    result: 'passed',
    stoppedBy: null,
    diagnosis: null,
    findings: expect.arrayContaining([expect.objectContaining({ id: 'keys-enabled', severity: 'high' })]),
    information: [expect.stringMatching(/^Cognitive Services User is .*OpenAI User instead/)],
    run: {
      repository: 'contoso/app',
      workflow: 'Deploy',
      workflowRef: 'contoso/app/.github/workflows/deploy.yml@refs/heads/main',
      job: 'deploy-models',
      runId: '42',
      runAttempt: '1',
      url: 'https://github.com/contoso/app/actions/runs/42/attempts/1',
      event: 'push',
      actor: 'octocat',
      commit: '0a1b2c3d4e5f60718293a4b5c6d7e8f901234567',
      ref: 'refs/heads/main',
    },
    action: null,
    settings: {
      clientId: ids.client,
      tenantId: ids.tenant,
      setupClientId: null,
      tokenAudience: null,
      assertionAudience: 'api://AzureADTokenExchange',
      authorityHost: 'https://login.microsoftonline.com',
      resourceManagerEndpoint: 'https://management.azure.com',
      role: ids.role,
      grant: 'auto',
      grantee: null,
      revoke: false,
      also: [],
      keyAccess: 'warn',
      runtimePrincipals: [],
      runtimeUnknown: 'fail',
      retiredKey: false,
      failOn: null,
      exportEnvironment: false,
      deployments: [{ name: 'chat', api: null }],
      api: 'auto',
      apiVersion: null,
      prompt: 'Answer with the one word ready.',
      maxOutputTokens: 16,
      modelDaysLeft: null,
      expect: null,
      probeUrl: null,
      probeExpect: null,
      propagationTimeoutSeconds: 900,
      consecutiveSuccesses: 3,
      requestTimeoutSeconds: 30,
    },
    cloud: 'AzureCloud',
    assertion: {
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:contoso@1234/app@5678:environment:Production',
      audience: 'api://AzureADTokenExchange',
    },
    principal: { objectId: ids.principal, tenantId: ids.tenant, clientId: ids.client, managedIdentity: null },
    setupPrincipal: null,
    target: {
      kind: 'resource',
      resourceId: scope,
      resource: {
        subscriptionId: ids.subscription,
        resourceGroup: 'rg-models',
        account: 'contoso',
        project: null,
      },
      endpoint: null,
      endpointIsOwn: true,
      search: null,
    },
    endpoint: 'https://contoso.openai.azure.com',
    chosenDeployment: null,
    denyAssignments: [],
    keyAccess: 'enabled',
    keys: { access: 'enabled', retiredKey: null },
    role: {
      name: 'Cognitive Services User',
      definitionId: `/subscriptions/${ids.subscription}/providers/Microsoft.Authorization/roleDefinitions/${ids.role}`,
      scope,
    },
    roleState: 'granted',
    membership: null,
    models: null,
    roleAssignmentId: `${scope}/providers/Microsoft.Authorization/roleAssignments/228d27cc-6fdb-5934-b7ac-1efccebade04`,
    grant: 'granted',
    plan: null,
    propagationSeconds: 41.3,
    attempts: 2,
    connections: 3,
    row: 'made',
    runtimeAccess: null,
    runtimePrincipals: [],
    probes: [
      { atSeconds: 0, outcome: 'access-denied' },
      { atSeconds: 41.3, outcome: 'ok' },
    ],
    smoke: [
      {
        deployment: 'chat',
        api: 'chat-completions',
        url: route.url,
        dataAction: route.dataAction,
        adaptations: ['2048 tokens: the budget was spent before the answer began'],
        outcome: 'ok',
        audience: 'https://cognitiveservices.azure.com',
        latencyMs: 412,
        model: 'gpt-4.1-mini-2025-04-14',
        answer: 'ready',
        cutShort: false,
        dimensions: null,
        quota: null,
      },
      {
        deployment: 'vectors',
        api: 'embeddings',
        url: route.url,
        dataAction: route.dataAction,
        adaptations: [],
        outcome: 'access-denied',
        audience: null,
        latencyMs: null,
        model: null,
        answer: null,
        cutShort: null,
        dimensions: null,
        quota: null,
      },
    ],
    also: [],
    app: null,
    steps: [
      { name: 'Sign in', seconds: 0.64, outcome: 'done' },
      { name: 'Prove', seconds: 42, outcome: 'failed' },
    ],
  })
})

test('a run that got nowhere has the same fields, empty', () => {
  const failure = failureOf('input-invalid', '`client-id` is missing')
  const report = written(
    { result: 'failed', record: emptyRecord(), failure },
    diagnose(failure, emptyRecord()),
    times,
  )
  const whole = written({ result: 'passed', record: fullRecord() }, undefined, times)

  expect(Object.keys(report)).toEqual(Object.keys(whole))
  expect(report).toMatchObject({
    result: 'failed',
    diagnosis: { code: 'input-invalid', said: { message: '`client-id` is missing' } },
    principal: null,
    role: null,
    roleState: 'unknown',
    keyAccess: 'unknown',
    smoke: [],
  })
})

test('long answers are cut', () => {
  const [smoke] = fullRecord().smoke
  if (smoke?.kind !== 'ok') throw new Error('A full run was answered')
  const talkative = { ...smoke, answer: { ...smoke.answer, text: 'word '.repeat(20_000) } }

  expect(
    written({ result: 'passed', record: fullRecord({ smoke: [talkative] }) }, undefined, times).smoke[0]
      .answer,
  ).toHaveLength(500)
})

test('it says who granted, what happened to a retired key, where the action is from, and what stopped a run', () => {
  const record = fullRecord({
    setupPrincipal: { oid: ids.client, tid: ids.tenant, azp: ids.principal },
    retiredKey: { outcome: 'key-invalid' },
  })
  record.run.action = { repository: 'contoso/key-less-gate', ref: 'v1' }

  expect(written({ result: 'cancelled', record, signal: 'SIGTERM' }, undefined, times)).toMatchObject({
    result: 'cancelled',
    stoppedBy: 'SIGTERM',
    action: { repository: 'contoso/key-less-gate', ref: 'v1' },
    setupPrincipal: { objectId: ids.client, clientId: ids.principal },
    keys: { access: 'enabled', retiredKey: 'key-invalid' },
  })
})

test('it has the probed app, without the query of its address', () => {
  const report = written({ result: 'passed', record: probedRecord() }, undefined, times)
  expect(report).toMatchObject({
    settings: { probeUrl: 'https://shop.contoso.example/probe?***', probeExpect: 'ready' },
    app: {
      url: 'https://shop.contoso.example/probe?***',
      answered: true,
      waitedSeconds: 12.5,
      probes: [
        { atSeconds: 0, outcome: 'HTTP 401' },
        { atSeconds: 12.5, outcome: 'ok' },
      ],
    },
  })
  expect(JSON.stringify(report)).not.toContain('a-function-key')
})

test('it has the settings, except the retired key, and cuts a long prompt', () => {
  const full = fullRecord()
  const { settings } = full
  if (settings === undefined) throw new Error('A full run has settings')
  const secret = 'a-key-that-must-be-refused'
  const told: Settings = {
    ...settings,
    keys: { access: 'forbid', retired: secret },
    smoke: { ...settings.smoke, prompt: 'word '.repeat(2_000), expect: /^ready$/i },
    access: {
      ...settings.access,
      role: { kind: 'name', name: 'Contoso Model Caller' },
      grantee: { principalId: ids.client, principalType: 'Group' },
    },
    target: { kind: 'endpoint', endpoint: 'https://contoso.openai.azure.com' },
  }
  const { account: _, ...rest } = full
  const record = { ...rest, settings: told }
  const report = written({ result: 'passed', record }, undefined, times)

  expect(report.settings).toMatchObject({
    retiredKey: true,
    keyAccess: 'forbid',
    role: 'Contoso Model Caller',
    grantee: { principalId: ids.client, principalType: 'Group' },
    expect: '^ready$',
  })
  expect(report.settings.prompt).toHaveLength(200)
  expect(report.target).toEqual({
    kind: 'endpoint',
    resourceId: null,
    resource: null,
    endpoint: 'https://contoso.openai.azure.com',
    endpointIsOwn: null,
    search: null,
  })
  expect(JSON.stringify(report)).not.toContain(secret)
})

test('every report fits the published schema', () => {
  fc.assert(
    fc.property(anyOutcome(hostileText), outcome => {
      const diagnosis = outcome.result === 'failed' ? diagnose(outcome.failure, outcome.record) : undefined
      expectValidReport(written(outcome, diagnosis, times))
    }),
    { numRuns: 40 },
  )
})
