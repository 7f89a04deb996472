import type { DiagnosisCode } from '../../core/failures/codes.ts'
import type { StepError } from '../../core/failures/failure.ts'
import type { RunRecord } from '../../gate/record.ts'
import { findingForbidden } from '../findings/forbidden.ts'
import { actionExplanations } from './action.ts'
import { appProbeExplanations } from './app-probe.ts'
import { type Diagnosis, diagnosisBy } from './diagnosis.ts'
import { entraExplanations } from './entra/index.ts'
import type { Explanation } from './explanation.ts'
import { githubExplanations } from './github/index.ts'
import { inferenceExplanations } from './inference/index.ts'
import { inputExplanations } from './input.ts'
import { networkExplanations } from './network.ts'
import { postureExplanations } from './posture.ts'
import { resourceManagerExplanations } from './resource-manager/index.ts'
import { runtimeAccessExplanations } from './runtime-access.ts'

/** Every explanation. */
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

export const diagnose = (error: StepError, record: RunRecord): Diagnosis =>
  diagnosisBy(catalogue[error.failure.code], error, record)
