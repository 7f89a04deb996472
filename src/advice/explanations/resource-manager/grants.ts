import { assignOnly, bash, grantFixes, grantOf } from '../commands.ts'
import type { ExplainContext, Fix } from '../explanation.ts'
import { separateSetup, valuesOf } from '../values.ts'

/** For pipelines that shall go on granting by themselves: this one role, to one type of principals, and nothing else to give or take. */
export function mayGrant(told: ExplainContext): Fix {
  const values = valuesOf(told)
  return bash(
    'Or let the pipeline grant this one role itself (Role Based Access Control Administrator, under a condition)',
    assignOnly([values.role.guid], values),
  )
}

/** The wanted role lets its holder look as well; an identity that is there to grant gets the role for that. */
export function letLook(told: ExplainContext): Fix[] {
  return separateSetup(told.record) ? [mayGrant(told)] : grantFixes(grantOf(valuesOf(told)))
}
