import * as v from 'valibot'
import { withSystemIdentities } from './identity-bearers.ts'
import { type World, worldSchema } from './world.ts'

/**
 * Checks a seed and fills in defaults; ids become lower case. The seed itself does not change.
 * @throws Error that lists everything that is wrong with the seed
 */
export function parseSeed(seed: unknown): World {
  const parsed = v.safeParse(worldSchema, seed)
  if (parsed.success) return withSystemIdentities(parsed.output)
  const issues = parsed.issues.map(
    issue => `  ${v.getDotPath(issue) ?? '(the seed itself)'}: ${faultOf(issue)}`,
  )
  throw new Error(`The seed of the local cloud is invalid:\n${issues.join('\n')}`)
}

/** A mistyped field is reported both as missing and as unknown. */
function faultOf({ type, expected, received, message }: v.BaseIssue<unknown>): string {
  if (type !== 'strict_object' || received === 'Object' || expected === 'Object') return message
  return expected === 'never' ? 'there is no such field' : 'the field is missing'
}
