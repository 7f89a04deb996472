import fc from 'fast-check'

/** Text as somebody would write it who wants to leave the place where it is printed. */

export const ammunition = [
  ...[
    '::',
    ':',
    '##[',
    '#',
    '[',
    ']',
    '::error::',
    '::add-mask::x',
    '##[error]',
    '##[set-env name=X;]y',
    '%0A',
  ],
  ...['\n', '\r', '\r\n', '\u0085', '\u2028', '\u2029', '\v', '\f', '\t', ' ', '   ', '\u00a0', '\u3000'],
  ...[
    '\u001b[31m',
    '\u0000',
    '\u200b',
    '\u202e',
    '\u2066',
    '\u2069',
    '\ufeff',
    '\ud800',
    '\udc00',
    '\ue000',
    '\u{e0041}',
    '\ufe0f',
    '\u{e0100}',
    '\u3164',
    '\u2800',
  ],
  ...[
    '[x](https://evil.example)',
    '![x](y)',
    '<https://evil.example>',
    'https://evil.example',
    'www.evil.example',
  ],
  ...['<img src=x>', '<a href="x">', '<!--', '-->', '</details>', '&lt;', '&#64;', '&#x3c;script>'],
  ...[
    'a@evil.example',
    '@octocat',
    '*a*',
    '**a**',
    '__a__',
    '~~a~~',
    '`',
    '``',
    '```',
    '~~~',
    '|',
    '\\',
    '\\|',
    '$x$',
  ],
  ...[
    '# a',
    '## a',
    '- a',
    '+ a',
    '* a',
    '1. a',
    '1) a',
    '> a',
    '- [ ] a',
    '===',
    '---',
    '[^1]',
    '[a]: b',
    '<',
    '>',
  ],
  ...[
    "'",
    '"',
    '$(touch leaked)',
    '`touch leaked`',
    '; touch leaked',
    '&& x',
    '$HOME',
    '~',
    '!',
    '*',
    '?',
    '-n',
    '=x',
    '\u2018',
    '\u2019; touch leaked; \u2018',
    '\u201d',
    'a,b',
    '@file',
    'x=@file',
  ],
  ...['ready', 'repo:contoso/app:environment:Production', 'é', '漢', '😀'],
]

const surrogates = { first: 0xd800, count: 0x800 }

/** Any that can be written. The library's own of that kind makes a list of all million of them, in every test file. */
const character = fc.nat(0x10ffff - surrogates.count).map(
  index => String.fromCodePoint(index < surrogates.first ? index : index + surrogates.count),
  text => {
    const point = typeof text === 'string' ? (text.codePointAt(0) ?? 0) : 0
    if (typeof text !== 'string' || text !== String.fromCodePoint(point))
      throw new Error('No single character')
    return point < surrogates.first ? point : point - surrogates.count
  },
)

export const hostileText: fc.Arbitrary<string> = fc
  .array(fc.oneof(fc.constantFrom(...ammunition), fc.string({ unit: character, maxLength: 4 })), {
    maxLength: 12,
  })
  .map(parts => parts.join(''))

/** Bidirectional overrides, zero-width and control characters, lone surrogates, private use, line ends of every kind. */
export const unprintable = /[\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Zl}\p{Zp}\p{Default_Ignorable_Code_Point}\u2800]/u
