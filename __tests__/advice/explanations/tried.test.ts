import fc from 'fast-check'
import * as v from 'valibot'
import { parse } from 'yaml'
import { diagnose } from '../../../src/advice/explanations/diagnose.ts'
import { type Failure, StepError } from '../../../src/core/failures/failure.ts'
import type { RunRecord } from '../../../src/gate/record.ts'
import { readSettings } from '../../../src/inputs/index.ts'
import { apis } from '../../../src/services/inference/apis/choices.ts'
import { allCodes, failureOf, fullRecord, ids, route, scope } from '../../support/record-fixture.ts'

const names: string[] = ['chat', 'chat-2', 'CHAT', 'chatt']

/** What a run was given, among it every value that fixes are known to offer. */
const given = fc.record({
  deployments: fc.constantFrom(...names),
  // Agents are a project's.
  api: fc.constantFrom(...apis.filter(api => api !== 'agents')),
  namesApi: fc.boolean(),
  cloud: fc.constantFrom('AzureCloud', 'AzureUSGovernment', 'AzureChinaCloud'),
  prompt: fc.constantFrom('', 'Answer with the one word ready.', 'What is two plus two?', 'Tell me a story.'),
  expect: fc.constantFrom('', '[Rr]eady', 'four'),
  'max-output-tokens': fc.constantFrom('', '16', '2048', '4096'),
  'propagation-timeout': fc.constantFrom('', '0s', '30m', '1h', '2h', '6h'),
  role: fc.constantFrom('', 'Cognitive Services OpenAI User', 'Foundry User', 'Reader'),
  grant: fc.constantFrom('', 'never'),
  audience: fc.constantFrom('', 'api://AzureADTokenExchange', 'api://contoso'),
})
type Given = typeof given extends fc.Arbitrary<infer T> ? T : never

const named = fc.record(
  {
    audience: fc.constantFrom(
      'https://ai.azure.com',
      'https://cognitiveservices.azure.us/',
      'https://ai.azure.cn',
    ),
    parameter: fc.constantFrom('max_tokens', 'max_output_tokens', 'temperature'),
    dataAction: fc.constant(route.dataAction),
  },
  { requiredKeys: [] },
)
const roleStates = ['direct', 'inherited', 'group', 'granted', 'covered', 'missing', 'unknown'] as const

const listed = ['chat', 'chat-2', 'search'].map(name => ({
  name,
  modelName: name,
  modelFormat: name === 'search' ? 'Cohere' : 'OpenAI',
  state: 'Succeeded',
  capabilities: new Set(['chatCompletion']),
}))

const run = fc.record({
  given,
  code: fc.constantFrom(...allCodes),
  named,
  roleState: fc.constantFrom(...roleStates),
  roleAgeMs: fc.constantFrom(undefined, 60_000, 86_400_000),
  deployments: fc.constantFrom(undefined, [], listed),
  adaptations: fc.constantFrom([], ['2048 tokens: the model could not finish in its budget']),
  by: fc.constantFrom(undefined, 'an API Management gateway'),
})
type Run = typeof run extends fc.Arbitrary<infer T> ? T : never

const inputsOf = ({ api, namesApi, deployments, ...others }: Given): Record<string, string> => ({
  'client-id': ids.client,
  'tenant-id': ids.tenant,
  'resource-id': scope,
  ...others,
  deployments: namesApi ? `${deployments}=${api}` : deployments,
})

function diagnosed({ given: inputs, code, named: said, by, ...others }: Run) {
  const failure: Failure = {
    ...failureOf(code).failure,
    details: said,
    said: { message: 'No.', ids: {}, status: 400, ...(by === undefined ? {} : { by }) },
  }
  const called = { ...route, deployment: inputs.deployments, api: inputs.api }
  const values = inputsOf(inputs)
  const { deployments, adaptations, roleState, roleAgeMs } = others
  const { deployments: _, role: __, ...base } = fullRecord()
  const record: RunRecord = {
    ...base,
    settings: readSettings(name => values[name] ?? '', {}),
    roleState,
    roleAgeMs,
    ...(deployments === undefined ? {} : { deployments }),
    routes: [called],
    smoke: [{ kind: 'refused', route: called, failure, adaptations }],
  }
  return diagnose(new StepError('calling the model', failure), record)
}

const step = v.object({
  with: v.record(v.string(), v.pipe(v.union([v.string(), v.number()]), v.transform(String))),
})

const defaults: Readonly<Record<string, string>> = {
  prompt: 'Answer with the one word ready.',
  'max-output-tokens': '16',
  'propagation-timeout': '15m',
  role: 'Cognitive Services User',
  grant: 'auto',
  audience: 'api://AzureADTokenExchange',
}

