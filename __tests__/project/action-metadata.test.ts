import { readActionMetadata } from '../../scripts/action-metadata.ts'
import { outdated } from '../../scripts/docs.ts'

test('action.yml is valid, and describes every input and output', () => {
  expect(() => readActionMetadata()).not.toThrow()
})

test('what is generated from the code is current in the documents (mended by `npm run docs`)', () => {
  expect(outdated()).toEqual([])
})
