import type { StepFailure } from '../core/failures/failure.ts'
import type { Http } from '../core/http/client.ts'
import type { Clock } from '../core/ports.ts'
import { dataActionsOf } from '../services/inference/route.ts'
import type { ResourceContext } from '../services/resource-manager/client.ts'
import { type Facts, wasDenied } from './record.ts'
import type { Settings } from './settings.ts'

/** What makes a refusal easier to understand, and is not worth a request where nothing was refused. */
export async function gatherEvidence(
  { refusal }: StepFailure,
  { report }: Settings,
  managed: ResourceContext | undefined,
  { http, clock }: { http: Http; clock: Clock },
  facts: Facts,
): Promise<void> {
  if (report.githubToken !== undefined && refusal.code.startsWith('federated-subject')) {
    const { describeSubjectTemplate } = await import('../services/github/subject-template.ts')
    const description = await describeSubjectTemplate(facts.run, report.githubToken, http)
    if (description !== undefined) facts.subjectTemplate = description
  }
  if (managed !== undefined) await lookAgain(managed, facts, clock)
}

/** What explains a denial, and was not worth a request before. */
export async function lookAgain(managed: ResourceContext, facts: Facts, clock: Clock): Promise<void> {
  const { role, assignments, routes } = facts
  if (role === undefined || assignments === undefined || !wasDenied(facts)) return
  const { lookAfterDenial } = await import('../services/resource-manager/denial-evidence.ts')
  const denied = {
    role,
    dataActions: dataActionsOf(routes ?? []),
    groupIds: assignments.map(({ principalId }) => principalId),
  }
  facts.afterDenial = await lookAfterDenial(managed, denied, clock)
}
