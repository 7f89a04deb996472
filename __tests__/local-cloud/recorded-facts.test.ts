import { describeComparison } from './descriptions-folder.ts'
import { factsOfRecordings, recordedFacts, recordings } from './recorded-facts.ts'

describeComparison('what is kept of recorded exchanges', recordings, () => {
  test('the file has the facts of the recordings; scripts/recorded-facts.ts writes it', () => {
    expect(recordedFacts.filter(({ from }) => from === undefined)).toEqual(factsOfRecordings())
  })
})

test('there are facts, each with a unique id', () => {
  expect(recordedFacts.length).toBeGreaterThan(95)
  expect(new Set(recordedFacts.map(({ id }) => id)).size).toBe(recordedFacts.length)
})
