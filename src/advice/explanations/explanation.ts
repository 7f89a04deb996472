import type { diagnosisCodes, Hop } from '../../core/failures/codes.ts'
import type { Failure } from '../../core/failures/failure.ts'
import { plain, visibleLine } from '../../core/text/untrusted.ts'
import type { RunRecord } from '../../gate/record.ts'

/**
 * What is told about a code: the same words in log, annotation, summary and report, with this run's own values; and in
 * docs/diagnosis.md, where no run is known and placeholders stand for them.
 */
export interface Explanation {
  /** What failed, as a headline. */
  title: string
  /** The same where the run was after something else than the calls. */
  titleBeside?: string
  /** What the code means in any run, for the docs, in Markdown. Absent: what `why` says depends on the run for values only. */
  about?: string
  /** Why this is the most likely cause here. */
  why: (told: ExplainContext) => string
  /** What the run presented beside what is expected, where the two do not agree. Absent: it presented nothing yet. */
  comparison?: (told: ExplainContext) => Comparison[]
  /** How to tell it from causes that look alike: Markdown of our own, without values. */
  unlike?: string
  /** Ready to paste, most likely first. Values pass `shellWord`, `bicepLiteral` or `yamlScalar`; plain text may hold them as they are. */
  fixes: (told: ExplainContext) => Fix[]
}

export interface Comparison {
  /** Such as `subject`. */
  claim: string
  presented: string
  /** In words, values between backticks. Absent: the same, letter by letter. */
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
  /** The inputs of this action that it sets, where it is such a fix. */
  sets?: Readonly<Record<string, string>>
}

/** Every code of a hop has its explanation: the compiler sees to it. */
export type Explanations<H extends Hop> = Record<(typeof diagnosisCodes)[H][number], Explanation>

export function advice(text: string, title = 'What to do'): Fix {
  return { title, language: 'text', text }
}

/** Sentences to one paragraph; what is absent or empty is left out. */
export function paragraph(...sentences: ReadonlyArray<string | undefined>): string {
  return sentences.filter(sentence => sentence !== undefined && sentence !== '').join(' ')
}

/** Longer texts than any explanation: a limit for what servers and claims put into them. */
const maxWords = 3000

export const harmlessWords = (text: string): string => plain(text, maxWords)

/**
 * Explanations quote claims and ids as they come: here, once for all of them, words become harmless, and nothing hides in
 * a line of code. What a value means within a command is the command builders' business.
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
