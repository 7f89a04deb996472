import * as v from 'valibot'
import type { Http, HttpReply } from '../../core/http/client.ts'
import { parseJson } from '../../core/text/json.ts'

/** An authority that the user named is asked for its endpoints before every sign-in; the first answer serves the whole run. */
export function discoverOnce(http: Http): Http {
  const answers = new Map<string, ReturnType<Http>>()
  return request => {
    if (request.method !== 'GET' || !request.url.includes('/.well-known/openid-configuration'))
      return http(request)
    const known = answers.get(request.url)
    if (known !== undefined) return known
    const answer = http(request)
    answers.set(request.url, answer)
    answer.then(
      reply => {
        if (!namesEndpoints(reply)) answers.delete(request.url)
      },
      () => answers.delete(request.url),
    )
    return answer
  }
}

const discoveryDocument = v.object({ issuer: v.string(), token_endpoint: v.string() })

/** Half a document or a proxy's page must not be kept for the next try. */
function namesEndpoints({ status, body }: HttpReply): boolean {
  return status === 200 && v.is(discoveryDocument, parseJson(body))
}
