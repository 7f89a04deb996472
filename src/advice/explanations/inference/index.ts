import type { Explanations } from '../explanation.ts'
import { accessExplanations } from './access.ts'
import { answerExplanations } from './answer.ts'
import { deploymentExplanations } from './deployments.ts'
import { endpointExplanations } from './endpoint.ts'
import { requestExplanations } from './request.ts'
import { tokenExplanations } from './token.ts'

export const inferenceExplanations: Explanations<'inference'> = {
  ...accessExplanations,
  ...tokenExplanations,
  ...endpointExplanations,
  ...deploymentExplanations,
  ...requestExplanations,
  ...answerExplanations,
}