/** Whether an input had this value already, or the run tried it by itself. */
function wasTried(name: string, value: string, { given: inputs, adaptations }: Run): boolean {
  if (name === 'deployments') {
    const [deployment = '', api = inputs.api] = value.split('=')
    return deployment.toLowerCase() === inputs.deployments.toLowerCase() && api === inputs.api
  }
  if (name === 'max-output-tokens' && adaptations.some(made => made.startsWith(value))) return true
  const own = Object.entries(inputs).find(([other]) => other === name)?.[1]
  return value === (own || defaults[name])
}

test('no fix sets an input to its present value', () => {
  fc.assert(
    fc.property(run, one => {
      for (const { language, text } of diagnosed(one).fixes) {
        const parsed = language === 'yaml' ? v.safeParse(step, parse(text)) : undefined
        if (parsed?.success !== true) continue
        const changed = Object.entries(parsed.output.with).filter(
          ([name, value]) => !wasTried(name, value, one),
        )
        expect([one.code, text, changed.length]).not.toEqual([one.code, text, 0])
      }
    }),
    { numRuns: 2000 },
  )
})

const heldForLong = (state: Run['roleState'], ageMs: number | undefined) =>
  ['direct', 'inherited'].includes(state) && ageMs !== undefined && ageMs > 30 * 60_000

test('a role that has long been held is not granted again', () => {
  const denials = run.filter(({ code }) => code === 'access-denied' || code === 'access-not-propagated')
  fc.assert(
    fc.property(denials, one => {
      fc.pre(heldForLong(one.roleState, one.roleAgeMs))
      const role = one.given.role || 'Cognitive Services User'
      const grants = diagnosed(one).fixes.filter(({ text }) => text.startsWith('az role assignment create'))
      for (const { title } of grants) expect(title).not.toMatch(new RegExp(`^Grant ${role} `))
    }),
  )
})

test('every code has a fix left, no matter what was tried', () => {
  fc.assert(
    fc.property(run, one => {
      expect(diagnosed(one).fixes).not.toEqual([])
    }),
    { numRuns: 2000 },
  )
})

const plainRun: Run = {
  given: {
    deployments: 'chat',
    api: 'chat-completions',
    namesApi: false,
    cloud: 'AzureCloud',
    prompt: '',
    expect: '',
    'max-output-tokens': '',
    'propagation-timeout': '',
    role: '',
    grant: '',
    audience: '',
  },
  code: 'access-denied',
  named: { dataAction: route.dataAction },
  roleState: 'missing',
  roleAgeMs: undefined,
  deployments: listed,
  adaptations: [],
  by: undefined,
}

test('if the role was granted, the fix is more time', () => {
  const { fixes, why } = diagnosed({
    ...plainRun,
    code: 'access-not-propagated',
    given: { ...plainRun.given, 'propagation-timeout': '30m' },
    roleState: 'granted',
  })
  expect(why).toContain('Cognitive Services User covers the call')
  expect(why).not.toContain('least built-in role')
  expect(fixes.map(({ text }) => text)).toEqual(['with:\n  propagation-timeout: "1h"'])
})

test.each<[string, Partial<Run> & { deployment?: string }, RegExp]>([
  ['a slip', { deployment: 'chatt' }, /^with:\n {2}deployments: chat$/],
  ['the beginning of a name', { deployment: 'se' }, /^with:\n {2}deployments: search$/],
  ['a name that is listed, and not served', { deployment: 'chat' }, /^with:\n {2}deployments: chat-2$/],
  ['a resource without any', { deployments: [] }, /^az cognitiveservices account list-models/],
  ['no list', { deployments: undefined }, /^az cognitiveservices account deployment list/],
])('a deployment that is not found, by %s', (_, { deployment = 'chat', ...others }, first) => {
  const [fix] = diagnosed({
    ...plainRun,
    code: 'deployment-not-found',
    given: { ...plainRun.given, deployments: deployment },
    ...others,
  }).fixes
  expect(fix?.text).toMatch(first)
})

test('the name of a model leads to its deployment', () => {
  const deployments = [
    {
      ...listed[0],
      name: 'chat',
      modelName: 'gpt-5-mini',
      modelFormat: 'OpenAI',
      state: 'Succeeded',
      capabilities: new Set<string>(),
    },
    ...listed.slice(1),
  ]
  const { why, fixes } = diagnosed({
    ...plainRun,
    code: 'deployment-not-found',
    given: { ...plainRun.given, deployments: 'gpt-5-mini' },
    deployments,
  })
  expect(why).toContain('gpt-5-mini is the name of a model')
  expect(fixes[0]?.text).toBe('with:\n  deployments: chat')
})
