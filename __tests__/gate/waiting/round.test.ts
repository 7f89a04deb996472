import fc from 'fast-check'
import { type Failure, localFailure } from '../../../src/core/failures/failure.ts'
import { roundOf } from '../../../src/gate/waiting/round.ts'
import type { Route } from '../../../src/services/inference/route.ts'
import type { SmokeResult } from '../../../src/services/inference/smoke-call.ts'

const route: Route = {
  api: 'chat-completions',
  deployment: 'gpt-4o',
  url: 'https://contoso.openai.azure.com/openai/v1/chat/completions',
  audiences: ['https://cognitiveservices.azure.com'],
  dataAction: 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action',
}
const answered: SmokeResult = {
  kind: 'ok',
  route,
  audience: 'https://cognitiveservices.azure.com',
  latencyMs: 1,
  answer: { text: 'ready', cutShort: false, model: undefined },
  adaptations: [],
}
const refusal = (kind: Failure['kind'], code: Failure['code']): Failure => ({
  ...localFailure(code, ''),
  kind,
})
const refused = (kind: Failure['kind'], code: Failure['code']): SmokeResult => ({
  kind: 'refused',
  route,
  failure: refusal(kind, code),
  adaptations: [],
})

const blip = refused('transient', 'inference-unavailable')
const busy = refused('throttled', 'inference-throttled')
const denied = refused('wait', 'access-denied')
const broken = refused('fatal', 'network-blocked')

test.each<[string, SmokeResult[], string]>([
  ['all answered', [answered, answered], 'ok'],
  ['one stumbled', [answered, blip], 'inference-unavailable'],
  ['throttling says more than a stumble', [blip, busy, answered], 'inference-throttled'],
  ['a denial says more than throttling', [busy, denied, blip], 'access-denied'],
  ['what is final says the most', [denied, busy, broken, answered], 'network-blocked'],
  [
    'of two alike, the first is told',
    [refused('fatal', 'deployment-not-found'), broken],
    'deployment-not-found',
  ],
])('%s', (_, results, expected) => {
  const round = roundOf(results)

  expect(round).toMatchObject(
    expected === 'ok' ? { kind: 'ok' } : { kind: 'refused', failure: { code: expected } },
  )
})

test('a round is ok only if every deployment answered', () => {
  fc.assert(
    fc.property(
      fc.array(fc.constantFrom(answered, blip, busy, denied, broken), { minLength: 1 }),
      results => {
        expect(roundOf(results).kind === 'ok').toBe(results.every(({ kind }) => kind === 'ok'))
      },
    ),
  )
})
