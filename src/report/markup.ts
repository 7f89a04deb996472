import { codeSpan, html, markdown, plain } from '../core/text/untrusted.ts'

/** Markdown of the job summary. Text from outside is shown literally. */

const maxParagraph = 4000

/** Our own text with values from outside: text between backticks becomes code, the rest is shown literally. */
export function prose(text: string): string {
  const parts = text.split('`')
  // A backtick without a partner, or with nothing in between, is an ordinary character.
  if (parts.length % 2 === 0 || parts.slice(1, -1).some(part => part.trim() === '')) return markdown(text)
  return parts.map((part, index) => (index % 2 === 1 ? codeSpan(part) : markdown(part))).join('')
}

export const paragraph = (text: string): string => prose(plain(text, maxParagraph))

/** @param summary Text. @param content Markdown. */
export const details = (summary: string, content: string): string => detailsOf(html(summary), content)

/** @param summary HTML. */
export function detailsOf(summary: string, content: string): string {
  return `<details><summary>${summary}</summary>\n\n${content}\n\n</details>`
}

/** A link for a URL, code for the path of a docs page. */
export const address = (docs: string) => (docs.startsWith('https://') ? `<${docs}>` : codeSpan(docs))

export type Row = readonly string[]

/** A table whose cells are Markdown; empty if there are no rows. */
export function table(head: Row, rows: readonly Row[]): string {
  if (rows.length === 0) return ''
  const line = (cells: Row) => `| ${cells.join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}

export const maxListed = 60

/** A table of the first entries, and how many more there are. */
export function tableOfFirst<T>(head: Row, entries: readonly T[], rowOf: (entry: T) => Row): string {
  const rows = table(head, entries.slice(0, maxListed).map(rowOf))
  const more = entries.length - maxListed
  return more > 0 ? `${rows}\n\n… and ${more} more, which the JSON report lists.` : rows
}

/** The heading with its parts; empty if all parts are empty. */
export function headed(heading: string, parts: readonly string[]): string {
  const content = parts.filter(part => part !== '')
  return content.length === 0 ? '' : [`### ${heading}`, ...content].join('\n\n')
}
