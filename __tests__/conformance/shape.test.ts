import fc from 'fast-check'
import { shapeOf } from '../../conformance/shape.ts'

test.each<[unknown, string[]]>([
  [{ a: 1, b: { c: 'x' } }, ['a: number', 'b.c: string']],
  [{ value: [{ id: 'x' }, { id: null }] }, ['value[].id: null', 'value[].id: string']],
  [{ value: [] }, ['value[]: nothing']],
  [[true], ['[]: boolean']],
  [{}, ['the whole: empty']],
  ['text', ['the whole: string']],
  [{ 'd07a4c38-62be-49f1-8d15-b4e93f7a0c26': 1 }, ['*: number']],
])('%j', (document, shape) => {
  expect(shapeOf(document)).toEqual(shape)
})

test('a shape contains no value, at any place', () => {
  const secret = 'S3cret-value-of-somebody'
  const document = fc.jsonValue().map(json => ({ json, inside: [{ secret }] }))

  fc.assert(
    fc.property(document, value => {
      expect(shapeOf(value).join('\n')).not.toContain(secret)
    }),
  )
})
