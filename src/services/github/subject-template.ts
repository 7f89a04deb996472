import * as v from 'valibot'
import { type Http, NetworkFailure, restrictOrigins } from '../../core/http/client.ts'
import { parseJson } from '../../core/text/json.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { WorkflowRun } from './workflow-run.ts'

/** docs.github.com, REST API: Get the customization template for an OIDC subject claim for a repository. */
const templateBody = v.object({
  use_default: v.boolean(),
  include_claim_keys: v.optional(v.array(v.string())),
})

/** How the repository makes its OIDC subjects, in words. Undefined where it may not be read: the token itself tells, too. */
export async function describeSubjectTemplate(
  { repository, apiUrl }: WorkflowRun,
  githubToken: string,
  http: Http,
): Promise<string | undefined> {
  if (repository === undefined || !/^[\w.-]+\/[\w.-]+$/.test(repository) || !URL.canParse(apiUrl))
    return undefined
  try {
    const { status, body } = await restrictOrigins(
      http,
      apiUrl,
    )({
      method: 'GET',
      url: `${apiUrl}/repos/${repository}/actions/oidc/customization/sub`,
      headers: {
        accept: 'application/vnd.github+json',
        authorization: `Bearer ${githubToken}`,
        // GitHub answers no request without one.
        'user-agent': 'key-less-gate',
        'x-github-api-version': '2022-11-28',
      },
    })
    const template = v.safeParse(templateBody, status === 200 ? parseJson(body) : undefined)
    return template.success ? inWords(template.output) : undefined
  } catch (error) {
    if (error instanceof NetworkFailure) return undefined
    throw error
  }
}

function inWords({
  use_default: isDefault,
  include_claim_keys: keys = [],
}: v.InferOutput<typeof templateBody>): string {
  if (isDefault) return "The repository uses GitHub's default form of the subject."
  return `The repository customises the subject, from the claims ${plain(keys.join(', ')) || 'of its organisation'}.`
}
