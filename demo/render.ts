import { stripVTControlCharacters, styleText } from 'node:util'
import { marked, type Token, type Tokens } from 'marked'

/** Renders a job summary for a terminal. A section that GitHub folds becomes one line with its title. */
export function renderMarkdown(markdown: string): string {
  return inSight(marked.lexer(markdown))
    .map(render)
    .filter(text => text !== '')
    .join('\n\n')
}

/** Drops the content between `<details>` and its end. */
function inSight(tokens: readonly Token[]): Token[] {
  let depth = 0
  return tokens.filter(({ type, raw }) => {
    const isSeen = depth === 0
    if (type === 'html') depth += countOf(raw, '<details>') - countOf(raw, '</details>')
    return isSeen
  })
}

const countOf = (text: string, part: string) => text.split(part).length - 1

function render(token: Token): string {
  if (token.type === 'heading') return styleText('bold', inline(token.tokens))
  if (token.type === 'paragraph') return inline(token.tokens)
  if (token.type === 'blockquote') return quoted(renderMarkdown(token.text))
  if (token.type === 'code')
    return token.lang === 'mermaid' ? '(GitHub draws a chart here.)' : indented(String(token.text))
  if (token.type === 'table') return table(token as Tokens.Table)
  if (token.type === 'html') return `▸ ${unescaped(withoutTags(token.raw))}`
  return ''
}

function inline(tokens: readonly Token[] = []): string {
  return tokens
    .map(token => {
      if (token.type === 'br') return '\n'
      if (token.type === 'strong') return styleText('bold', inline(token.tokens))
      if (token.type === 'codespan') return styleText('cyan', String(token.text))
      if (token.type === 'escape' || token.type === 'text') return unescaped(String(token.text))
      return withoutTags(token.raw)
    })
    .join('')
}

function table({ header, rows }: Tokens.Table): string {
  const cells = [header, ...rows].map(row => row.map(cell => inline(cell.tokens)))
  const widths = header.map((_, column) => Math.max(...cells.map(row => visibleLength(row[column] ?? ''))))
  return cells
    .filter(row => row.some(cell => cell !== ''))
    .map(row =>
      row.map((cell, column) => cell + ' '.repeat((widths[column] ?? 0) - visibleLength(cell))).join('   '),
    )
    .map(line => `  ${line.trimEnd()}`)
    .join('\n')
}

const visibleLength = (text: string) => [...stripVTControlCharacters(text)].length
const withoutTags = (html: string) => html.replace(/<[^>]*>/g, '').trim()
const prefixed = (prefix: string) => (text: string) =>
  text
    .split('\n')
    .map(line => `${prefix}${line}`)
    .join('\n')
const indented = prefixed('    ')
const quoted = prefixed('│ ')
const unescaped = (text: string) =>
  text
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&#64;', '@')
    .replaceAll('&#47;', '/')
    .replaceAll('&#39;', "'")
    .replaceAll('&quot;', '"')
    .replaceAll('&amp;', '&')
