import type { Diagnosis } from '../advice/explanations/diagnosis.ts'
import { statusLine } from '../core/failures/failure.ts'

/** Below the limit of 4,096 UTF-16 units at which the runner truncates annotations (actions/runner, ExecutionContext). */
const maxLength = 4000

/**
 * The annotation of a failure: what happened, what the service said, the most likely fix, and where to read more. It has the
 * whole fix or none of it, because a truncated command would still look like one.
 */
export function annotation(diagnosis: Diagnosis): string {
  const end = endOf(diagnosis)
  return `${holdsFix(diagnosis) ? wholeOf(diagnosis) : cut(headOf(diagnosis), maxLength - end.length)}${end}`
}

/** Whether the first fix is in it. */
export const holdsFix = (diagnosis: Diagnosis): boolean =>
  wholeOf(diagnosis).length + endOf(diagnosis).length <= maxLength

const headOf = ({ title, said }: Diagnosis) =>
  [`${title}.`, saidOf(said)].filter(part => part !== '').join('\n\n')

const saidOf = (said: Diagnosis['said']) =>
  [statusLine(said), said.message].filter(part => part !== '').join(': ')

function wholeOf(diagnosis: Diagnosis): string {
  const [fix] = diagnosis.fixes
  const head = headOf(diagnosis)
  return fix === undefined ? head : `${head}\n\n${fix.title}:\n${fix.text}`
}

const endOf = ({ docs }: Diagnosis) => `\n\nMore: ${docs}`.slice(0, maxLength / 2)

/** Truncates a text without splitting a surrogate pair. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
