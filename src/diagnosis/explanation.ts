import type { Facts } from '../facts.ts'
import type { diagnosisCodes, Hop } from './codes.ts'
import type { Refusal } from './verdict.ts'

/** What is told about a code: the same words in log, annotation, summary and report, with this run's own values. */
export interface Explanation {
  /** What failed, as a headline. */
  title: string
  /** Why this is the most likely cause here, and how to tell it from its neighbours. */
  why: (told: Told) => string
  fixes: (told: Told) => Fix[]
}

export interface Told {
  facts: Facts
  refusal: Refusal
}

export interface Fix {
  title: string
  language: 'bash' | 'yaml' | 'bicep' | 'text'
  text: string
}

/** Every code of a hop has its explanation: the compiler sees to it. */
export type Explanations<H extends Hop> = Record<(typeof diagnosisCodes)[H][number], Explanation>

export function advice(text: string): Fix {
  return { title: 'What to do', language: 'text', text }
}

/** An explanation whose words do not depend on the run. */
export function plainly(title: string, why: string, todo: string): Explanation {
  return { title, why: () => why, fixes: () => [advice(todo)] }
}
