import * as v from 'valibot'
import { parseJson } from '../src/core/text/json.ts'
import { plain } from '../src/core/text/untrusted.ts'
import { readAccessTokenClaims } from '../src/services/entra/access-token-claims.ts'
import { readAssertionClaims } from '../src/services/github/assertion-claims.ts'
import type { CloudServices } from './cloud.ts'
import type { Variables } from './environment.ts'
import { refusalIn } from './refusal.ts'
import type { Reply, Send } from './send.ts'
import type { TokenAudience } from './terms.ts'

const oidcReply = v.object({ value: v.string() })
const tokenReply = v.object({ access_token: v.string() })

/** The identity of the run at each service. */
export interface Identity {
  github: { requestUrl: string; requestToken: string }
  /** An OIDC token for the audience of Entra, and one for somebody else. */
  assertion: string
  foreignAssertion: string
  /** The subject of the OIDC token, which names the repository. */
  subject: string
  /** The access token for Resource Manager. */
  token: string
  /** Object id of that token's service principal. */
  principalId: string
  /** All access tokens. Some may be missing, because a tenant may not know an audience. */
  tokens: ReadonlyMap<TokenAudience, string>
  /** What Entra answered instead of a token. */
  refusals: ReadonlyMap<TokenAudience, string>
}

/** @throws Error if GitHub or Entra refuse a token that the run needs, or that a variable asks for */
export async function signIn(
  variables: Variables,
  { entra, audiences }: CloudServices,
  send: Send,
): Promise<Identity> {
  const github = {
    requestUrl: variables.ACTIONS_ID_TOKEN_REQUEST_URL,
    requestToken: variables.ACTIONS_ID_TOKEN_REQUEST_TOKEN,
  }
  const assertionFor = (audience: string) => askForAssertion(github, audience, send)
  const [assertion, foreignAssertion] = await Promise.all([
    assertionFor('api://AzureADTokenExchange'),
    assertionFor('https://conformance.invalid'),
  ])
  const subject = readAssertionClaims(assertion)?.sub ?? ''
  const { AZURE_TENANT_ID: tenantId, AZURE_CLIENT_ID: own, CONFORMANCE_SETUP_CLIENT_ID: setup } = variables
  const ask = (audience: string, clientId = own) =>
    accessToken({ tenantId, clientId, entra, assertion }, audience, send)
  const demand = async (variable: keyof Variables, clientId: string) => {
    const given = await ask(audiences['resource-manager'], clientId)
    if ('token' in given) return given.token
    throw new Error(
      `Entra gives no token for Resource Manager, so nothing can be tried. For ${variable} it ${given.refused}. The subject of this job is ${subject}`,
    )
  }
  const token = await demand('AZURE_CLIENT_ID', own)
  const tokens = new Map<TokenAudience, string>([['resource-manager', token]])
  const refusals = new Map<TokenAudience, string>()
  for (const name of ['cognitive-services', 'foundry', 'graph'] as const) {
    const other = await ask(audiences[name])
    if ('token' in other) tokens.set(name, other.token)
    else refusals.set(name, other.refused)
  }
  if (setup !== undefined) tokens.set('setup', await demand('CONFORMANCE_SETUP_CLIENT_ID', setup))
  const principalId = readAccessTokenClaims(token)?.oid
  if (principalId === undefined) throw new Error('The access token names no principal')
  return { github, assertion, foreignAssertion, subject, token, principalId, tokens, refusals }
}

async function askForAssertion(
  { requestUrl, requestToken }: Identity['github'],
  audience: string,
  send: Send,
): Promise<string> {
  const { status, body } = await send({
    method: 'GET',
    url: `${requestUrl}&audience=${encodeURIComponent(audience)}`,
    headers: { authorization: `Bearer ${requestToken}` },
  })
  if (status !== 200) throw new Error(`GitHub gives no OIDC token: it answered ${status}`)
  return v.parse(oidcReply, JSON.parse(body)).value
}

interface Application {
  tenantId: string
  clientId: string
  entra: string
  assertion: string
}

/** Requests a token for one audience, which the tenant may not know. */
async function accessToken(
  { tenantId, clientId, entra, assertion }: Application,
  audience: string,
  send: Send,
): Promise<{ token: string } | { refused: string }> {
  const reply = await send({
    method: 'POST',
    url: `${entra}/${tenantId}/oauth2/v2.0/token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: clientId,
      scope: `${audience}/.default`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: assertion,
    }).toString(),
  })
  if (reply.status !== 200) return { refused: answerOf(reply) }
  return { token: v.parse(tokenReply, JSON.parse(reply.body)).access_token }
}

/** Shown to the person who runs it, and not recorded. */
export function answerOf({ status, body }: Reply): string {
  const { code, message, oauth } = refusalIn(parseJson(body))
  return `answered ${[status, code || oauth].filter(Boolean).join(' ')}${message && `: ${plain(message)}`}`
}
