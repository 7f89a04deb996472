import * as v from 'valibot'

/** The workflow run whose OIDC tokens the GitHub service issues. */
export const workflow = v.strictObject({
  owner: v.string(),
  ownerId: v.string(),
  repository: v.string(),
  repositoryId: v.string(),
  ref: v.string(),
  sha: v.string(),
  actor: v.string(),
  actorId: v.string(),
  eventName: v.string(),
  runId: v.string(),
  runNumber: v.string(),
  runAttempt: v.string(),
  /** Of the job: the only value that certainly differs between jobs of one run. */
  checkRunId: v.optional(v.string(), '40118872203'),
  workflow: v.string(),
  workflowPath: v.string(),
  environment: v.optional(v.string()),
  headRef: v.optional(v.string()),
  baseRef: v.optional(v.string()),
  /** Set when the job runs in a reusable workflow: `owner/repo/.github/workflows/x.yml@ref`. */
  jobWorkflowRef: v.optional(v.string()),
  enterprise: v.optional(v.string()),
  /** Numeric ids in the subject: repositories created, renamed or transferred since 2026-07-15. */
  immutableSubject: v.optional(v.boolean(), false),
  /** Claims of a customised subject template, in order; absent: the default subject. */
  includeClaimKeys: v.optional(v.array(v.string())),
})
