import { docsAddress } from '../docs-address.ts'
import type { Facts } from '../facts.ts'
import { plain } from '../untrusted-text.ts'
import type { DiagnosisCode } from './codes.ts'
import { type Explanation, type Fix, harmlessFix, harmlessWords } from './explanation.ts'
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

export function diagnose({ refusal, doing }: StepFailure, facts: Facts): Diagnosis {
  const { code, said } = refusal
  const { title, about = '', why, unlike, fixes } = catalogue[code]
  const told = { facts, refusal }
  return {
    code,
    title,
    doing: plain(doing),
    said,
    why: harmlessWords(why(told) || about),
    ...(unlike === undefined ? {} : { unlike }),
    fixes: fixes(told).map(harmlessFix),
    docs: docsAddress(`docs/diagnosis.md#${code}`, facts.run),
  }
}
