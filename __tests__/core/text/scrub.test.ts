import fc from 'fast-check'
import { scrubBody, scrubberOf } from '../../../src/core/text/scrub.ts'

const secret = 'Zk3-q9_Lw7T2/vX+B0sHn5uR=='
const scrub = scrubberOf([secret], '***')
const encoded = (text: string, times: number): string =>
  times === 0 ? text : encoded(encodeURIComponent(text), times - 1)

test.each([
  ['as it is', secret, '***'],
  ['in other case', secret.toUpperCase(), '***'],
  ['in an address', `?code=${encoded(secret, 1)}&a=b`, '?code=***&a=b'],
  ['in the address of an address', encoded(secret, 3), '***'],
  ['in HTML', secret.replaceAll('=', '&#61;').replaceAll('/', '&#x2F;'), '***'],
  ['in base64', Buffer.from(secret).toString('base64'), '***'],
  ['with blanks in it', [...secret].join('\u200b '), '***'],
  ['cut short', `at /probe?code=${secret.slice(0, 15)}…`, 'at /probe?code=***…'],
  ['cut short within an address', `%26code%3D${encoded(secret, 2).slice(0, 19)}`, '%26code%3D***'],
])('is found %s', (_, text, scrubbed) => {
  expect(scrub(text)).toBe(scrubbed)
})

test('is found in JSON, as a value and as a name, with escapes', () => {
  const escaped = [...secret].map(each => `\\u${each.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')
  expect(scrubBody(`{"a":"${escaped}","${escaped}":[1]}`, scrub)).toBe('{"a":"***","***":[1]}')
  expect(scrubBody(`no JSON: ${escaped}`, scrub)).toBe('no JSON: ***')
})

test('is found in JSON, and everything else stays', () => {
  const body = `{"a":["${secret.replace('/', '\\/')}",1,null,true],"b":{"c":"d"}}`

  expect(scrubBody(body, scrub)).toBe('{"a":["***",1,null,true],"b":{"c":"d"}}')
})

test('is found in JSON that is nested too deeply to walk', () => {
  const deep = 30_000
  const scrubbed = scrubBody(`${'['.repeat(deep)}"${secret}"${']'.repeat(deep)}`, scrub)

  expect(scrubbed).toContain('["***"]')
  expect(scrubbed).not.toContain(secret)
})

test('the longer of two is removed as a whole, in any order', () => {
  const [short, long] = ['Zk3-q9_Lw7', 'Zk3-q9_Lw7T2vXB0sHn5uR']
  for (const given of [
    [short, long],
    [long, short],
  ])
    expect(scrubberOf(given, '***')(`${long} ${short}`)).toBe('*** ***')
})

test.each(['grün-geheim', 'line\nand line', 'tab\tand tab'])('is found in an address: %j', other => {
  expect(scrubberOf([other], '***')(`?code=${encodeURIComponent(other)}`)).toBe('?code=***')
})

test('letters are not searched for as entities', () => {
  expect(scrubberOf(['abcd'], '***')('&lt;&gt;&lt;&gt;')).toBe('&lt;&gt;&lt;&gt;')
})

test('a text with another beginning stays', () => {
  const text = 'Cannot GET /probe of Zk3-q9_ and of https://shop.contoso.example'
  expect(scrub(text)).toBe(text)
})

test('without a secret nothing changes', () => {
  expect(scrubberOf([], '***')('text')).toBe('text')
  expect(scrubberOf([''], '***')('text')).toBe('text')
})

const visible = fc.integer({ min: 0x21, max: 0x7e }).map(code => String.fromCharCode(code))

test('any secret is removed: none acts as a pattern', () => {
  fc.assert(
    fc.property(fc.string({ unit: visible, minLength: 1, maxLength: 40 }), fc.string(), (any, around) => {
      const scrubbed = scrubberOf([any], '\u00a0')(`${around}\n\n${any}`)

      expect(scrubbed).toContain('\u00a0')
      expect(scrubbed.toLowerCase()).not.toContain(any.toLowerCase())
    }),
  )
})
