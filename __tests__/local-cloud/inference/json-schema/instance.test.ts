import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import fc from 'fast-check'
import { instanceOf } from '../../../../local-cloud/inference/json-schema/instance.ts'
import { NoInstance } from '../../../../local-cloud/inference/json-schema/no-instance.ts'

/** Every schema that structured output allows has an instance, by the judgement of a JSON Schema library. */

type Json = { [keyword: string]: unknown }

const optional = (keywords: Record<string, fc.Arbitrary<unknown>>): fc.Arbitrary<Json> =>
  fc.record(keywords, { requiredKeys: [] })

const range = (low: string, high: string, value: fc.Arbitrary<number>): fc.Arbitrary<Json> =>
  fc.tuple(value, value, fc.subarray([low, high])).map(([a, b, shown]) => {
    const bounds: Json = { [low]: Math.min(a, b), [high]: Math.max(a, b) }
    return Object.fromEntries(shown.map(name => [name, bounds[name]]))
  })

const text = fc
  .oneof(
    range('minLength', 'maxLength', fc.nat(30)),
    optional({
      format: fc.constantFrom(
        'date-time',
        'time',
        'date',
        'duration',
        'email',
        'hostname',
        'ipv4',
        'ipv6',
        'uuid',
      ),
    }),
    fc
      .constantFrom('^[a-z]{2,5}$', '^@[a-zA-Z0-9_]+$', '\\d{3}-\\d{4}', '^(a|bc)+\\.x?$', '^[^\\s"]+$')
      .map(pattern => ({
        pattern,
      })),
  )
  .map(keywords => ({ type: 'string', ...keywords }))

const whole = fc.integer({ min: -1000, max: 1000 })
const number = fc.oneof(
  range('minimum', 'maximum', whole).map(bounds => ({ type: 'integer', ...bounds })),
  range(
    'minimum',
    'maximum',
    whole.map(value => value / 4),
  ).map(bounds => ({ type: 'number', ...bounds })),
  whole.map(low => ({ type: 'number', exclusiveMinimum: low, exclusiveMaximum: low + 1 })),
  whole.map(low => ({ type: 'integer', exclusiveMinimum: low, exclusiveMaximum: low + 2 })),
  fc.tuple(fc.constantFrom(2, 5, 7, 0.5, 0.1), whole).map(([multipleOf, minimum]) => ({
    type: 'number',
    multipleOf,
    minimum,
  })),
)

const scalar = fc.oneof(
  text,
  number,
  fc.constantFrom<Json>({ type: 'boolean' }, { type: 'null' }, { type: ['string', 'null'] }),
  fc
    .uniqueArray(fc.oneof(fc.string(), fc.integer()), { minLength: 1, maxLength: 4 })
    .map(values => ({ enum: values })),
  fc.string().map(value => ({ const: value })),
)

/** References to definitions, and to the whole, where an instance can do without one. */
const name = fc.constantFrom('One', 'Two', 'Three')
const reference = fc.oneof(
  name.map(target => `#/$defs/${target}`),
  fc.constant('#'),
)
const cyclic = fc.oneof(
  reference.map($ref => ({ anyOf: [{ $ref }, { type: 'null' }] })),
  reference.map($ref => ({ anyOf: [{ type: 'null' }, { $ref }] })),
  reference.map($ref => ({ type: 'array', items: { $ref } })),
)

const object = (node: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc.dictionary(fc.constantFrom('a', 'b', 'c d', 'é', '__x'), node, { maxKeys: 4 }).map(properties => ({
    type: 'object',
    properties,
    required: Object.keys(properties),
    additionalProperties: false,
  }))

const list = (node: fc.Arbitrary<Json>): fc.Arbitrary<Json> =>
  fc
    .tuple(node, range('minItems', 'maxItems', fc.nat(4)))
    .map(([items, bounds]) => ({ type: 'array', items, ...bounds }))

const { node } = fc.letrec<{ node: Json; object: Json; array: Json; choice: Json }>(tie => ({
  node: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    scalar,
    cyclic,
    tie('object'),
    tie('array'),
    tie('choice'),
  ),
  object: object(tie('node')),
  array: list(tie('node')),
  choice: fc.array(tie('node'), { minLength: 1, maxLength: 3 }).map(anyOf => ({ anyOf })),
}))

