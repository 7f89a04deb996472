import { failureOfEntra } from '../../../src/services/entra/errors.ts'
import { failureOfOidc } from '../../../src/services/github/errors.ts'
import { failureOfInference } from '../../../src/services/inference/errors.ts'
import { failureOfResourceManager } from '../../../src/services/resource-manager/errors.ts'
import { replyOf } from '../../support/replies.ts'

const readers = {
  refusalOfEntra: failureOfEntra,
  refusalOfInference: failureOfInference,
  refusalOfOidc: failureOfOidc,
  refusalOfResourceManager: failureOfResourceManager,
}

/** Beginnings of the patterns that wordings are recognised by, over and over: each makes a careless pattern start again. */
const beginnings = [
  ...[
    ' ',
    '\n',
    '#',
    ':',
    '`',
    'Trace ID',
    'AADSTS',
    'token tenant ',
    'missing',
    'audience is incorrect (',
    'lacks the required data action `',
  ],
  ...["perform action '", 'Try again after ', 'Unsupported parameter: ', 'RoleAssignment '],
]

describe.each(Object.entries(readers))('%s', (_, read) => {
  test.each(beginnings)('reads a megabyte of %j as it reads a little of it', piece => {
    const long = piece.repeat(Math.ceil(1_000_000 / piece.length))
    const short = piece.repeat(Math.ceil(20_000 / piece.length))

    expect(read(replyOf(400, long), 0)).toEqual(read(replyOf(400, short), 0))
    expect(read(replyOf(400, { error: { message: long } }), 0).code).toBe(
      read(replyOf(400, { error: { message: short } }), 0).code,
    )
  })
})
