import * as v from 'valibot'
import type { Http } from '../../core/http/client.ts'
import { restrictOrigins } from '../../core/http/wrappers.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { WorkflowRun } from './workflow-run.ts'

/** docs.github.com, REST API: Get the customization template for an OIDC subject claim for a repository. */
const templateBody = v.object({
  use_default: v.boolean(),
  include_claim_keys: v.optional(v.array(v.string())),
})

/** Octokit's requests go through the same client as all others, and to GitHub only. */
function fetchThrough(http: Http): typeof fetch {
  return async (input, init) => {
    const headers = Object.fromEntries(new Headers(init?.headers))
    const reply = await http({ method: init?.method ?? 'GET', url: String(input), headers })
    return new Response(reply.body, { status: reply.status, headers: reply.headers })
  }
}

/**
 * How the repository customises its OIDC subjects, in words. Undefined if it cannot be read: the token itself shows the subject
 * too.
 */
export async function describeSubjectTemplate(
  { repository, apiUrl }: WorkflowRun,
  githubToken: string,
  http: Http,
): Promise<string | undefined> {
  const [owner, repo] = repository?.split('/') ?? []
  if (owner === undefined || repo === undefined || !URL.canParse(apiUrl)) return undefined
  try {
    // Loading it reads the event file, and throws if that is not JSON: an explanation must not fail a run.
    const { getOctokit } = await import('@actions/github')
    const octokit = getOctokit(githubToken, {
      baseUrl: apiUrl,
      request: { fetch: fetchThrough(restrictOrigins(http, apiUrl)) },
    })
    const { data } = await octokit.request('GET /repos/{owner}/{repo}/actions/oidc/customization/sub', {
      owner,
      repo,
    })
    const template = v.safeParse(templateBody, data)
    return template.success ? templateInWords(template.output) : undefined
  } catch {
    return undefined
  }
}

function templateInWords({
  use_default: isDefault,
  include_claim_keys: keys = [],
}: v.InferOutput<typeof templateBody>): string {
  if (isDefault) return "The repository uses GitHub's default form of the subject."
  return `The repository customises the subject, from the claims ${plain(keys.join(', ')) || 'of its organisation'}.`
}
