import * as core from '@actions/core'
import * as v from 'valibot'
import type { TemporaryGrant } from '../../azure/rbac/lease.ts'
import { parseJson } from '../../core/text/json.ts'

/** What the main step leaves for the post step of the same action, in the runner's state: no secret is among it. */

const temporaryGrant = 'temporary-grant'

const grantSchema = v.object({
  assignmentId: v.string(),
  lease: v.string(),
  clientId: v.string(),
  tenantId: v.string(),
  isAnswered: v.boolean(),
})

export const keepGrant = (grant: TemporaryGrant): void =>
  core.saveState(temporaryGrant, JSON.stringify(grant))

/** Undefined where the main step was to make none, or did not get so far. */
export function keptGrant(): TemporaryGrant | undefined {
  const kept = v.safeParse(grantSchema, parseJson(core.getState(temporaryGrant)))
  return kept.success ? kept.output : undefined
}
