import { codeBlock, codeSpan, link, markdown, plain } from '../src/core/text/untrusted.ts'
import { prose, table } from '../src/report/markup.ts'
import type { ModeRow } from './modes.ts'

/** What a run of live.yml found, as the body of one issue. Text of services shows as it is, and is nothing else. */

export interface Found {
  /** Address of the run. */
  run: string
  /** Undefined where the job ended before it told. */
  modes: readonly ModeRow[] | undefined
  /** All that the conformance run printed; undefined where it printed nothing. */
  differences: string | undefined
  /** What changed in built-in roles, one sentence each; undefined where they were not read. */
  drift: readonly string[] | undefined
}

/** Characters: GitHub takes 65,536, and each section must be seen. */
const longest = { differences: 30_000, line: 400, cell: 120, rows: 40, drift: 20 }

/** Whether somebody has to look: a mode ended otherwise than it may, something differs or has changed, or it is not known. */
export const isWorthAnIssue = ({ modes, differences, drift }: Found): boolean =>
  modes === undefined ||
  modes.some(({ isExpected }) => !isExpected) ||
  !/^Nothing differs\.$/m.test(differences ?? '') ||
  drift === undefined ||
  drift.length > 0

export function issueBody(found: Found): string {
  const sections = [
    `${link('The run', found.run)} has its logs, and the recordings as an artifact.`,
    '## Modes of the gate',
    modesSection(found.modes),
    '## What Azure, Entra and GitHub answer otherwise than the local cloud',
    differencesSection(found.differences),
    '## What changed in built-in roles',
    driftSection(found.drift),
  ]
  return `${sections.join('\n\n')}\n`
}

function modesSection(modes: Found['modes']): string {
  if (modes === undefined) return 'Not known: the job that runs them told nothing.'
  const rows = modes
    .slice(0, longest.rows)
    .map(({ mode, outcome, code, seconds, calls, isExpected }) => [
      prose(plain(mode, longest.cell)),
      `${prose(plain(outcome, longest.cell))}${isExpected ? '' : ' **(not expected)**'}`,
      code === '' ? '' : codeSpan(plain(code, longest.cell)),
      seconds?.toFixed(1) ?? '',
      markdown(plain(calls, longest.cell)),
    ])
  const more = modes.length - rows.length
  return `${table(['Mode', 'Outcome', 'Code', 'Seconds', 'Calls'], rows)}${more > 0 ? `\n\n… and ${more} more rows` : ''}`
}

function differencesSection(differences: Found['differences']): string {
  if (differences === undefined || differences.trim() === '')
    return 'Not known: the conformance run told nothing.'
  const lines = differences.trimEnd().split('\n')
  const harmless = lines.map(line => plain(line, longest.line))
  const shown = fitting(harmless, longest.differences)
  const more = lines.length - shown.length
  return `${codeBlock(shown.join('\n'), 'text')}${more > 0 ? `\n\n… and ${more} more lines, which the artifact \`conformance\` has.` : ''}`
}

/** As many of the first lines as fit. */
function fitting(lines: readonly string[], characters: number): string[] {
  const all = `${lines.join('\n')}\n`
  if (all.length <= characters) return [...lines]
  return all.slice(0, all.lastIndexOf('\n', characters)).split('\n')
}

function driftSection(drift: Found['drift']): string {
  if (drift === undefined) return 'Not known: the conformance run recorded nothing.'
  if (drift.length === 0) return 'Nothing: they are as they ship.'
  const shown = drift.slice(0, longest.drift).map(line => `- ${prose(plain(line, longest.line))}`)
  const more = drift.length - shown.length
  return [...shown, ...(more > 0 ? [`- … and ${more} more`] : [])].join('\n')
}
