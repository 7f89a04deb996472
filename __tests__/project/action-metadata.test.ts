import { readActionMetadata } from '../../scripts/action-metadata.ts'
import { outdated } from '../../scripts/docs.ts'
import { filesLike, textOf } from '../support/documents.ts'

test('action.yml is valid, and describes every input and output', () => {
  expect(() => readActionMetadata()).not.toThrow()
})

test('the code reads every input, because an unread input would silently do nothing', () => {
  const sources = filesLike(/^src\/inputs\/.*\.ts$/)
    .map(textOf)
    .join('\n')

  expect(
    Object.keys(readActionMetadata().inputs).filter(name => !sources.includes(`'${name}'`)),
  ).toStrictEqual([])
})

test('the generated documents are up to date (run `npm run docs`)', () => {
  expect(outdated()).toEqual([])
})
