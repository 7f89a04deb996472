import * as core from '@actions/core'
import * as v from 'valibot'
import type { TemporaryGrant } from '../../azure/rbac/lease.ts'
import { parseJson } from '../../core/text/json.ts'

/** What the main step leaves for the post step of the same action, in the runner's state. It contains no secret. */

const temporaryGrant = 'temporary-grant'

const grantSchema = v.object({
  assignmentId: v.string(),
  lease: v.string(),
  clientId: v.string(),
  tenantId: v.string(),
  wasRefused: v.boolean(),
})

export const keepGrant = (grant: TemporaryGrant): void =>
  core.saveState(temporaryGrant, JSON.stringify(grant))

/** Undefined if the main step grants nothing temporary, or did not get that far. */
export function keptGrant(): TemporaryGrant | undefined {
  const kept = v.safeParse(grantSchema, parseJson(core.getState(temporaryGrant)))
  return kept.success ? kept.output : undefined
}
