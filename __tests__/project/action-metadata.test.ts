import { readActionMetadata } from '../../scripts/action-metadata.ts'
import { outdated } from '../../scripts/docs.ts'
import { filesLike, textOf } from '../support/documents.ts'

test('action.yml is valid, and describes every input and output', () => {
  expect(() => readActionMetadata()).not.toThrow()
})

test('every input is read: one that nobody reads would be taken, and do nothing', () => {
  const sources = filesLike(/^src\/inputs\/.*\.ts$/)
    .map(textOf)
    .join('\n')

  expect(
    Object.keys(readActionMetadata().inputs).filter(name => !sources.includes(`'${name}'`)),
  ).toStrictEqual([])
})

test('what is generated from the code is current in the documents (mended by `npm run docs`)', () => {
  expect(outdated()).toEqual([])
})
