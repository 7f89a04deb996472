import { neededBy } from '../../gate/also.ts'
import type { RunRecord } from '../../gate/record.ts'
import { severities } from '../../gate/settings.ts'
import { harmlessFix, harmlessWords } from '../explanations/explanation.ts'
import { valuesOf } from '../explanations/values.ts'
import { foreignEndpoint } from './endpoint.ts'
import {
  accessUnexplained,
  accessUnknown,
  canAssignRoles,
  canChangeResource,
  canListKeys,
} from './excess-rights.ts'
import { type Finding, type FindingId, findingIds, type InspectContext, type Inspection } from './finding.ts'
import { keyAccessUnknown, keysEnabled, retiredKeyInvalid } from './keys.ts'
import { modelRetiresSoon } from './models.ts'
import { rightsOf } from './rights.ts'
import {
  broaderRole,
  conditionalAssignment,
  roleDoesNotFit,
  temporaryAssignment,
  widerScope,
} from './roles.ts'

export const inspections: Record<FindingId, Inspection> = {
  'keys-enabled': keysEnabled,
  'key-access-unknown': keyAccessUnknown,
  'retired-key-invalid': retiredKeyInvalid,
  'endpoint-of-another-resource': foreignEndpoint,
  'can-list-keys': canListKeys,
  'can-assign-roles': canAssignRoles,
  'can-change-resource': canChangeResource,
  'role-does-not-fit': roleDoesNotFit,
  'broader-role-than-needed': broaderRole,
  'wider-scope-than-needed': widerScope,
  'conditional-assignment': conditionalAssignment,
  'temporary-assignment': temporaryAssignment,
  'access-unexplained': accessUnexplained,
  'access-unknown': accessUnknown,
  'model-retires-soon': modelRetiresSoon,
}

const found = new WeakMap<RunRecord, readonly Finding[]>()

/** All findings of a run, most severe first. It only reads the record, and is used for report, summary and log. */
export function findingsOf(record: RunRecord): readonly Finding[] {
  const known = found.get(record) ?? readFindings(record)
  found.set(record, known)
  return known
}

function readFindings(record: RunRecord): Finding[] {
  // The inputs were bad, and nothing was read.
  if (record.settings === undefined) return []
  const seen = seenOf(record)
  const ofAll = findingIds.flatMap(id => {
    const { title, inspect, fixes } = inspections[id]
    const seenHere = inspect(seen)
    if (seenHere === undefined) return []
    const { severity, detail } = seenHere
    return [{ id, severity, title, detail: harmlessWords(detail), fixes: fixes(seen).map(harmlessFix) }]
  })
  return severities.flatMap(severity => ofAll.filter(finding => finding.severity === severity))
}

export function seenOf(record: RunRecord): InspectContext {
  return {
    record,
    values: valuesOf({ record }),
    rights: rightsOf(record),
    dataActions: neededBy(record),
  }
}
