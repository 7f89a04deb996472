import type { Explanations } from '../explanation.ts'
import { applicationExplanations } from './application.ts'
import { assertionExplanations } from './assertion.ts'
import { federationExplanations } from './federation.ts'
import { replyExplanations } from './replies.ts'
import { tenantExplanations } from './tenant.ts'

export const entraExplanations: Explanations<'entra'> = {
  ...federationExplanations,
  ...assertionExplanations,
  ...applicationExplanations,
  ...tenantExplanations,
  ...replyExplanations,
}
