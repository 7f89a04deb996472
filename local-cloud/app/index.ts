import { type Dispatcher, request as send } from 'undici'
import * as v from 'valibot'
import type { Context } from '../context.ts'
import { sameText } from '../github/index.ts'
import { normalizeScope } from '../scopes.ts'
import type { Service, ServiceReply, ServiceRequest } from '../service.ts'
import type { Resource, World } from '../world.ts'

/** Distinguishes the app's own requests from those of clients. */
export const APP_USER_AGENT = 'local-cloud-app'

/** Where the app answers, on its host. */
export const PROBE_PATH = '/probe'

interface AppTools {
  /** Endpoint of the managed identity, and what its clients have to send. */
  identity: { url: string; header: string }
  /** Trusts the authority of the local cloud. */
  dispatcher: Dispatcher
}

/**
 * An app with a route that makes one call to a model: it signs in as the identity of its resource, over the wire, and passes the
 * model's answer on.
 * @param resourceId of the resource that it runs in, in lower case
 */
export function createApp(context: Context, resourceId: string, tools: AppTools): Service {
  async function probe(request: ServiceRequest): Promise<ServiceReply> {
    const found = resourceWithApp(context.world, resourceId)
    if (found === undefined) return page(404, 'There is no such app.')
    const { resource, app } = found
    if (app.startsOn !== undefined && context.clock.now() < Date.parse(app.startsOn))
      return page(503, 'The app is starting.')
    if (app.key !== undefined && !sameText(request.url.searchParams.get('code') ?? '', app.key))
      return { status: 401 }
    if (app.requiresLogin) return logIn(context, request)
    const answer = await callModel(context, resource, tools)
    return app.hidesFailures && answer.status > 299 ? page(200, 'Something went wrong.') : answer
  }

  return {
    name: 'app',
    routes: [{ operation: 'app.probe', method: 'GET', path: new RegExp(`^${PROBE_PATH}/?$`), handle: probe }],
    notFound: () => page(404, 'There is no such page.'),
    commonHeaders: () => ({ 'cache-control': 'no-store' }),
  }
}

function resourceWithApp({ resources }: World, resourceId: string) {
  const resource = resources.find(({ id }) => normalizeScope(id) === resourceId)
  return resource?.app && { resource, app: resource.app }
}

const page = (status: number, text: string): ServiceReply => ({
  status,
  headers: { 'content-type': 'text/html; charset=utf-8' },
  body: `<!doctype html><title>App</title><h1>${text}</h1>`,
})

/** What App Service authentication does with anyone who is not signed in (learn.microsoft.com, "overview-authentication-authorization"). */
function logIn({ world, endpoints }: Context, { url }: ServiceRequest): ServiceReply {
  const state = `redir=${encodeURIComponent(`${url.pathname}${url.search}`)}`
  const query = new URLSearchParams({ response_type: 'code id_token', state })
  const location = `${endpoints.authorityHost}/${world.tenants[0]?.id}/oauth2/v2.0/authorize?${query}`
  return { status: 302, headers: { location } }
}

const tokenReply = v.object({ access_token: v.string() })
const completion = v.object({
  choices: v.tuple([v.object({ message: v.object({ content: v.nullable(v.string()) }) })]),
})

async function callModel(
  { endpoints }: Context,
  { app, identity }: Resource,
  { identity: source, dispatcher }: AppTools,
): Promise<ServiceReply> {
  const headers = { 'user-agent': APP_USER_AGENT }
  const clientId = app?.clientId ?? identity?.systemAssigned?.clientId
  if (clientId === undefined)
    return failed(500, 'No managed identity is assigned, or AZURE_CLIENT_ID names none.')
  const query = new URLSearchParams({ resource: 'https://cognitiveservices.azure.com', client_id: clientId })
  const signedIn = await send(`${source.url}?${query}`, {
    headers: { ...headers, 'x-identity-header': source.header },
    dispatcher,
  })
  if (signedIn.statusCode !== 200) return failed(500, await signedIn.body.text())
  const { access_token: token } = v.parse(tokenReply, await signedIn.body.json())

  const accountId = app?.accountId ?? [...endpoints.accounts.keys()][0] ?? ''
  const host = endpoints.accounts.get(normalizeScope(accountId))
  if (host === undefined) return failed(500, `${accountId} has no host.`)
  const called = await send(`${host}/openai/v1/chat/completions`, {
    method: 'POST',
    headers: { ...headers, authorization: `Bearer ${token}`, 'content-type': 'application/json' },
    body: JSON.stringify({ model: app?.deployment, messages: [{ role: 'user', content: 'Are you there?' }] }),
    dispatcher,
  })
  const text = await called.body.text()
  if (called.statusCode !== 200)
    return { status: called.statusCode, headers: { 'content-type': 'application/json' }, body: text }
  const [choice] = v.parse(completion, JSON.parse(text)).choices
  return { status: 200, body: { answer: choice.message.content } }
}

const failed = (status: number, message: string): ServiceReply => ({
  status,
  body: { error: { code: 'AppFailed', message } },
})
