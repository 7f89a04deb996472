import type { Facts } from '../facts.ts'
import { plain, visibleLine } from '../untrusted-text.ts'
import type { WorkflowRun } from '../workflow-run.ts'
import type { DiagnosisCode } from './codes.ts'
import type { Explanation, Fix } from './explanation.ts'
import { entraExplanations } from './explanations/entra.ts'
import { githubOidcExplanations } from './explanations/github-oidc.ts'
import { inferenceExplanations } from './explanations/inference.ts'
import { inputExplanations } from './explanations/input.ts'
import { networkExplanations } from './explanations/network.ts'
import { postureExplanations } from './explanations/posture.ts'
import { resourceManagerExplanations } from './explanations/resource-manager.ts'
import type { Said, StepFailure } from './verdict.ts'

/** One failure, explained: the most useful cause, the evidence, and the fix with this run's own values. */
export interface Diagnosis {
  code: DiagnosisCode
  title: string
  /** What was being done when it happened. */
  doing: string
  said: Said
  why: string
  /** How to tell it from causes that look alike. */
  unlike?: string
  fixes: readonly Fix[]
  /** Where the code is documented: a URL, or a path in the action's repository where that is not known. */
  docs: string
}

export const catalogue: Record<DiagnosisCode, Explanation> = {
  ...inputExplanations,
  ...githubOidcExplanations,
  ...entraExplanations,
  ...resourceManagerExplanations,
  ...inferenceExplanations,
  ...networkExplanations,
  ...postureExplanations,
}

/** Longer texts than any explanation: a limit for what servers and claims put into them. */
const maxWords = 3000

export function diagnose({ refusal, doing }: StepFailure, facts: Facts): Diagnosis {
  const { code, said } = refusal
  const { title, about = '', why, unlike, fixes } = catalogue[code]
  const told = { facts, refusal }
  return {
    code,
    title,
    doing: plain(doing),
    said,
    why: plain(why(told) || about, maxWords),
    ...(unlike === undefined ? {} : { unlike }),
    fixes: fixes(told).map(harmless),
    docs: docsAddress(code, facts.run),
  }
}

/**
 * Explanations quote claims and ids as they come: here, once for all of them, words become harmless, and nothing hides in
 * a line of code. What a value means within a command is the command builders' business.
 */
function harmless({ title, language, text }: Fix): Fix {
  const safe = language === 'text' ? plain(text, maxWords) : text.split('\n').map(visibleLine).join('\n')
  return { title: plain(title), language, text: safe }
}

const docsPath = 'docs/diagnosis.md'

/** The docs do not come with the action: a runner downloads only what it runs. */
function docsAddress(code: DiagnosisCode, { action }: Pick<WorkflowRun, 'action'>): string {
  const path = `${docsPath}#${code}`
  if (action === undefined || !/^[\w.-]+\/[\w.-]+$/.test(action.repository)) return path
  const ref = visibleLine(action.ref).split('/').map(encodeURIComponent).join('/')
  return `https://github.com/${action.repository}/blob/${ref}/${path}`
}