/** The root is an object; its definitions are there whether something refers to them or not. */
const document = fc
  .tuple(object(node), fc.tuple(object(node), list(node), fc.oneof(scalar, object(node))))
  .map(([root, [One, Two, Three]]) => ({ ...root, $defs: { One, Two, Three } }))

function validator() {
  const ajv = new Ajv2020({ strict: false, allowUnionTypes: true })
  addFormats.default(ajv)
  return ajv
}

test('structured output: the instance fits its schema, for any nesting', () => {
  fc.assert(
    fc.property(document, schema => {
      const validate = validator().compile(schema)
      const instance = JSON.parse(JSON.stringify(instanceOf(schema)))
      expect({ valid: validate(instance), errors: validate.errors, instance }).toMatchObject({ valid: true })
    }),
    { numRuns: 100 },
  )
})

describe('keywords that only schemas of tools may have', () => {
  test.each<[string, Json]>([
    ['an empty schema', {}],
    ['optional properties', { type: 'object', properties: { a: { type: 'string' } } }],
    ['a map', { type: 'object', additionalProperties: { type: 'integer' } }],
    ['a required property without a schema', { type: 'object', required: ['a'] }],
    [
      'a tuple',
      { type: 'array', prefixItems: [{ type: 'integer' }, { type: 'string' }], minItems: 2, maxItems: 2 },
    ],
    [
      'a reference with neighbours',
      { $ref: '#/$defs/T', minLength: 9, $defs: { T: { type: 'string', title: 'T' } } },
    ],
    [
      'allOf',
      {
        allOf: [
          { $ref: '#/definitions/A' },
          { properties: { b: { type: 'integer', minimum: 3 } }, required: ['b'] },
        ],
        definitions: { A: { type: 'object', properties: { a: { const: 1 } }, required: ['a'] } },
      },
    ],
    [
      'oneOf with a mark',
      { oneOf: [{ type: 'object', properties: { kind: { const: 'a' } }, required: ['kind'] }] },
    ],
    ['anyOf next to a type', { type: 'object', properties: { a: {} }, anyOf: [{ required: ['a'] }] }],
    [
      'a branch without an instance',
      { anyOf: [{ type: 'string', minLength: 5, maxLength: 2 }, { type: 'boolean' }] },
    ],
    ['a pointer with escapes', { $ref: '#/$defs/a~1b%20c', $defs: { 'a/b c': { type: 'boolean' } } }],
    ['true and false', { type: 'object', properties: { a: true, b: false }, required: ['a'] }],
  ])('%s', (_what, schema) => {
    const validate = validator().compile(schema)
    expect(validate(instanceOf(schema))).toBe(true)
  })
})

test('lists have one entry and optional properties exist, except if a schema contains itself', () => {
  const tree = {
    type: 'object',
    properties: {
      name: { type: 'string' },
      parent: { anyOf: [{ $ref: '#' }, { type: 'null' }] },
      children: { type: 'array', items: { $ref: '#' } },
    },
    required: ['name', 'parent', 'children'],
    additionalProperties: false,
  }
  const inner = { name: 'text', parent: null, children: [] }
  expect(instanceOf(tree)).toEqual({ name: 'text', parent: inner, children: [inner] })
})

test.each<[string, unknown]>([
  ['contradicts itself', { type: 'integer', minimum: 2, maximum: 1 }],
  ['has parts that contradict each other', { allOf: [{ type: 'string' }, { type: 'integer' }] }],
  ['is infinite', { type: 'object', properties: { a: { $ref: '#' } }, required: ['a'] }],
  ['refers only to itself', { $ref: '#/$defs/A', $defs: { A: { $ref: '#/$defs/A' } } }],
  ['refers to another document', { $ref: 'https://example.com/schema' }],
  ['refers to a missing definition', { $ref: '#/$defs/None' }],
  ['uses an unsupported keyword', { type: 'object', not: { required: ['a'] } }],
  ['has a pattern that looks around', { type: 'string', pattern: '^(?!a).*$' }],
  ['is not a schema', { type: 'object', properties: { a: 3 }, required: ['a'] }],
  ['has an unknown type', { type: 'text' }],
])('a schema that %s has no instance, and the error says why', (_why, schema) => {
  expect(() => instanceOf(schema)).toThrow(NoInstance)
})
