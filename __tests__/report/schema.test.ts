import { expectValidReport, publishedSchema } from '../support/report-validator.ts'

type Path = string

/** Every schema within the schema, by its path. */
function schemasOf(value: unknown, path: Path = ''): Array<[Path, object]> {
  if (typeof value !== 'object' || value === null) return []
  const inner = Object.entries(value).flatMap(([name, part]) => schemasOf(part, `${path}/${name}`))
  return [[path, value], ...inner]
}

const schemas = schemasOf(publishedSchema)
const properties = schemas.filter(([path]) => /\/properties\/[^/]+$/.test(path))

test('names its version of JSON Schema, and its address', () => {
  expect(publishedSchema).toMatchObject({
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    $id: expect.stringMatching(/^https:\/\/.*\/key-less-gate\/blob\/v\d+\/docs\/report\.schema\.json$/),
    properties: { schemaVersion: { const: 1 } },
  })
})

test('describes every property', () => {
  expect(properties.length).toBeGreaterThan(80)
  expect(properties.filter(([, schema]) => !('description' in schema) || schema.description === '')).toEqual(
    [],
  )
})

test('allows no other property, and requires all but those that a refusal may lack', () => {
  const objects = schemas.filter(([, schema]) => 'type' in schema && schema.type === 'object')
  const open = objects.filter(
    ([, schema]) => !('additionalProperties' in schema) || schema.additionalProperties !== false,
  )
  const optional = objects.flatMap(([path, schema]) => {
    if (!('properties' in schema) || !('required' in schema)) return []
    const { properties: named, required } = schema
    return Object.keys(named ?? {}).flatMap(name =>
      Array.isArray(required) && required.includes(name)
        ? []
        : [`${path}/${name}`.replaceAll(/\/(properties|anyOf\/\d)/g, '')],
    )
  })

  expect(open.map(([path]) => path.split('/').at(-1))).toEqual(['ids'])
  expect(optional).toEqual([
    '/diagnosis/comparison',
    '/diagnosis/unlike',
    '/diagnosis/said/status',
    '/diagnosis/said/serviceCode',
    '/diagnosis/said/by',
    '/diagnosis/said/host',
    '/diagnosis/comparison/items/expected',
  ])
})

test('an invalid report is refused', () => {
  expect(() => expectValidReport({ schemaVersion: 1 })).toThrow('must have required property')
})
