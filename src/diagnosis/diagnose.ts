import type { Facts } from '../facts.ts'
import type { DiagnosisCode } from './codes.ts'
import { advice, type Explanation, type Explanations, type Fix } from './explanation.ts'
import { entraExplanations } from './explanations/entra.ts'
import { githubOidcExplanations } from './explanations/github-oidc.ts'
import { inferenceExplanations } from './explanations/inference.ts'
import { networkExplanations } from './explanations/network.ts'
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
  fixes: readonly Fix[]
}

const inputExplanations: Explanations<'input'> = {
  'input-invalid': {
    title: 'The inputs are not right',
    why: () => 'Nothing was requested from anybody: inputs are checked first, all of them at once.',
    fixes: () => [advice('Correct the inputs that are named; README.md lists what each accepts.')],
  },
}

const catalogue: Record<DiagnosisCode, Explanation> = {
  ...inputExplanations,
  ...githubOidcExplanations,
  ...entraExplanations,
  ...resourceManagerExplanations,
  ...inferenceExplanations,
  ...networkExplanations,
}

export function diagnose({ refusal, doing }: StepFailure, facts: Facts): Diagnosis {
  const { code, said } = refusal
  const { title, why, fixes } = catalogue[code]
  const told = { facts, refusal }
  return { code, title, doing, said, why: why(told), fixes: fixes(told) }
}
