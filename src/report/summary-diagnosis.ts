import type { Diagnosis } from '../advice/explanations/diagnosis.ts'
import type { Comparison, Fix } from '../advice/explanations/explanation.ts'
import { statusLine } from '../core/failures/failure.ts'
import { codeBlock, codeSpan, markdown, plain } from '../core/text/untrusted.ts'
import { address, details, paragraph, prose, table } from './markup.ts'

/**
 * A failure: the cause as a headline, what the service said, what was presented next to what is expected, the fix, and only
 * then the reason.
 */

/** The action's message about bad inputs has a line for each input. */
const maxSaidLines = 30
/** A longer fix is left out, because a truncated command would still look like one. */
const maxFix = 6000

export function diagnosisSections({
  code,
  title,
  operation,
  said,
  why,
  comparison = [],
  unlike,
  fixes,
  docs,
}: Diagnosis): string[] {
  const [firstFix, ...otherFixes] = fixes
  return [
    `### ${codeSpan(code)} · ${markdown(title)}`,
    `While ${prose(plain(operation))}:`,
    quotation(said),
    comparisonTable(comparison),
    ...(firstFix === undefined ? [] : [fixText(firstFix)]),
    ...otherFixes.map(foldedFix),
    paragraph(why),
    unlike === undefined ? '' : `**How to distinguish it.** ${unlike}`,
    idsOf(said),
    `More about ${codeSpan(code)}: ${address(docs)}`,
  ]
}

const comparisonTable = (comparison: readonly Comparison[]) =>
  table(
    ['Claim', 'Presented by this run', 'Expected by a federated credential'],
    comparison.map(({ claim, presented, expected = 'the same, letter by letter' }) => [
      claim,
      codeSpan(presented),
      paragraph(expected),
    ]),
  )

function idsOf({ ids }: Diagnosis['said']): string {
  const shown = Object.entries(ids).map(([id, value]) => `${markdown(id)} ${codeSpan(plain(value, 100))}`)
  return shown.length === 0 ? '' : `Ids for support: ${shown.slice(0, 10).join(' · ')}`
}

/** A quotation, not a code block, so that long sentences wrap. */
function quotation(said: Diagnosis['said']): string {
  const head = statusLine(said)
  const lines = said.message.split('\n').map(line => prose(plain(line, 1200)))
  const shown = [head === '' ? '' : `**${markdown(head)}**`, ...lines].filter(line => line !== '')
  return shown
    .slice(0, maxSaidLines)
    .map(line => `> ${line}`)
    .join('  \n')
}

export function fixText({ title, language, text }: Fix): string {
  if (text.length > maxFix) return `**${prose(title)}**: too long for the summary; the log has it.`
  return language === 'text'
    ? `**${prose(title)}.** ${prose(text)}`
    : `**${prose(title)}**\n\n${codeBlock(text, language)}`
}

/** Code is folded; a fix in words is short, and is not. */
function foldedFix(fix: Fix): string {
  const { title, language, text } = fix
  return language === 'text' || text.length > maxFix
    ? fixText(fix)
    : details(title, codeBlock(text, language))
}
