import type { diagnosisCodes, Hop } from '../../core/failures/codes.ts'
import type { Failure } from '../../core/failures/failure.ts'
import { plain, visibleLine } from '../../core/text/untrusted.ts'
import type { RunRecord } from '../../gate/record.ts'

/**
 * The explanation of a code: the same words in log, annotation, summary and report, with this run's own values; and in
 * docs/diagnosis.md, with placeholders instead of values.
 */
export interface Explanation {
  /** What failed, as a headline. */
  title: string
  /** The headline if the failure was about something other than the calls. */
  titleBeside?: string
  /** What the code means in any run, for the docs, in Markdown. Absent: `why` depends on the run only for values. */
  about?: string
  /** Why this is the most likely cause here. */
  why: (told: ExplainContext) => string
  /** What the run presented next to what is expected, if the two differ. Absent: it has presented nothing yet. */
  comparison?: (told: ExplainContext) => Comparison[]
  /** How to distinguish it from causes that look alike: our own Markdown, without values. */
  unlike?: string
  /**
   * Ready to paste, most likely first. Values go through `shellWord`, `bicepLiteral` or `yamlScalar`; plain text may contain
   * them unchanged.
   */
  fixes: (told: ExplainContext) => Fix[]
}

export interface Comparison {
  /** Such as `subject`. */
  claim: string
  presented: string
  /** In words, with values between backticks. Absent: exactly the same text. */
  expected?: string
}

export interface ExplainContext {
  record: RunRecord
  failure: Failure
}

export interface Fix {
  title: string
  language: 'bash' | 'yaml' | 'bicep' | 'text'
  text: string
  /** The inputs of this action that it sets, if it sets any. */
  sets?: Readonly<Record<string, string>>
}

/** Every code of a hop has an explanation: the compiler checks that. */
export type Explanations<H extends Hop> = Record<(typeof diagnosisCodes)[H][number], Explanation>

export function advice(text: string, title = 'What to do'): Fix {
  return { title, language: 'text', text }
}

/** Joins sentences to one paragraph, and leaves out what is absent or empty. */
export function paragraph(...sentences: ReadonlyArray<string | undefined>): string {
  return sentences.filter(sentence => sentence !== undefined && sentence !== '').join(' ')
}

/** Longer than any explanation: a limit for what servers and claims add to it. */
const maxWords = 3000

export const harmlessWords = (text: string): string => plain(text, maxWords)

/**
 * Explanations quote claims and ids unchanged. Here, once for all of them, their words become harmless, and nothing hides in a
 * line of code. The command builders quote values within commands.
 */
export function harmlessFix({ title, language, text }: Fix): Fix {
  const safe = language === 'text' ? harmlessWords(text) : text.split('\n').map(visibleLine).join('\n')
  return { title: plain(title), language, text: safe }
}

export const harmlessComparison = ({ claim, presented, expected }: Comparison): Comparison => ({
  claim,
  presented: plain(presented),
  ...(expected === undefined ? {} : { expected: harmlessWords(expected) }),
})
