import { type DiagnosisCode, diagnosisCodes, type Hop } from '../../src/core/failures/codes.ts'
import type { Failure } from '../../src/core/failures/failure.ts'
import { failureOfNetwork } from '../../src/core/failures/network.ts'
import type { HttpReply } from '../../src/core/http/client.ts'
import { NetworkFailure } from '../../src/core/http/network-failure.ts'
import { failureOfEntra } from '../../src/services/entra/errors.ts'
import { failureOfOidc } from '../../src/services/github/errors.ts'
import { failureOfInference } from '../../src/services/inference/errors.ts'
import { failureOfResourceManager } from '../../src/services/resource-manager/errors.ts'
import type { Example } from '../support/example.ts'
import { examples } from './examples.ts'

type Classifier = (reply: HttpReply, now: number) => Failure
const classifiers: ReadonlyMap<Hop, Classifier> = new Map([
  ['github', failureOfOidc],
  ['entra', failureOfEntra],
  ['resource-manager', failureOfResourceManager],
  ['inference', failureOfInference],
  // What stands on the way answers in front of any of them.
  ['network', failureOfInference],
])

function codeOf(hop: Hop, example: Exclude<Example, { own: string }>): string | undefined {
  if ('reply' in example) return classifiers.get(hop)?.(example.reply, 0).code
  const { code, message, proxy } = example.network
  const by = proxy === undefined ? undefined : { host: proxy, failed: true }
  return failureOfNetwork(new NetworkFailure(code, 'contoso-ai.openai.azure.com:443', message, by)).code
}

const isHop = (name: string): name is Hop => name in diagnosisCodes
const all = Object.entries(diagnosisCodes).flatMap(([hop, codes]) =>
  isHop(hop) ? codes.map((code: DiagnosisCode) => ({ hop, code, example: examples[code] })) : [],
)
const told = all.flatMap(({ hop, code, example }) => ('own' in example ? [] : [{ hop, code, example }]))

test('every code has an example, and every example an existing code', () => {
  expect(Object.keys(examples).toSorted()).toEqual(all.map(({ code }) => code).toSorted())
})

test.each(told.map(({ hop, code, example }) => [code, hop, example] as const))(
  'the example of %s is classified as it',
  (code, hop, example) => {
    expect(codeOf(hop, example)).toBe(code)
  },
)

/** No reply tells these; the scenarios of their hops make the built action find them (`codes.test.ts` sees to it that none is left out). */
test('codes that the action finds by itself are marked, and few', () => {
  const own = all.filter(({ example }) => 'own' in example).map(({ code }) => code)
  expect(own.toSorted()).toEqual([
    'access-not-propagated',
    'access-unexplained',
    'answer-invalid',
    'answer-unexpected',
    'deployment-not-ready',
    'endpoint-of-another-resource',
    'endpoint-untrusted',
    'finding-forbidden',
    'input-invalid',
    'keys-enabled',
    'model-retires-soon',
    'oidc-permission-missing',
    'oidc-unavailable-fork',
    'probe-failed',
    'retired-key-accepted',
    'role-not-suitable',
    'runtime-access-missing',
    'runtime-access-unknown',
    'unexpected-error',
  ])
})

test('an example names no real tenant, subscription or person', () => {
  const text = JSON.stringify(examples)
  const ids = text.match(/[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}/g) ?? []
  expect(ids.filter(id => !/^(.)\1{7}-/.test(id))).toEqual([])
})
