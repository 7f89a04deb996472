import type { Workflow } from '../world.ts'

/** Claims that describe the run, in the names of GitHub's reference. */
export const RUN_CLAIMS = [
  'actor',
  'actor_id',
  'base_ref',
  'check_run_id',
  'enterprise',
  'environment',
  'event_name',
  'head_ref',
  'job_workflow_ref',
  'job_workflow_sha',
  'ref',
  'ref_protected',
  'ref_type',
  'repository',
  'repository_id',
  'repository_owner',
  'repository_owner_id',
  'repository_visibility',
  'run_attempt',
  'run_id',
  'run_number',
  'runner_environment',
  'workflow',
  'workflow_ref',
  'workflow_sha',
] as const

type RunClaims = Partial<Record<(typeof RUN_CLAIMS)[number], string>>

export const repositoryOf = (workflow: Workflow) => `${workflow.owner}/${workflow.repository}`

export const refTypeOf = ({ ref }: Workflow) => (ref.startsWith('refs/tags/') ? 'tag' : 'branch')

/** `owner/repo/.github/workflows/x.yml@ref`: the workflow that the run started from. */
export const workflowRefOf = (workflow: Workflow) =>
  `${repositoryOf(workflow)}/${workflow.workflowPath}@${workflow.ref}`

export function runClaims(workflow: Workflow): RunClaims {
  const claims: RunClaims = {
    ref: workflow.ref,
    ref_protected: 'true',
    ref_type: refTypeOf(workflow),
    base_ref: workflow.baseRef ?? '',
    head_ref: workflow.headRef ?? '',
    repository: repositoryOf(workflow),
    repository_id: workflow.repositoryId,
    repository_owner: workflow.owner,
    repository_owner_id: workflow.ownerId,
    repository_visibility: 'private',
    run_id: workflow.runId,
    run_number: workflow.runNumber,
    run_attempt: workflow.runAttempt,
    check_run_id: workflow.checkRunId,
    runner_environment: 'github-hosted',
    actor: workflow.actor,
    actor_id: workflow.actorId,
    event_name: workflow.eventName,
    workflow: workflow.workflow,
    workflow_ref: workflowRefOf(workflow),
    workflow_sha: workflow.sha,
    job_workflow_ref: workflow.jobWorkflowRef ?? workflowRefOf(workflow),
    job_workflow_sha: workflow.sha,
  }
  if (workflow.environment !== undefined) claims.environment = workflow.environment
  if (workflow.enterprise !== undefined) claims.enterprise = workflow.enterprise
  return claims
}

/** A colon separates the parts of a subject: inside a value it is escaped. */
const escaped = (value: string) => value.replaceAll(':', '%3A')

/** `repo:o/r`, or `repo:o@1/r@2` if the repository's subjects are immutable; also GitHub's `sub_claim_prefix`. */
export function repoSegment({
  owner,
  ownerId,
  repository,
  repositoryId,
  immutableSubject,
}: Workflow): string {
  return immutableSubject
    ? `repo:${owner}@${ownerId}/${repository}@${repositoryId}`
    : `repo:${owner}/${repository}`
}

/** What the job is about, by GitHub's precedence: environment, then pull request, then ref. */
function contextSegment({ environment, eventName, ref }: Workflow): string {
  if (environment !== undefined) return `environment:${escaped(environment)}`
  return eventName === 'pull_request' ? 'pull_request' : `ref:${escaped(ref)}`
}

/** The `sub` claim (docs.github.com, "OpenID Connect reference"), by default or by the repository's template. */
export function subjectOf(workflow: Workflow): string {
  const claims = new Map<string, string>(Object.entries(runClaims(workflow)))
  const segment = (key: string) => {
    if (key === 'repo') return repoSegment(workflow)
    if (key === 'context') return contextSegment(workflow)
    return `${key}:${escaped(claims.get(key) ?? '')}`
  }
  return (workflow.includeClaimKeys ?? ['repo', 'context']).map(segment).join(':')
}
