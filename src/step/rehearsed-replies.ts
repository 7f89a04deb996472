import { Readable } from 'node:stream'
import { accessAdministrator, cognitiveServicesUser } from '../azure/rbac/built-in-roles.ts'
import { accountIdOf } from '../azure/resource-id.ts'
import type { Http, HttpReply } from '../core/http/client.ts'
import { decode, readBounded } from '../core/http/reply-body.ts'

/** A world that does not exist, and the replies of its services, in the form in which they are sent. See rehearsal.ts. */

/** Of everything there that has a GUID. */
const id = '00000000-0000-4000-8000-000000000000'
const endpoint = 'https://rehearsal.invalid'
const deployment = 'rehearsal'
const resource = { subscriptionId: id, resourceGroup: 'rehearsal', account: 'rehearsal', project: undefined }
const account = accountIdOf(resource)
const model = { format: 'OpenAI', name: 'gpt-4.1', version: '2025-04-14' }
const longAgo = '2025-01-01T00:00:00Z'
const farAway = '2099-01-01T00:00:00Z'

const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (claims: unknown) => `${part({ alg: 'none' })}.${part(claims)}.`
const claims = { iss: endpoint, sub: 'rehearsal', aud: 'rehearsal' }

/** What the gate gets to know by other ways than replies. */
export const rehearsed = {
  id,
  endpoint,
  deployment,
  resource,
  role: { kind: 'guid', guid: cognitiveServicesUser.guid },
  assertion: { token: jwt(claims), claims, expiresAt: Number.POSITIVE_INFINITY },
} as const

const assignmentOf = ({ guid }: { guid: string }) => ({
  id: `${account}/providers/Microsoft.Authorization/roleAssignments/${guid}`,
  properties: {
    roleDefinitionId: `/subscriptions/${id}/providers/Microsoft.Authorization/roleDefinitions/${guid}`,
    principalId: id,
    principalType: 'ServicePrincipal',
    scope: account,
    createdOn: longAgo,
    updatedOn: longAgo,
  },
})

/** By the end of their path. */
const ofResourceManager: Readonly<Record<string, unknown>> = {
  [account]: {
    kind: 'AIServices',
    properties: {
      endpoint,
      endpoints: { 'AI Foundry API': endpoint },
      customSubDomainName: 'rehearsal',
      disableLocalAuth: true,
      publicNetworkAccess: 'Enabled',
    },
  },
  '/deployments': {
    value: [
      {
        name: deployment,
        sku: { name: 'Standard' },
        properties: { model, provisioningState: 'Succeeded', capabilities: { chatCompletion: 'true' } },
        systemData: { createdAt: longAgo },
      },
    ],
  },
  '/models': {
    value: [
      {
        ...model,
        lifecycleStatus: 'GenerallyAvailable',
        deprecation: { inference: farAway },
        skus: [{ name: 'Standard', deprecationDate: farAway }],
      },
    ],
  },
  '/roleAssignments': { value: [cognitiveServicesUser, accessAdministrator].map(assignmentOf) },
  '/roleAssignmentScheduleInstances': { value: [] },
  '/denyAssignments': { value: [] },
  '/permissions': { value: [{ actions: ['*'] }] },
}

const ofEntra = (authority: string): Readonly<Record<string, unknown>> => ({
  '/openid-configuration': {
    issuer: `${authority}/${id}/v2.0`,
    authorization_endpoint: `${authority}/${id}/oauth2/v2.0/authorize`,
    token_endpoint: `${authority}/${id}/oauth2/v2.0/token`,
    jwks_uri: `${authority}/${id}/discovery/v2.0/keys`,
  },
  '/token': {
    token_type: 'Bearer',
    expires_in: 3599,
    access_token: jwt({ oid: id, tid: id, appid: id }),
  },
})

/** Each answer has an id of its own: one that is given twice proves nothing. */
const answer = (count: number) => ({
  id: `chatcmpl-rehearsal-${count}`,
  object: 'chat.completion',
  created: 0,
  model: model.name,
  choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'Yes' } }],
})

const forbidden = { error: { code: 'AuthorizationFailed', message: 'The client has no authorization.' } }

export interface Pace {
  /** Resolves when there is time for the next reply. */
  idle: () => Promise<void>
  /** What depends on Entra's tokens waits until Entra has been asked for real: the time until GitHub's reply is too short for all. */
  entraAsked: Promise<void>
}

/** The services of that world. They are read as real replies are. @throws Error for a request to which no reply is written down */
export function answeringAs({ mayReadRoles }: { mayReadRoles: boolean }, { idle, entraAsked }: Pace): Http {
  let answers = 0
  return async ({ url }) => {
    const { origin, pathname } = new URL(url)
    if (!pathname.endsWith('/openid-configuration')) await entraAsked
    await idle()
    if (origin === endpoint) {
      answers += 1
      return received(200, answer(answers), answers)
    }
    if (!mayReadRoles && pathname.includes('/Microsoft.Authorization/')) return received(403, forbidden)
    const replies = Object.entries({ ...ofResourceManager, ...ofEntra(origin) })
    const [, body] = replies.find(([end]) => pathname.endsWith(end)) ?? []
    if (body === undefined) throw new Error(`No reply to ${pathname} is written down`)
    return received(200, body)
  }
}

const headers = {
  'content-type': 'application/json',
  date: 'Thu, 01 Jan 2026 00:00:00 GMT',
  'x-ratelimit-limit-requests': '10',
  'x-ratelimit-remaining-requests': '9',
}

async function received(status: number, sent: unknown, connection = 0): Promise<HttpReply> {
  const bytes = await readBounded(Readable.from([Buffer.from(JSON.stringify(sent))]), endpoint)
  return { status, headers, body: await decode(bytes, 'identity', endpoint), connection }
}
