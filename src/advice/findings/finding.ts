import type { RunRecord } from '../../gate/record.ts'
import type { Severity } from '../../gate/settings.ts'
import type { Fix } from '../explanations/explanation.ts'
import type { Values } from '../explanations/values.ts'
import type { Rights } from './rights.ts'

/** Risks of a green run, or what is worth knowing about it; a finding fails a run only if `fail-on` says so. */

/** The public names of findings: the report, the docs and people's filters use them. */
export const findingIds = [
  'keys-enabled',
  'key-access-unknown',
  'retired-key-invalid',
  'endpoint-of-another-resource',
  'can-list-keys',
  'can-assign-roles',
  'can-change-resource',
  'role-does-not-fit',
  'broader-role-than-needed',
  'wider-scope-than-needed',
  'conditional-assignment',
  'temporary-assignment',
  'access-unexplained',
  'access-unknown',
  'model-retires-soon',
] as const
export type FindingId = (typeof findingIds)[number]

export interface Finding {
  id: FindingId
  severity: Severity
  title: string
  /** With this run's own values. */
  detail: string
  fixes: readonly Fix[]
}

/** What findings look at, worked out once for all of them. */
export interface InspectContext {
  record: RunRecord
  values: Values
  rights: Rights
  /** What the calls of this run need, without duplicates. */
  dataActions: readonly string[]
}

/** How one finding is made, and what the docs say about it, with placeholders instead of values. */
export interface Inspection {
  title: string
  /** For the docs, in Markdown. */
  about: string
  /** Undefined: everything is fine, or it is not known. */
  inspect: (seen: InspectContext) => { severity: Severity; detail: string } | undefined
  fixes: (seen: InspectContext) => Fix[]
}
