import type { Fix } from '../diagnosis/explanation.ts'

/** What a green run leaves to be desired, or worth knowing; it never fails a run by itself. */

/** The public names of findings: report, docs and people's filters speak of these. */
export const findingIds = [
  'keys-enabled',
  'key-access-unknown',
  'retired-key-invalid',
  'can-list-keys',
  'can-assign-roles',
  'can-change-resource',
  'broader-role-than-needed',
  'wider-scope-than-needed',
  'role-does-not-fit',
  'conditional-assignment',
  'temporary-assignment',
  'access-unknown',
] as const
export type FindingId = (typeof findingIds)[number]

/** `high`: access is not key-less. `medium`: more rights than the calls need. `low`: worth knowing. */
export type Severity = 'high' | 'medium' | 'low'

export interface Finding {
  id: FindingId
  severity: Severity
  title: string
  /** With this run's own values. */
  detail: string
  fixes: readonly Fix[]
}
