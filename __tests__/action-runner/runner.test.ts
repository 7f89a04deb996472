import fc from 'fast-check'
import { parseCommand, readKeyValues } from '../../action-runner/index.ts'

/** Cases after actions/runner, ActionCommand.cs and FileCommandManager.cs. */

describe('a line of the log', () => {
  test.each([
    ['::error::no', { name: 'error', properties: {}, message: 'no' }],
    [
      '  ::Warning title=a:b%2Cc,file=x=y::no',
      { name: 'warning', properties: { title: 'a:b,c', file: 'x=y' }, message: 'no' },
    ],
    [
      '::notice title=%253A::50%25%0Ano %3A%2C',
      { name: 'notice', properties: { title: '%3A' }, message: '50%\nno %3A%2C' },
    ],
    ['::error::one::two', { name: 'error', properties: {}, message: 'one::two' }],
    ['seen ##[error]no%5D', { name: 'error', properties: {}, message: 'no]' }],
    [
      '##[set-output name=a%3B;x=1]b',
      { name: 'set-output', properties: { name: 'a;', x: '1' }, message: 'b' },
    ],
    ['::unknown::##[add-mask]secret', { name: 'add-mask', properties: {}, message: 'secret' }],
  ])('%j is a command', (line, command) => {
    expect(parseCommand(line)).toEqual(command)
  })

  test.each([
    '',
    'error::no',
    'x ::error::no',
    '::error:no',
    '::unknown::no',
    '##[unknown]no',
    '##[x]##[error]no',
    '##[error',
  ])('%j is not a command', line => {
    expect(parseCommand(line)).toBeUndefined()
  })
})

describe('a file of keys and values', () => {
  test('has both forms; the sign that comes first decides which one a line has', () => {
    const text = 'a=1<<2\nb<<END\none=1\n\ntwo\nEND\n\nc<<E=F\nE=F\nd=\n'
    expect(readKeyValues(text)).toEqual({ a: '1<<2', b: 'one=1\n\ntwo', c: '', d: '' })
  })

  test.each(['a', 'a<<', '<<END', 'a<<END\nb\n'])('%j fails the step', text => {
    expect(() => readKeyValues(text)).toThrow(/^Invalid/)
  })

  test("returns everything written in the toolkit's form", () => {
    const value = fc.string({ unit: 'grapheme-ascii' }).map(text => text.replaceAll('\r', ''))
    fc.assert(
      fc.property(fc.dictionary(fc.stringMatching(/^[a-z-]+$/), value, { noNullPrototype: true }), values => {
        const text = Object.entries(values).map(([name, text]) => `${name}<<END_OF_IT\n${text}\nEND_OF_IT\n`)
        expect(readKeyValues(text.join(''))).toEqual(values)
      }),
    )
  })
})
