import type { ResourceContext } from '../services/resource-manager/context.ts'
import { readPermissions } from '../services/resource-manager/role-assignments.ts'
import { ageOfAccess, needsGrant, wasDenied } from './access.ts'
import type { Note } from './record.ts'
import type { Settings } from './settings.ts'
import type { Inspection } from './values.ts'
import { patienceFor } from './waiting/schedule.ts'

interface Known {
  settings: Settings
  inspection: Inspection
  context: ResourceContext | undefined
}

/** `grant: plan`: what a run would do, and whether it has the right to. Changes nothing. */
export async function plan({ settings, inspection, context }: Known, note: Note<'plan'>): Promise<void> {
  const { roles, first } = inspection
  // The look at production reports what an app lacks, and a denial of the pipeline fails nothing.
  if (roles?.holder === 'app') return
  // Nor does the gate grant a role that would not help.
  if (needsGrant(inspection) && roles?.unsuitability !== undefined) note({ refuses: roles.unsuitability })
  else if (needsGrant(inspection) && roles?.coverage !== 'insufficient') note({ grants: true })
  else if (wasDenied(first.results))
    note({ patienceMs: patienceFor(ageOfAccess(inspection), settings.waiting.propagationTimeoutMs) })
  if (context === undefined || roles === undefined) return
  const isSetup = context.callerId !== context.principalId
  // A real grant shows what the granting identity may do, so only a plan asks for it.
  if (!isSetup && roles.permissions !== undefined) return
  const permissions = await readPermissions(context.manager, roles.wanted.scope)
  if (permissions !== undefined) note(isSetup ? { setupPermissions: permissions } : { permissions })
}
