import { codesIn, type ErrorBody, namesOf, readErrorBody } from '../../../src/core/failures/error-body.ts'

const read = (body: unknown) => readErrorBody(typeof body === 'string' ? body : JSON.stringify(body))

test.each<[string, unknown, Partial<ErrorBody>]>([
  [
    'in an envelope',
    { error: { code: 'A', message: 'a' } },
    { codes: ['A'], message: 'a', structured: true },
  ],
  ['without one', { code: 'A', message: 'a', param: 'p' }, { codes: ['A'], message: 'a', param: 'p' }],
  ['with capitals', { Error: { Code: 'A', Message: 'a', InnerError: { Code: 'B' } } }, { codes: ['A', 'B'] }],
  [
    'in an array',
    [
      { code: 'A', message: 'a' },
      { code: 'B', message: 'b' },
    ],
    { codes: ['A', 'B'], message: 'a b' },
  ],
  [
    'with more precise ones inside',
    { error: { code: 'A', message: 'a', innererror: { code: 'B' }, details: [{ code: 'C', message: 'c' }] } },
    { codes: ['A', 'B', 'C'], message: 'a c' },
  ],
  [
    'as JSON in a message',
    { code: 'A', message: JSON.stringify({ error: { code: 'B', message: 'b' } }) },
    { codes: ['A', 'B'], message: 'b' },
  ],
  [
    'quoted after words of a gateway',
    {
      code: '403',
      message: `Upstream: ${JSON.stringify({ error: { code: 'B', message: 'b' } })}. Giving up.`,
    },
    { codes: ['403', 'B'], message: 'Upstream: {"error":{"code":"B","message":"b"}}. Giving up. b' },
  ],
  ['beside braces that quote none', { code: 'A', message: 'in {x}' }, { codes: ['A'], message: 'in {x}' }],
  ['as an object for a message', { message: { code: 'B', message: 'b' } }, { codes: ['B'], message: 'b' }],
  ['as a text', { error: 'no' }, { codes: [], message: 'no', structured: true }],
  ['as a text of detail', { detail: 'no' }, { codes: [], message: 'no' }],
  ['with a number for a code', { code: 42, message: 'a' }, { codes: ['42'] }],
  ['with an empty code', { code: '', message: 'a' }, { codes: [], message: 'a', structured: true }],
  ['with a code that is none', { code: { x: 1 }, message: 'a' }, { codes: [], message: 'a' }],
  [
    'said twice',
    { error: { code: 'A', message: 'a', details: [{ code: 'A', message: 'a' }] } },
    { message: 'a' },
  ],
  ['with the parameter further in', { code: 'A', error: { message: 'a', param: 'p' } }, { param: 'p' }],
  [
    'with a parameter that is none',
    { code: 'A', param: 1, error: { message: 'a', param: 'p' } },
    { param: 'p' },
  ],
  [
    'of Anthropic: its type is its code',
    { type: 'error', error: { type: 'rate_limit_error', message: 'a' }, request_id: 'r' },
    { codes: ['rate_limit_error'], message: 'a' },
  ],
  [
    'of Anthropic, with a code',
    { type: 'error', error: { type: 'api_error', code: 'A', message: 'a' } },
    { codes: ['A'] },
  ],
  [
    'of OpenAI: its type is too coarse',
    { error: { type: 'invalid_request_error', message: 'a' } },
    { codes: [] },
  ],
  [
    'of a model server: what it found, and where',
    { detail: [{ type: 'extra_forbidden', loc: ['body', 'messages', 0, 'extra'], msg: 'no' }] },
    { codes: ['extra_forbidden'], message: 'no', param: 'extra' },
  ],
  [
    'of a model server, about the whole',
    { detail: [{ loc: ['query', 'path', 'header', 'body', 3], msg: 'no' }] },
    { codes: [], message: 'no', param: undefined, structured: true },
  ],
  [
    'in plain text',
    'Bad  gateway',
    { codes: [], message: 'Bad  gateway', param: undefined, structured: false },
  ],
  ['in JSON that is no error', { answer: 42 }, { codes: [], message: '{"answer":42}', structured: false }],
  ['in a number', 42, { message: '42', structured: false }],
  ['in nothing', '', { codes: [], message: '', structured: false }],
])('an error %s', (_, body, expected) => {
  const { codes, message, param, structured } = read(body)
  expect({ codes, message, param, structured }).toMatchObject(expected)
  if (expected.codes !== undefined) expect(codes).toStrictEqual(expected.codes)
})

test('errors are read some levels deep, and no deeper', () => {
  const nested = (depth: number): unknown => (depth === 0 ? { code: 'A' } : { error: nested(depth - 1) })

  expect(read(nested(7)).codes).toEqual(['A'])
  expect(read(nested(8))).toMatchObject({ codes: [], structured: false })
})

test('each step inwards counts, whichever it is', () => {
  const within = {
    array: (inner: unknown) => [inner],
    message: (inner: unknown) => ({ message: inner }),
    quoted: (inner: unknown) => ({ message: JSON.stringify(inner) }),
    anthropic: (inner: object) => ({ type: 'error', error: { type: 'x', error: inner } }),
  }
  const nested = (wrap: (inner: object) => unknown, depth: number): unknown =>
    Array.from({ length: depth }).reduce<unknown>(inner => wrap(Object(inner)), { code: 'A' })

  for (const wrap of [within.array, within.message]) {
    expect(read(nested(wrap, 7)).codes).toEqual(['A'])
    expect(read(nested(wrap, 8)).codes).toEqual([])
  }
  expect(read(nested(within.quoted, 4)).codes).toEqual(['A'])
  expect(read(nested(within.quoted, 8)).codes).toEqual([])
  expect(read(nested(within.anthropic, 3)).codes).toEqual(['x', 'x', 'x', 'A'])
  expect(read(nested(within.anthropic, 5)).codes).not.toContain('A')
})

test.each<[string, string[]]>([
  ['AuthorizationFailed: no', ['AuthorizationFailed']],
  ['got rate_limit_exceeded and DeploymentNotFound', ['rate_limit_exceeded', 'DeploymentNotFound']],
  ['Plain words, ALLCAPS, lower_Case9 and XmlX9', []],
  ['', []],
])('names that look like codes in %j', (text, names) => {
  expect(codesIn(text)).toEqual(names)
})

test('a number that repeats the status names nothing: what looks like a code in the message does', () => {
  const named = (code: string) => namesOf(read({ code, message: 'It was DeploymentNotFound.' }))

  expect(named('404')).toEqual(['DeploymentNotFound'])
  expect(named('NotFound')).toEqual(['NotFound'])
  expect(namesOf(read('It was DeploymentNotFound.'))).toEqual(['DeploymentNotFound'])
})
