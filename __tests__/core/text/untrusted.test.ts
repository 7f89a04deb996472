import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { Marked } from 'marked'
import { parseCommand } from '../../../action-runner/index.ts'
import {
  codeBlock,
  codeSpan,
  html,
  inertLine,
  link,
  markdown,
  plain,
  shellWord,
  visibleJson,
  visibleLine,
} from '../../../src/core/text/untrusted.ts'
import { hostileText, unprintable } from '../../support/hostile-text.ts'

/** What stands instead of a value that no shell takes as one word. */
const unquotable = '<A-VALUE-WITH-QUOTES>'

describe('plain', () => {
  test.each([
    [
      'keeps harmless text',
      'Access denied due to rules. (401) a:b #1 [x]',
      'Access denied due to rules. (401) a:b #1 [x]',
    ],
    ['joins lines of every kind', 'a\r\nb\nc\u0085d\u2028e\u2029f\vg', 'a b c d e f g'],
    ['breaks commands of the old form up', 'x ##[error]y', 'x # #[error]y'],
    ['breaks them up behind any number of hashes', '####[error]', '# # # #[error]'],
    ['breaks commands of the new form up', '::error::x:::', ': :error: :x: : :'],
    ['shows what would be invisible', 'a\u202eb\u200bc\u001b[31m\ud800', 'a\uFFFDb\uFFFDc\uFFFD[31m\uFFFD'],
    [
      'shows selectors and fillers',
      'a\ufe0fb\u{e0100}c\u3164d\u115fe\uffa0f\u2800',
      'a\uFFFDb\uFFFDc\uFFFDd\uFFFDe\uFFFDf\uFFFD',
    ],
    ['folds and trims blanks', '  a    b  ', 'a b'],
    [
      'leaves tokens out, whatever stands before them',
      `Bearer%20eyJ${'a'.repeat(400)}.eyJb.cut`,
      'Bearer%20(token)',
    ],
    [
      'leaves out the rest of one that is wrapped',
      `Got eyJ${'a'.repeat(61)}\r\n  ${'b'.repeat(64)}%2E${'c'.repeat(64)}","${'d'.repeat(20)} and refused it`,
      'Got (token) and refused it',
    ],
    [
      'leaves out the rest of one that is wrapped in escapes, and ends a part within a line',
      `eyJ${'a'.repeat(61)}\\r\\n${'b'.repeat(20)}\nfQ.${'c'.repeat(61)}\u200b${'d'.repeat(64)}`,
      '(token)',
    ],
    [
      'leaves out what nobody reads, such as a signature',
      `It is ${'aB3-'.repeat(50)}!`,
      'It is (unreadable)!',
    ],
    ['keeps long words', `It is ${'a'.repeat(199)}!`, `It is ${'a'.repeat(199)}!`],
    [
      'keeps what is said of a token',
      `The token eyJ${'a'.repeat(20)}.e.f Authentication failed`,
      'The token (token) Authentication failed',
    ],
  ])('%s', (_, text, expected) => {
    expect(plain(text)).toBe(expected)
  })

  test('cuts by characters, not in the middle of one, and says so', () => {
    expect(plain('😀'.repeat(10), 4)).toBe('😀😀😀…')
    expect(plain('abcd', 4)).toBe('abcd')
    expect([...plain('a,'.repeat(50_000))]).toHaveLength(400)
  })

  test.each([
    ['tokens without end', 'eyJ'.repeat(2_000_000)],
    ['a token of megabytes', `eyJ${'a'.repeat(6_000_000)}`],
    ['line ends', '\n'.repeat(6_000_000)],
    ['hashes', '#'.repeat(6_000_000)],
    ['colons', ':'.repeat(6_000_000)],
  ])('megabytes of %s are one short line', (_, text) => {
    expect([...plain(text)].length).toBeLessThanOrEqual(400)
  })

  test('any text becomes one harmless line of bounded length', () => {
    fc.assert(
      fc.property(hostileText, fc.integer({ min: 1, max: 60 }), (text, max) => {
        const line = plain(text, max)

        expect([...line].length).toBeLessThanOrEqual(max)
        expect(line).not.toMatch(unprintable)
        expect(line).not.toContain('##[')
        expect(line).not.toContain('::')
        expect(plain(line, max)).toBe(line)
      }),
    )
  })
})

