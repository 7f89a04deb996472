import type { DiagnosisCode } from '../../core/failures/codes.ts'
import type { ServiceResponse, StepError } from '../../core/failures/failure.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { RunRecord } from '../../gate/record.ts'
import { docsAddress } from '../docs-link.ts'
import { findingForbidden } from '../findings/forbidden.ts'
import { actionExplanations } from './action.ts'
import { appProbeExplanations } from './app-probe.ts'
import { entraExplanations } from './entra/index.ts'
import {
  type Comparison,
  type Explanation,
  type Fix,
  harmlessComparison,
  harmlessFix,
  harmlessWords,
} from './explanation.ts'
import { githubExplanations } from './github/index.ts'
import { besideCalls } from './inference/beside-calls.ts'
import { inferenceExplanations } from './inference/index.ts'
import { inputExplanations } from './input.ts'
import { networkExplanations } from './network.ts'
import { postureExplanations } from './posture.ts'
import { resourceManagerExplanations } from './resource-manager/index.ts'
import { runtimeAccessExplanations } from './runtime-access.ts'
import { repeatsTheRun } from './tried.ts'

/** One failure, explained: the most useful cause, the evidence, and the fix with this run's own values. */
export interface Diagnosis {
  code: DiagnosisCode
  title: string
  /** What the gate was doing when it happened. */
  operation: string
  said: ServiceResponse
  why: string
  /** What the run presented next to what is expected; absent if nothing was compared. */
  comparison?: readonly Comparison[]
  /** How to distinguish it from causes that look alike. */
  unlike?: string
  fixes: readonly Fix[]
  /** Where the code is documented: a URL, or a path if the action's repository is not known. */
  docs: string
}

export const catalogue: Record<DiagnosisCode, Explanation> = {
  ...inputExplanations,
  ...githubExplanations,
  ...entraExplanations,
  ...resourceManagerExplanations,
  ...inferenceExplanations,
  ...networkExplanations,
  ...postureExplanations,
  'finding-forbidden': findingForbidden,
  ...runtimeAccessExplanations,
  ...appProbeExplanations,
  ...actionExplanations,
}

export function diagnose({ failure, operation }: StepError, record: RunRecord): Diagnosis {
  const { code, said } = failure
  const { title, titleBeside = title, about = '', why, comparison, unlike, fixes } = catalogue[code]
  const told = { record, failure }
  const compared = comparison?.(told).map(harmlessComparison) ?? []
  return {
    code,
    title: besideCalls(told) === undefined ? title : titleBeside,
    operation: plain(operation),
    said,
    why: harmlessWords(why(told) || about),
    ...(compared.length === 0 ? {} : { comparison: compared }),
    ...(unlike === undefined ? {} : { unlike }),
    fixes: fixes(told)
      .filter(fix => !repeatsTheRun(fix, record))
      .map(harmlessFix),
    docs: docsAddress(`docs/diagnosis.md#${code}`, record.run),
  }
}
