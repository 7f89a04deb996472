/**
 * Text from servers, models and token claims can contain anything. These functions make it harmless for the log, an annotation,
 * the summary or a command to paste: it cannot start a workflow command, become markup, be invisible, or be endless.
 */

/** All line ends, including those that only Unicode defines. */
const lineBreaks = String.raw`\r\n\v\f\u0085\u2028\u2029`
const lineEnds = new RegExp(`[${lineBreaks}]+`, 'gu')
/**
 * Invisible characters: controls, format characters (bidirectional overrides, zero-width), surrogates without a partner,
 * private use; variation selectors and fillers, which Unicode calls ignorable; the blank of Braille.
 */
const unseen = String.raw`\p{Cc}\p{Cf}\p{Cs}\p{Co}\p{Default_Ignorable_Code_Point}\u2800`
/** These two are made where they are used: V8 takes a millisecond for the Unicode classes, which would be before the first request. */
const invisible = () => new RegExp(`[${unseen}]`, 'gu')
const escapedInJson = () => new RegExp(`[${unseen}\\u2028\\u2029'\\u2018-\\u201b@]`, 'gu')
/**
 * A JWT, whole or truncated, after any prefix (`%20`), or wrapped over several lines. A server that quotes a request quotes its
 * token, and the runner masks only whole values.
 */
const token = /eyJ[\w-]{10,}(\.[\w-]*){0,2}((\\[nrt]|[^\w.-]){1,8}[\w.-]{20,})*/g
/** Too long to be a word: a signature, or a token without its beginning, in base64 or hexadecimal. */
const unreadable = /[\w-]{200,}/g

/** Only this many characters are processed, because patterns are slow on megabytes and may exhaust the stack. */
const longestHead = 65_536

/**
 * One line of harmless text of at most `max` characters, without tokens.
 *
 * `##[` is a workflow command anywhere in a line, and `::` at its start (actions/runner, ActionCommand); both are broken up.
 */
export function plain(text: string, max = 400): string {
  const oneLine = text
    .slice(0, longestHead)
    .replace(token, '(token)')
    .replace(unreadable, '(unreadable)')
    .slice(0, max * 4)
    .replace(lineEnds, ' ')
    .replace(invisible(), '\uFFFD')
  const inert = oneLine.replace(/#(?=#+\[)/g, '# ').replace(/:(?=:)/g, ': ')
  return cut(inert.replace(/ {2,}/g, ' ').trim(), max)
}

/**
 * The last guard of every log line: it keeps the line's blanks, but the runner finds no command in it (actions/runner,
 * ActionCommand: `::` after leading blanks, `##[` anywhere).
 */
export function inertLine(line: string): string {
  return line
    .replace(lineEnds, ' ')
    .replace(/(?<!#)##+\[/g, hashes => hashes.replaceAll('#', '# '))
    .replace(/^(\s*)::/, '$1: :')
}

function cut(text: string, max: number): string {
  const characters = [...text]
  return characters.length <= max ? text : `${characters.slice(0, max - 1).join('')}…`
}

/**
 * Text that Markdown shows as it is, on one line. An `@` gets its own element: GitHub looks for mail addresses and mentions
 * after it decodes entities, and finds them only in undivided text.
 */
export function markdown(text: string): string {
  return text
    .replace(lineEnds, ' ')
    .replace(/[\\`*_{}[\]()#+!|~$^=.-]/g, '\\$&')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/@/g, '<span>@</span>')
    .replace(/:\/\//g, ':&#47;&#47;')
}

/** Text that raw HTML shows as it is, on one line, where Markdown is not parsed: within `<summary>`. */
export function html(text: string): string {
  return text
    .replace(lineEnds, ' ')
    .replace(/&/g, '&amp;')
    .replace(/</g, '&lt;')
    .replace(/>/g, '&gt;')
    .replace(/[@#]/g, '<span>$&</span>')
    .replace(/:\/\//g, ':&#47;&#47;')
}

/** A Markdown code span around text that may itself contain backticks; pipes are escaped for use in tables. */
export function codeSpan(text: string): string {
  // Two fences with nothing between them are not a code span: they would pair with those of the next one.
  const line = text.replace(lineEnds, ' ') || ' '
  const fence = '`'.repeat(longestRun(line, '`') + 1)
  const padded = line.startsWith('`') || line.endsWith('`') ? ` ${line} ` : line
  return `${fence}${padded.replaceAll('|', '\\|')}${fence}`
}

/**
 * A Markdown link, also within a table.
 * @param shown Markdown.
 * @param url https, from us; parts of it that come from elsewhere are percent-encoded.
 */
export function link(shown: string, url: string): string {
  return `[${shown}](${url.replace(/[^\w\-.~:/?#@!$&*+,;=%]/gu, percentEncoded)})`
}

const percentEncoded = (character: string) =>
  [...new TextEncoder().encode(character)]
    .map(byte => `%${byte.toString(16).toUpperCase().padStart(2, '0')}`)
    .join('')

/** A fenced Markdown block that its content cannot close. */
export function codeBlock(text: string, language: string): string {
  const fence = '`'.repeat(Math.max(3, longestRun(text, '`') + 1))
  return `${fence}${language}\n${text}\n${fence}`
}

function longestRun(text: string, character: string): number {
  return text.split(new RegExp(`[^${character}]`)).reduce((longest, run) => Math.max(longest, run.length), 0)
}

/** One line of text without invisible characters, for quoted values that must not be shortened. */
export function visibleLine(value: string): string {
  return value.replace(lineEnds, ' ').replace(invisible(), '\uFFFD')
}

/**
 * JSON on one line, without losses. Invisible characters are escaped, and so are characters that would end the quotes around it
 * in a command, or make az read a file.
 */
export function visibleJson(value: unknown): string {
  return JSON.stringify(value).replace(escapedInJson(), character =>
    Array.from({ length: character.length }, (_, at) =>
      character.charCodeAt(at).toString(16).padStart(4, '0'),
    )
      .map(unit => `\\u${unit}`)
      .join(''),
  )
}

/** Stands for a value that cannot be quoted in every shell. */
const unquotable = '<A-VALUE-WITH-QUOTES>'

/**
 * One word of a command for a POSIX shell, for any value. Somebody will paste it into PowerShell, where typographic quotes are
 * quotes too and a comma separates two words. No escape for a quote works in both shells, so this uses the kind of quotes that
 * needs none, and replaces a value that has both kinds (learn.microsoft.com, about_Quoting_Rules).
 */
export function shellWord(value: string): string {
  const safe = visibleLine(value)
  if (/^[\w%+=:./][\w@%+=:./-]*$/.test(safe)) return safe
  if (!/['\u2018-\u201b]/.test(safe)) return `'${safe}'`
  if (!/["$`\\!\u201c-\u201e]/.test(safe)) return `"${safe}"`
  return `'${unquotable}'`
}
