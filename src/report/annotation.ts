import type { Diagnosis } from '../advice/explanations/diagnose.ts'

/** The runner cuts annotations at 4,096 UTF-16 units (actions/runner, ExecutionContext); a little room is left. */
const maxLength = 4000

/**
 * The one annotation of a failure: what happened, what was said, the likeliest fix, and where more is told. The fix is there
 * whole or not at all: a command that was cut would still look like one.
 */
export function annotation({ title, said, fixes, docs }: Diagnosis): string {
  const end = `\n\nMore: ${docs}`.slice(0, maxLength / 2)
  const head = [`${title}.`, said.message].filter(part => part !== '').join('\n\n')
  const [fix] = fixes
  const whole = fix === undefined ? head : `${head}\n\n${fix.title}:\n${fix.text}`
  const fits = whole.length + end.length <= maxLength
  return `${fits ? whole : cut(head, maxLength - end.length)}${end}`
}

/** Without half a character at its end. */
function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1).replace(/[\ud800-\udbff]$/, '')}…`
}