describe('inertLine', () => {
  test.each([
    [
      'keeps blanks and harmless text',
      '    az role assignment create \\',
      '    az role assignment create \\',
    ],
    ['keeps colons inside a line', 'issuer https://a::b', 'issuer https://a::b'],
    ['stops a command behind blanks', '  ::set-output name=x::y', '  : :set-output name=x::y'],
    ['stops an old command anywhere', 'He said ##[error]no', 'He said # # [error]no'],
    ['stops one behind any number of hashes', 'a ###[error]b', 'a # # # [error]b'],
    ['stops a command on a second line', 'a\n::error::b', 'a ::error::b'],
  ])('%s', (_, line, expected) => {
    expect(inertLine(line)).toBe(expected)
  })

  test('any line stays one line without a command for the runner', () => {
    fc.assert(
      fc.property(hostileText, text => {
        const printed = inertLine(text)

        expect(printed).not.toMatch(/[\r\n\u0085\u2028\u2029]/)
        expect(parseCommand(printed)).toBeUndefined()
        expect(inertLine(printed)).toBe(printed)
      }),
    )
  })

  test('the runner would find commands in the raw lines', () => {
    expect(parseCommand('  ::error title=x::y')?.name).toBe('error')
    expect(parseCommand('text ##[warning]y')?.name).toBe('warning')
  })
})

test('markdown and HTML become one line, in which an address is readable but not a link', () => {
  expect(html('https://a.example\r\nb')).toBe('https:&#47;&#47;a.example b')
  expect(markdown('https://a.example\r\nb')).toBe('https:&#47;&#47;a\\.example b')
})

/** Names of the elements that a Markdown parser makes of a document, in order of first appearance. */
function elementsIn(document: string): string[] {
  const html = new Marked({ gfm: true, async: false }).parse(document)
  if (typeof html !== 'string') throw new Error('The parser is asked for its answer at once')
  return [
    ...new Set([...html.matchAll(/<\/?([a-z][a-z0-9]*)/gi)].map(([, name]) => name?.toLowerCase() ?? '')),
  ]
}

/** The text that a reader sees, taken from the HTML that a Markdown parser makes. */
function textsIn(document: string): string[] {
  const html = String(new Marked({ gfm: true, async: false }).parse(document))
  return html
    .split(/<[^>]*>/)
    .map(text =>
      text
        .replaceAll('&#39;', "'")
        .replaceAll('&quot;', '"')
        .replaceAll('&lt;', '<')
        .replaceAll('&gt;', '>')
        .replaceAll('&amp;', '&'),
    )
}

describe('markdown', () => {
  test.each([
    ['links', '[x](https://evil.example)'],
    ['bare links', 'https://evil.example and www.evil.example'],
    ['links in angle brackets', '<https://evil.example>'],
    ['images', '![x](y)'],
    ['HTML', '<img src=x> <b>x</b>'],
    ['entities of HTML', '&lt;img&gt; &#60;img&#62;'],
    ['emphasis', '*a* **b** _c_ __d__ ~~e~~'],
    ['code', '`a`'],
    ['headings', '# a'],
    ['underlined headings', 'a\n==='],
    ['lists', '- a'],
    ['other lists', '+ a'],
    ['numbered lists', '1. a'],
    ['numbered lists with a parenthesis', '1) a'],
    ['quotations', '> a'],
    ['rules', '---'],
    ['tables', 'a | b\n--- | ---\nc | d'],
    ['fences', '```\na'],
    ['formulas', '$x$'],
    ['mail addresses', 'a@evil.example'],
  ])('shows %s as they are written', (_, text) => {
    expect(elementsIn(markdown(text)).filter(name => name !== 'p' && name !== 'span')).toEqual([])
    expect(textsIn(markdown(text)).join('').trim()).toBe(text.replaceAll('\n', ' '))
  })

  test('GitHub finds no mention and no mail address in the remaining text', () => {
    expect(textsIn(markdown('ask @octocat or a@evil.example'))).toContain('@')
    expect(textsIn(markdown('ask @octocat or a@evil.example')).filter(text => /@\w/.test(text))).toEqual([])
  })

  test('any text has no active markup, at the start of a block or within', () => {
    fc.assert(
      fc.property(hostileText, text => {
        const allowed = ['p', 'span', 'pre', 'code']

        expect(elementsIn(markdown(text)).filter(name => !allowed.includes(name))).toEqual([])
        expect(
          elementsIn(`While ${markdown(text)}:`).filter(name => name !== 'p' && name !== 'span'),
        ).toEqual([])
        expect(textsIn(markdown(text)).filter(part => /@\w/.test(part))).toEqual([])
      }),
    )
  })
})

