import { getOctokit } from '@actions/github'
import * as v from 'valibot'
import { plain } from '../untrusted-text.ts'
import type { WorkflowRun } from '../workflow-run.ts'

/** docs.github.com, REST API: Get the customization template for an OIDC subject claim for a repository. */
const templateBody = v.object({
  use_default: v.boolean(),
  include_claim_keys: v.optional(v.array(v.string())),
})

const timeoutMs = 10_000

/** How the repository makes its OIDC subjects, in words. Undefined where it may not be read: the token itself tells, too. */
export async function describeSubjectTemplate(
  run: WorkflowRun,
  githubToken: string,
): Promise<string | undefined> {
  const [owner, repo] = run.repository?.split('/') ?? []
  if (owner === undefined || repo === undefined) return undefined
  try {
    const { data } = await getOctokit(githubToken, { baseUrl: run.apiUrl }).request(
      'GET /repos/{owner}/{repo}/actions/oidc/customization/sub',
      { owner, repo, request: { signal: AbortSignal.timeout(timeoutMs) } },
    )
    const template = v.safeParse(templateBody, data)
    if (!template.success) return undefined
    const { use_default: isDefault, include_claim_keys: keys } = template.output
    if (isDefault) return "The repository uses GitHub's default form of the subject."
    return `The repository customises the subject, from the claims ${plain((keys ?? []).join(', ')) || 'of its organisation'}.`
  } catch {
    return undefined
  }
}
