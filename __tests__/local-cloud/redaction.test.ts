import type { JournalEntry } from '../../local-cloud/journal.ts'
import { redacted } from '../../local-cloud/redaction.ts'

const KEY = 'ddb41ec0a0f24c5b9d3e7a6f18b2c49d'
const TOKEN = 'eyJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJmb3JlaWduIn0.c2lnbmF0dXJlLXRoYXQtaXMtbG9uZw'

/** Its second part is compressed: nothing but the first one looks like JSON. */
const COMPRESSED_TOKEN = `${Buffer.from('{"alg":"RS256","zip":"DEF"}').toString('base64url')}.q1YqLk1SslJKzMlRqgUA.c2lnbmF0dXJl`

const escaped = (text: string, write: (hex: string) => string) =>
  [...text].map(letter => write((letter.codePointAt(0) ?? 0).toString(16).padStart(2, '0'))).join('')
const percent = (text: string) => escaped(text, hex => `%${hex}`)
const json = (text: string) => escaped(text, hex => `\\u00${hex.toUpperCase()}`)
const base64 = (text: string) => Buffer.from(text).toString('base64')

const entry = (body: string, target = '/', headers: Record<string, string> = {}): JournalEntry => ({
  at: 0,
  service: 'inference',
  operation: 'unknown',
  method: 'POST',
  host: '127.0.0.1',
  target,
  headers,
  body,
  status: 200,
})

const FORMS: ReadonlyArray<readonly [name: string, form: (secret: string) => string]> = [
  ['as it is', secret => secret],
  ['with every character percent-encoded', percent],
  ['with one character percent-encoded', secret => secret.replace(secret[9] ?? '', percent(secret[9] ?? ''))],
  ['percent-encoded twice', secret => percent(percent(secret))],
  ['with every character escaped in JSON', json],
  ['in JSON that is text in JSON', secret => JSON.stringify(json(secret)).slice(1, -1)],
  ['in base64', base64],
  ['as the password of basic authentication', secret => base64(`user:${secret}`)],
  ['in base64 that is percent-encoded', secret => percent(base64(secret))],
  ['in base64 that is escaped in JSON in a query', secret => percent(json(base64(secret)))],
]

describe.each([
  ['a secret that was given out', KEY],
  ['a token of anybody', TOKEN],
  ['a token that is compressed', COMPRESSED_TOKEN],
])('%s', (_, secret) => {
  test.each(FORMS)('%s is removed completely, and the text around it stays', (__, form) => {
    const text = form(secret)
    const clean = redacted(entry(`before ${text} behind`, `/x/${text}?y=1`, { 'x-note': `a ${text}` }), [KEY])
    expect(clean).toMatchObject({
      target: '/x/[redacted]?y=1',
      body: 'before [redacted] behind',
      headers: { 'x-note': 'a [redacted]' },
    })
  })
})

test('two adjacent secrets give two marks, one inside another gives one', () => {
  expect(redacted(entry(`${KEY}|${percent(KEY)}|${base64(`x${KEY}`)}`), [KEY, KEY.slice(4, 20)]).body).toBe(
    '[redacted]|[redacted]|[redacted]',
  )
})

test('a text without a secret stays unchanged', () => {
  const body = `{"a":"50%25 of \\u00e9t\\u00e9","b":"${base64('nothing that anybody keeps to himself')}"}`
  expect(redacted(entry(body, '/subscriptions/%7Bid%7D'), [KEY])).toEqual(
    entry(body, '/subscriptions/%7Bid%7D'),
  )
})

test.each([
  'api-key',
  'authorization',
  'cookie',
  'ocp-apim-subscription-key',
  'proxy-authorization',
  'x-api-key',
  'x-identity-header',
])('the header %s is never kept', name => {
  expect(redacted(entry('', '/', { [name]: 'a word' }), []).headers).toEqual({ [name]: '[redacted]' })
})

test.each(['key1', 'key2', 'client_secret', 'access_token', 'refresh_token'])(
  'the value of %s in JSON is not kept, whatever it holds',
  name => {
    const body = JSON.stringify({ [name]: 'a "word"', name: 'contoso' })
    expect(redacted(entry(body), []).body).toBe(JSON.stringify({ [name]: '[redacted]', name: 'contoso' }))
  },
)