test('text in raw HTML is shown unchanged: no other element, no mention, no reference', () => {
  fc.assert(
    fc.property(fc.oneof(hostileText, fc.constant('<b>@octocat</b> #1 &lt; https://evil.example')), text => {
      const shown = html(text)

      expect(shown.match(/<[^>]*>/g) ?? []).toEqual(
        [...text].flatMap(character => (/[@#]/.test(character) ? ['<span>', '</span>'] : [])),
      )
      expect(shown).not.toMatch(/@\w|(?<!&)#\w|:\/\/|[\r\n]/)
    }),
  )
  expect(html('a <b> & c')).toBe('a &lt;b&gt; &amp; c')
})

describe('codeSpan', () => {
  test.each([
    ['plain text', 'abc', '`abc`'],
    ['backticks inside', 'a`b', '``a`b``'],
    ['backticks at the ends', '`a`', '`` `a` ``'],
    ['pipes, for tables', 'a|b', '`a\\|b`'],
    ['nothing: two fences in a row would pair with the next span', '', '` `'],
    ['line ends', 'a\nb', '`a b`'],
  ])('%s', (_, text, expected) => {
    expect(codeSpan(text)).toBe(expected)
  })

  test('any texts stay inside their spans, side by side', () => {
    fc.assert(
      fc.property(hostileText, hostileText, (one, other) => {
        const document = `id ${codeSpan(one)} · other ${codeSpan(other)} · end`

        expect(elementsIn(document)).toEqual(['p', 'code'])
        expect(textsIn(document)).toContain(' · other ')
        expect(textsIn(document)).toContain(' · end')
      }),
    )
  })

  // Backslashes in front of a pipe are left out: parsers differ there, and GitHub's takes any pipe behind one for text.
  test('a cell of a table stays a cell with any text', () => {
    const table = (cell: string) => `| a | b |\n| --- | --- |\n| ${cell} | end |`
    fc.assert(
      fc.property(
        hostileText.filter(text => !text.includes('\\')),
        text => {
          const document = table(codeSpan(text))

          expect(elementsIn(document)).toEqual(['table', 'thead', 'tr', 'th', 'tbody', 'td', 'code'])
          expect(textsIn(document)).toContain('end')
        },
      ),
    )
  })
})

describe('link', () => {
  test('leads to its address', () => {
    expect(link('`contoso`', 'https://portal.azure.com/#@t/resource/a/overview')).toBe(
      '[`contoso`](https://portal.azure.com/#@t/resource/a/overview)',
    )
    expect(link('x', 'https://host/a (b)|c')).toBe('[x](https://host/a%20%28b%29%7Cc)')
  })

  test('any address is one link', () => {
    fc.assert(
      fc.property(hostileText, text => {
        expect(elementsIn(`a ${link('x', `https://host/${text}`)} b`)).toEqual(['p', 'a'])
      }),
    )
  })
})

describe('codeBlock', () => {
  test('the fence is longer than any in the text', () => {
    expect(codeBlock('a\n````\nb', 'text')).toBe('`````text\na\n````\nb\n`````')
  })

  test('any text stays inside the block', () => {
    fc.assert(
      fc.property(hostileText, text => {
        const document = `${codeBlock(text, 'text')}\n\nend`

        expect(elementsIn(document)).toEqual(['pre', 'code', 'p'])
        expect(textsIn(document)).toContain('end')
      }),
    )
  })
})

describe('shellWord', () => {
  test.each([
    ['leaves safe words alone', 'api://AzureADTokenExchange', 'api://AzureADTokenExchange'],
    ['quotes blanks', 'a b', "'a b'"],
    ['quotes quotes', "it's", '"it\'s"'],
    [
      'does not print quotes beside what double quotes leave its meaning',
      "it's $5",
      "'<A-VALUE-WITH-QUOTES>'",
    ],
    ['takes typographic quotes for quotes', 'it\u2019s', '"it\u2019s"'],
    ['does not print what would end both kinds of quotes', '\u2018; rm \u201d', "'<A-VALUE-WITH-QUOTES>'"],
    ['keeps lists from becoming two words', 'a,b', "'a,b'"],
    ['keeps what would be an option, or a variable of PowerShell', '@splat', "'@splat'"],
    ['quotes nothing at all', '', "''"],
    ['keeps placeholders from being redirections', '<RESOURCE-GROUP>', "'<RESOURCE-GROUP>'"],
    ['shows what would be invisible', 'a\u202eb', "'a\uFFFDb'"],
    ['joins lines', 'a\nb', "'a b'"],
  ])('%s', (_, value, expected) => {
    expect(shellWord(value)).toBe(expected)
  })

  /** What a real shell takes the words for, run where nothing else is. */
  function wordsOfShell(words: readonly string[]): string[] {
    const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-shell-'))
    const script = `printf '%s\\0' ${words.join(' ')}`
    const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' })
    expect({ status, stderr, left: readdirSync(folder) }).toEqual({ status: 0, stderr: '', left: [] })
    rmdirSync(folder)
    return stdout.split('\0').slice(0, -1)
  }

  test('a shell gets the exact value, if it has no invisible characters', () => {
    const visible = hostileText.filter(text => !unprintable.test(text))
    fc.assert(
      fc.property(fc.array(visible, { minLength: 25, maxLength: 40 }), values => {
        const words = values.map(shellWord)
        const printed = values.map((value, at) => (words[at]?.includes(unquotable) ? unquotable : value))
        expect(wordsOfShell(words)).toEqual(printed)
      }),
      { numRuns: 8 },
    )
  })

  /**
   * The words that PowerShell makes of a line (learn.microsoft.com, about_Quoting_Rules, about_Parsing): quotes of each kind have
   * typographic brothers, a doubled one stands for itself, `$` and a backtick mean something between double quotes.
   */
  function wordsOfPowerShell(line: string): string[] {
    const word =
      /^(?:['\u2018-\u201b](?<single>(?:[^'\u2018-\u201b]|['\u2018-\u201b]{2})*)['\u2018-\u201b]|["\u201c-\u201e](?<double>[^"\u201c-\u201e$`]*)["\u201c-\u201e]|(?<bare>[\w%+=:./][\w@%+=:./-]*))(?: |$)/
    const words: string[] = []
    for (let rest = line; rest !== ''; ) {
      const found = word.exec(rest)
      if (found === null) throw new Error(`PowerShell finds something else in ${JSON.stringify(rest)}`)
      words.push(found.groups?.single ?? found.groups?.double ?? found.groups?.bare ?? '')
      rest = rest.slice(found[0].length)
    }
    return words
  }

  test('PowerShell gets the exact value too, or none', () => {
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 1, maxLength: 20 }), values => {
        const words = values.map(shellWord)
        const printed = values.map((value, at) =>
          words[at]?.includes(unquotable) ? unquotable : visibleLine(value),
        )
        expect(wordsOfPowerShell(words.join(' '))).toEqual(printed)
      }),
    )
  })

  test('any values are one word each, and nothing is run', () => {
    fc.assert(
      fc.property(fc.array(hostileText, { minLength: 25, maxLength: 40 }), values => {
        expect(wordsOfShell(values.map(shellWord))).toHaveLength(values.length)
      }),
      { numRuns: 8 },
    )
  })
})

describe('values that must not be cut', () => {
  test('a visible line is as long as its value, and hides nothing', () => {
    expect(visibleLine(`a\r\nb\u202e${'x'.repeat(5000)}`)).toBe(`a b\uFFFD${'x'.repeat(5000)}`)
    fc.assert(
      fc.property(hostileText, text => {
        expect(visibleLine(text)).not.toMatch(unprintable)
      }),
    )
  })

  test('visible JSON hides nothing and loses nothing', () => {
    expect(visibleJson({ subject: 'a\u202eb\u{e0041}' })).toBe('{"subject":"a\\u202eb\\udb40\\udc41"}')
    fc.assert(
      fc.property(hostileText, fc.jsonValue(), (text, value) => {
        const json = visibleJson({ text, value })

        expect(json).not.toMatch(unprintable)
        expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify({ text, value })))
      }),
    )
  })
})
