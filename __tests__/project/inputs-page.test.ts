import { maximumDescription, parseActionMetadata, readInputGroups } from '../../scripts/action-metadata.ts'
import { textOf } from '../support/documents.ts'

const action = textOf('action.yml')

test('every input is in one group, in the order of action.yml', () => {
  const groups = readInputGroups()

  expect(groups.map(({ title }) => title)).toContain('Identity')
  expect(groups.flatMap(({ inputs }) => Object.keys(inputs))).toEqual(
    Object.keys(parseActionMetadata(action).inputs),
  )
})

test('an input before the first group is refused', () => {
  const [first = ''] = /^ {2}# .*\n/m.exec(action) ?? []

  expect(() => readInputGroups(action.replace(first, ''))).toThrow('must name its group of inputs')
})

test('a description that is too long for the Marketplace is refused', () => {
  const described = (length: number) =>
    action.replace(/^description: .*$/m, `description: ${'a'.repeat(length)}`)

  expect(() => parseActionMetadata(described(maximumDescription))).not.toThrow()
  expect(() => parseActionMetadata(described(125))).toThrow()
})
