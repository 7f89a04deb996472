import { createServer } from 'node:net'
import { Agent, type Dispatcher, request } from 'undici'
import * as v from 'valibot'
import { createLocalCloud, type LocalCloud, type LocalCloudOptions } from '../../local-cloud/local-cloud.ts'
import type { Application } from '../../local-cloud/world.ts'

export const AUDIENCE = 'api://AzureADTokenExchange'

export interface Answer {
  status: number
  headers: Record<string, string>
  text: string
  /** Undefined where the body is not JSON. */
  json: unknown
}

export interface SendOptions {
  method?: Dispatcher.HttpMethod
  headers?: Record<string, string>
  body?: string
  signal?: AbortSignal
}

export type Send = (url: string, options?: SendOptions) => Promise<Answer>

/** A client that trusts the authority `ca`, and nothing else. */
export function createClient(ca: string): { send: Send; close(): Promise<void> } {
  const dispatcher = new Agent({ connect: { ca } })
  return {
    async send(url, options = {}) {
      const { statusCode, headers, body } = await request(url, { ...options, dispatcher })
      const text = await body.text()
      const flat = Object.entries(headers).map(([name, value]) => [name, String(value)])
      return { status: statusCode, headers: Object.fromEntries(flat), text, json: parsed(text) }
    },
    close: () => dispatcher.destroy(),
  }
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** A local cloud for the tests of one file; every test starts from its seed. */
export async function startLocalCloud(
  options: LocalCloudOptions = {},
): Promise<{ cloud: LocalCloud; send: Send }> {
  const cloud = await createLocalCloud(options)
  const client = createClient(cloud.caPem)
  beforeEach(() => cloud.reset())
  afterAll(async () => {
    await client.close()
    await cloud.close()
  })
  return { cloud, send: client.send }
}

/** The OIDC token that the job of the local cloud gets. */
export function idToken(cloud: LocalCloud, send: Send, audience = AUDIENCE): Promise<string> {
  return idTokenFor(send, cloud.runnerEnvironment(), audience)
}

/** The same, where only the environment of the job is known. */
export async function idTokenFor(
  send: Send,
  env: Record<string, string>,
  audience = AUDIENCE,
): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } = env
  const answer = await send(`${url}&audience=${encodeURIComponent(audience)}`, {
    headers: { authorization: `Bearer ${token}` },
  })
  return v.parse(v.object({ value: v.string() }), answer.json).value
}

/** The application of the default world that the pipeline signs in as. */
export function pipelineOf({ world }: LocalCloud): Application {
  const [application] = world.applications
  if (application === undefined) throw new Error('The world has no application')
  return application
}

/** The one key of a JSON Web Key Set. */
export async function publishedKey(send: Send, url: string) {
  const keySet = v.object({
    keys: v.tuple([v.object({ kty: v.literal('RSA'), n: v.string(), e: v.string(), kid: v.string() })]),
  })
  return v.parse(keySet, (await send(url)).json).keys[0]
}

/** An access token of the application of the pipeline, got as a job gets it. */
export async function accessToken(cloud: LocalCloud, send: Send, resource: string): Promise<string> {
  const { tenantId, clientId } = pipelineOf(cloud)
  const { authorityHost } = cloud.endpoints
  return accessTokenFor(send, {
    authorityHost,
    tenantId,
    clientId,
    resource,
    assertion: await idToken(cloud, send),
  })
}

interface SignIn {
  authorityHost: string
  tenantId: string
  clientId: string
  resource: string
  assertion: string
}

export async function accessTokenFor(send: Send, signIn: SignIn): Promise<string> {
  const answer = await send(`${signIn.authorityHost}/${signIn.tenantId}/oauth2/v2.0/token`, {
    method: 'POST',
    body: new URLSearchParams({
      grant_type: 'client_credentials',
      client_id: signIn.clientId,
      scope: `${signIn.resource}/.default`,
      client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
      client_assertion: signIn.assertion,
    }).toString(),
  })
  return v.parse(v.object({ access_token: v.string() }), answer.json).access_token
}

/** The first of `count` free ports in a row, below those that systems hand out by themselves. */
export async function freePorts(count: number): Promise<number> {
  for (;;) {
    const first = 20_000 + Math.floor(Math.random() * 10_000)
    const ports = Array.from({ length: count }, (_, index) => first + index)
    const free = await Promise.all(ports.map(isFree))
    if (free.every(Boolean)) return first
  }
}

function isFree(port: number): Promise<boolean> {
  return new Promise(resolve => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
}
