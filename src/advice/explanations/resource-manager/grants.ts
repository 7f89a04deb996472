import { assignOnly, bash, grantFixes, grantOf } from '../commands.ts'
import type { ExplainContext, Fix } from '../explanation.ts'
import { separateSetup, valuesOf } from '../values.ts'

/** For pipelines that should grant by themselves: the right to assign and remove only this role, for one type of principals. */
export function mayGrant(told: ExplainContext): Fix {
  const values = valuesOf(told)
  return bash(
    'Or let the pipeline grant this one role itself (Role Based Access Control Administrator, under a condition)',
    assignOnly([values.role.guid], values),
  )
}

/** The wanted role also lets its holder read. An identity that only grants gets a role for reading. */
export function letLook(told: ExplainContext): Fix[] {
  return separateSetup(told.record) ? [mayGrant(told)] : grantFixes(grantOf(valuesOf(told)))
}
