import fc from 'fast-check'
import type { Deployment } from '../../../src/services/resource-manager/deployments.ts'
import { endsWithin, type ModelList, retirementOf } from '../../../src/services/resource-manager/models.ts'

const dayMs = 86_400_000
const asOf = Date.UTC(2026, 10, 28)
const dayIn = (days: number) => new Date(asOf + days * dayMs).toISOString()

const deployment = (differing: Partial<Deployment> = {}): Deployment => ({
  name: 'chat',
  modelName: 'gpt-4o-mini',
  modelFormat: 'OpenAI',
  modelVersion: '2024-07-18',
  sku: 'GlobalStandard',
  state: 'Succeeded',
  capabilities: new Set(),
  ...differing,
})
/** As Resource Manager sends it. */
type Entry = Readonly<Record<string, unknown>>
const entry = (differing: Entry = {}): Entry => ({
  format: 'OpenAI',
  name: 'gpt-4o-mini',
  version: '2024-07-18',
  ...differing,
})
const listOf = (...models: unknown[]): ModelList => ({ models, asOf })
const ofChat = (list: ModelList, differing?: Partial<Deployment>) =>
  retirementOf('chat', [deployment(differing)], list)

test.each<[string, Entry, Partial<Deployment>, number | undefined]>([
  ['the day of the model', entry({ deprecation: { inference: dayIn(10) } }), {}, 10],
  [
    'the day of its SKU, which goes before',
    entry({
      deprecation: { inference: dayIn(200) },
      skus: [
        { name: 'Standard', deprecationDate: dayIn(10) },
        { name: 'GlobalStandard', deprecationDate: dayIn(100) },
      ],
    }),
    { sku: 'standard' },
    10,
  ],
  [
    'the day of the model, where its SKU has none',
    entry({ deprecation: { inference: dayIn(10) }, skus: [{ name: 'GlobalStandard' }] }),
    {},
    10,
  ],
  ['no day', entry(), {}, undefined],
  ['an empty day, which is none', entry({ deprecation: { inference: '' } }), {}, undefined],
  ['names in another case', entry({ name: 'GPT-4o-mini', deprecation: { inference: dayIn(3) } }), {}, 3],
])('%s', (_, model, differing, daysLeft) => {
  expect(ofChat(listOf(model), differing)).toMatchObject({ kind: 'known', daysLeft })
})

const tuned = entry({ name: 'gpt-4o-mini.ft-1', version: '1', baseModel: entry() })
const ofTuned = { modelName: 'gpt-4o-mini.ft-1', modelVersion: '1' }

test('a fine-tuned model without a day retires with its base model', () => {
  const list = listOf(tuned, entry({ deprecation: { inference: dayIn(5) } }))

  expect(ofChat(list, ofTuned)).toMatchObject({ kind: 'known', daysLeft: 5 })
})

test.each<[string, () => ReturnType<typeof ofChat>, RegExp]>([
  ['deployments that cannot be listed', () => retirementOf('chat', undefined, listOf()), /cannot be listed/],
  [
    'a name that is not listed',
    () => retirementOf('helper', [deployment()], listOf()),
    /none of the deployments/,
  ],
  ['a model that is not listed', () => ofChat(listOf()), /gpt-4o-mini 2024-07-18 is not in the list/],
  [
    'an entry of the model that cannot be read, even beside one that can',
    () => ofChat(listOf(entry({ skus: 'many' }), entry())),
    /an entry of gpt-4o-mini in the list of models cannot be read/,
  ],
  [
    'a fine-tuned model whose base model cannot be read',
    () => ofChat(listOf(tuned, entry({ skus: 'many' })), ofTuned),
    /the date of gpt-4o-mini\.ft-1 1 cannot be read/,
  ],
  ['another version only', () => ofChat(listOf(entry({ version: '2025-01-01' }))), /is not in the list/],
  [
    'a day that cannot be read',
    () => ofChat(listOf(entry({ deprecation: { inference: 'soon' } }))),
    /cannot be read/,
  ],
])('not known: %s', (_, look, because) => {
  expect(look()).toMatchObject({ kind: 'unknown', because: expect.stringMatching(because) })
})

test('entries of other models that cannot be read do not matter', () => {
  const list = listOf('no model', null, { name: 7 }, entry({ name: 'gpt-5', skus: 'many' }), entry())

  expect(ofChat(list)).toMatchObject({ kind: 'known' })
})

test.each<[string, Entry[], string | undefined]>([
  ['the default version, without a day', [entry({ version: '2', isDefaultVersion: true })], '2'],
  [
    'the default version, which lasts longer',
    [entry({ version: '2', isDefaultVersion: true, deprecation: { inference: dayIn(90) } })],
    '2',
  ],
  [
    'none where the default version ends no later',
    [entry({ version: '2', isDefaultVersion: true, deprecation: { inference: dayIn(9) } })],
    undefined,
  ],
  ['none where another is not the default', [entry({ version: '2' })], undefined],
  ['none of another model', [entry({ name: 'gpt-5', version: '2', isDefaultVersion: true })], undefined],
])('its successor is %s', (_, others, successor) => {
  const list = listOf(entry({ deprecation: { inference: dayIn(10) } }), ...others)

  expect(ofChat(list)).toMatchObject({ kind: 'known', successor })
})

test('a model retires within so many days exactly if its day is not later', () => {
  fc.assert(
    fc.property(fc.integer({ min: -5000, max: 5000 }), fc.integer({ min: 1, max: 1000 }), (hours, days) => {
      const retirement = ofChat(listOf(entry({ deprecation: { inference: dayIn(hours / 24) } })))
      if (retirement.kind === 'unknown') throw new Error(retirement.because)

      expect(endsWithin(retirement, days, { asOf })).toBe(hours <= days * 24)
    }),
  )
})
