import type { StepFailure } from './diagnosis/verdict.ts'
import { type Facts, wasDenied } from './facts.ts'
import type { Http } from './http.ts'
import { dataActionsOf } from './inference/routes.ts'
import type { Settings } from './inputs.ts'
import type { Managed } from './resource/resource-manager.ts'

/** What makes a refusal easier to understand, and is not worth a request where nothing was refused. */
export async function gatherEvidence(
  { refusal }: StepFailure,
  { report }: Settings,
  managed: Managed | undefined,
  http: Http,
  facts: Facts,
): Promise<void> {
  if (report.githubToken !== undefined && refusal.code.startsWith('federated-subject')) {
    const { describeSubjectTemplate } = await import('./identity/subject-template.ts')
    const description = await describeSubjectTemplate(facts.run, report.githubToken, http)
    if (description !== undefined) facts.subjectTemplate = description
  }
  if (managed !== undefined) await lookAgain(managed, facts)
}

/** What explains a denial, and was not worth a request before. */
export async function lookAgain(managed: Managed, facts: Facts): Promise<void> {
  const { role, assignments, routes } = facts
  if (role === undefined || assignments === undefined || !wasDenied(facts)) return
  const { lookAfterDenial } = await import('./access/after-denial.ts')
  facts.afterDenial = await lookAfterDenial(managed, {
    role,
    dataActions: dataActionsOf(routes ?? []),
    groupIds: assignments.map(({ principalId }) => principalId),
  })
}
