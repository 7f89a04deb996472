import { getOctokit } from '@actions/github'
import * as v from 'valibot'
import { type Http, restrictOrigins } from '../../core/http/client.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { WorkflowRun } from './workflow-run.ts'

/** docs.github.com, REST API: Get the customization template for an OIDC subject claim for a repository. */
const templateBody = v.object({
  use_default: v.boolean(),
  include_claim_keys: v.optional(v.array(v.string())),
})

/** Octokit's requests go through the same door as all others, and to GitHub only. */
function fetchThrough(http: Http): typeof fetch {
  return async (input, init) => {
    const headers = Object.fromEntries(new Headers(init?.headers))
    const reply = await http({ method: init?.method ?? 'GET', url: String(input), headers })
    return new Response(reply.body, { status: reply.status, headers: reply.headers })
  }
}

/** How the repository makes its OIDC subjects, in words. Undefined where it may not be read: the token itself tells, too. */
export async function describeSubjectTemplate(
  run: WorkflowRun,
  githubToken: string,
  http: Http,
): Promise<string | undefined> {
  const [owner, repo] = run.repository?.split('/') ?? []
  if (owner === undefined || repo === undefined) return undefined
  try {
    const octokit = getOctokit(githubToken, {
      baseUrl: run.apiUrl,
      request: { fetch: fetchThrough(restrictOrigins(http, run.apiUrl)) },
    })
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/actions/oidc/customization/sub', {
      owner,
      repo,
    })
    const template = v.safeParse(templateBody, data)
    if (!template.success) return undefined
    const { use_default: isDefault, include_claim_keys: keys } = template.output
    if (isDefault) return "The repository uses GitHub's default form of the subject."
    return `The repository customises the subject, from the claims ${plain((keys ?? []).join(', ')) || 'of its organisation'}.`
  } catch {
    return undefined
  }
}
