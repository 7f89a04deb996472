import type { Explanations } from '../explanation.ts'
import { grantRefusedExplanations } from './grant-refused.ts'
import { principalAndRoleExplanations } from './principal-and-role.ts'
import { replyExplanations } from './replies.ts'
import { roleAssignmentExplanations } from './role-assignment.ts'
import { subscriptionAndResourceExplanations } from './subscription-and-resource.ts'

export const resourceManagerExplanations: Explanations<'resource-manager'> = {
  ...grantRefusedExplanations,
  ...principalAndRoleExplanations,
  ...roleAssignmentExplanations,
  ...subscriptionAndResourceExplanations,
  ...replyExplanations,
}
