import type { DiagnosisCode } from '../../core/failures/codes.ts'
import type { ServiceResponse, StepError } from '../../core/failures/failure.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { RunRecord } from '../../gate/record.ts'
import { docsAddress } from '../docs-link.ts'
import {
  type Comparison,
  type Explanation,
  type Fix,
  harmlessComparison,
  harmlessFix,
  harmlessWords,
} from './explanation.ts'
import { besideCalls } from './inference/beside-calls.ts'
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

export function diagnosisBy(
  explanation: Explanation,
  { failure, operation }: StepError,
  record: RunRecord,
): Diagnosis {
  const { code, said } = failure
  const { title, titleBeside = title, about = '', why, comparison, unlike, fixes } = explanation
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
