import { diagnose } from '../../src/diagnosis/diagnose.ts'
import { reportDocument } from '../../src/report/document.ts'
import { emptyFacts, failureOf, fullFacts, ids, route, scope } from '../support/facts-fixture.ts'

const writtenAt = new Date('2026-11-01T12:00:00Z')
/** As it is read from the file. */
const written = (...given: Parameters<typeof reportDocument>) =>
  JSON.parse(JSON.stringify(reportDocument(...given)))

test('a run that passed is told whole', () => {
  expect(written({ result: 'passed', facts: fullFacts() }, undefined, writtenAt)).toEqual({
    schemaVersion: 1,
    writtenAt: '2026-11-01T12:00:00.000Z',
    result: 'passed',
    diagnosis: null,
    run: {
      repository: 'contoso/app',
      workflow: 'Deploy',
      job: 'deploy-models',
      runId: '42',
      runAttempt: '1',
    },
    cloud: 'AzureCloud',
    assertion: {
      issuer: 'https://token.actions.githubusercontent.com',
      subject: 'repo:contoso@1234/app@5678:environment:Production',
      audience: 'api://AzureADTokenExchange',
    },
    principal: { objectId: ids.principal, tenantId: ids.tenant, clientId: ids.client, managedIdentity: null },
    target: {
      kind: 'resource',
      resource: { subscriptionId: ids.subscription, resourceGroup: 'rg-models', account: 'contoso' },
    },
    endpoint: 'https://contoso.openai.azure.com',
    keyAccess: 'enabled',
    role: {
      name: 'Cognitive Services User',
      definitionId: `/subscriptions/${ids.subscription}/providers/Microsoft.Authorization/roleDefinitions/${ids.role}`,
      scope,
    },
    roleState: 'granted',
    roleAssignmentId: `${scope}/providers/Microsoft.Authorization/roleAssignments/228d27cc-6fdb-5934-b7ac-1efccebade04`,
    grant: 'granted',
    propagationSeconds: 41.3,
    probes: [
      { atSeconds: 0, outcome: 'access-denied' },
      { atSeconds: 41.3, outcome: 'ok' },
    ],
    smoke: [
      {
        deployment: 'gpt-4o-mini',
        api: 'chat-completions',
        url: route.url,
        dataAction: route.dataAction,
        adaptations: ['2048 tokens: the budget was spent before the answer began'],
        outcome: 'ok',
        audience: 'https://cognitiveservices.azure.com',
        latencyMs: 412,
        model: 'gpt-4o-mini-2024-07-18',
        answer: 'ready',
        cutShort: false,
      },
      {
        deployment: 'vectors',
        api: 'embeddings',
        url: route.url,
        dataAction: route.dataAction,
        adaptations: [],
        outcome: 'access-denied',
      },
    ],
    steps: [
      { name: 'Sign in', seconds: 0.64, outcome: 'done' },
      { name: 'Prove', seconds: 42, outcome: 'failed' },
    ],
  })
})

test('a run that got nowhere has the same fields, empty', () => {
  const failure = failureOf('input-invalid', '`client-id` is missing')
  const report = written(
    { result: 'failed', facts: emptyFacts(), failure },
    diagnose(failure, emptyFacts()),
    writtenAt,
  )
  const whole = written({ result: 'passed', facts: fullFacts() }, undefined, writtenAt)

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
  const [smoke] = fullFacts().smoke
  if (smoke?.kind !== 'ok') throw new Error('A full run was answered')
  const talkative = { ...smoke, answer: { ...smoke.answer, text: 'x'.repeat(100_000) } }

  expect(
    written({ result: 'passed', facts: fullFacts({ smoke: [talkative] }) }, undefined, writtenAt).smoke[0]
      .answer,
  ).toHaveLength(500)
})
