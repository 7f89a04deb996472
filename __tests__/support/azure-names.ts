import { once } from 'node:events'
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from 'node:http'
import { createServer, request as requestOnce } from 'node:https'
import type { Duplex } from 'node:stream'
import { buffer } from 'node:stream/consumers'
import { Agent, request } from 'undici'
import { hostDomains } from '../../local-cloud/hosts.ts'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import { accountId, normalizeScope } from '../../local-cloud/scopes.ts'
import { createTlsCredentials } from '../../local-cloud/tls.ts'
import { startProxy } from './proxy.ts'

/** A local cloud under the names that Azure and GitHub have: what knows no other hosts than theirs runs against it unchanged. */
export interface AzureNames {
  /** Address of a proxy that knows these names, and refuses every other one. */
  readonly proxy: string
  /** PEM of the authorities of these names and of the local cloud. */
  readonly caPem: string
  /** Names that were asked for, sorted, each once: those that it knows, and those that it refused. */
  asked(): { known: string[]; refused: string[] }
  close(): Promise<void>
}

/** @param others names beyond those that every cloud has, such as a gateway's, each with an address of the local cloud */
export async function showAsAzure(
  cloud: LocalCloud,
  others: Readonly<Record<string, string>> = {},
): Promise<AzureNames> {
  const addresses = new Map([...namesOf(cloud), ...Object.entries(others)])
  const certificate = await createTlsCredentials({ hostnames: [...addresses.keys()] })
  const dispatcher = new Agent({ connect: { ca: cloud.caPem } })
  const renamed = renaming(addresses)
  const server = createServer(certificate, (incoming, response) => {
    const address = addresses.get(incoming.headers.host ?? '')
    if (address === undefined) response.writeHead(421).end()
    else passOn({ incoming, response, address, dispatcher, renamed }).catch(() => response.destroy())
  })
  server.on('upgrade', (incoming: IncomingMessage, socket: Duplex) => {
    const address = addresses.get(incoming.headers.host ?? '')
    if (address === undefined) socket.destroy()
    else passHandshakeOn(incoming, socket, { address, ca: cloud.caPem })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const listening = server.address()
  if (listening === null || typeof listening === 'string') throw new Error('The server has no TCP port')
  const to = `127.0.0.1:${listening.port}`
  const proxy = await startProxy({
    conduct: target =>
      addresses.has(nameIn(target)) ? { kind: 'forward', to } : { kind: 'refuse', status: 403 },
  })
  return {
    proxy: proxy.url,
    caPem: `${certificate.ca}${cloud.caPem}`,
    asked() {
      const all = [...new Set(proxy.targets.map(nameIn))].toSorted()
      return {
        known: all.filter(name => addresses.has(name)),
        refused: all.filter(name => !addresses.has(name)),
      }
    },
    async close() {
      server.close()
      server.closeAllConnections()
      await Promise.all([proxy.close(), dispatcher.destroy()])
    },
  }
}

/** A target of CONNECT has a port. */
const nameIn = (target: string) => target.replace(/:443$/, '')

/** Addresses in the local cloud by host name, without a slash at the end. */
function namesOf({ endpoints, world }: LocalCloud): [string, string][] {
  const ofAccounts = world.accounts.flatMap(account =>
    Object.entries(endpoints.hosts.get(normalizeScope(accountId(account))) ?? {}).map(
      ([family, url]): [string, string] => [
        `${account.customSubDomainName}.${hostDomains[family as keyof typeof hostDomains]}`,
        url,
      ],
    ),
  )
  return [
    ['login.microsoftonline.com', endpoints.authorityHost],
    ['management.azure.com', endpoints.resourceManager],
    ['graph.microsoft.com', endpoints.graph],
    ['token.actions.githubusercontent.com', endpoints.github],
    ['api.github.com', endpoints.githubApi],
    ...world.accounts.map(({ location }): [string, string] => [
      `${location}.api.cognitive.microsoft.com`,
      endpoints.regional,
    ]),
    ...ofAccounts,
  ]
}

/** Puts the names instead of the local cloud's addresses, wherever a text has those. */
function renaming(addresses: ReadonlyMap<string, string>): (text: string) => string {
  const pairs = [...addresses].map(([name, address]) => [address.replace(/^https:\/\//, ''), name] as const)
  // The longest first: one may be the beginning of another.
  const ordered = pairs.toSorted(([one], [other]) => other.length - one.length)
  return text => ordered.reduce((so, [address, name]) => so.replaceAll(address, name), text)
}

interface Passage {
  incoming: IncomingMessage
  response: ServerResponse
  address: string
  dispatcher: Agent
  renamed: (text: string) => string
}

async function passOn({ incoming, response, address, dispatcher, renamed }: Passage): Promise<void> {
  const sent = await buffer(incoming)
  const reply = await request(`${address}${incoming.url}`, {
    dispatcher,
    method: incoming.method as 'GET',
    headers: endToEnd(incoming.headers),
    body: sent.length === 0 ? null : sent,
  })
  const received = Buffer.from(await reply.body.arrayBuffer())
  const isText = /json|text|xml/.test(String(reply.headers['content-type'] ?? ''))
  const headers = Object.entries(endToEnd(reply.headers)).map(([name, value]) => [
    name,
    Array.isArray(value) ? value : renamed(String(value)),
  ])
  response
    .writeHead(reply.statusCode, Object.fromEntries(headers))
    .end(isText ? renamed(received.toString('utf8')) : received)
}

/** A handshake of a WebSocket, and all that follows it. A refusal ends the connection. */
function passHandshakeOn(
  incoming: IncomingMessage,
  socket: Duplex,
  { address, ca }: { address: string; ca: string },
): void {
  const { method, url, headers } = incoming
  const { upgrade = '' } = headers
  const asked = requestOnce(`${address}${url}`, {
    ca,
    agent: false,
    method,
    headers: { ...endToEnd(headers), connection: 'Upgrade', upgrade },
  })
  const answer = (reply: IncomingMessage, changed: IncomingHttpHeaders) => {
    const lines = Object.entries({ ...reply.headers, ...changed }).map(([name, value]) => `${name}: ${value}`)
    socket.write([`HTTP/1.1 ${reply.statusCode} `, ...lines, '', ''].join('\r\n'))
  }
  asked.on('upgrade', (reply, upstream, head) => {
    answer(reply, {})
    socket.write(head)
    upstream.pipe(socket).pipe(upstream)
    socket.on('close', () => upstream.destroy())
    upstream.on('error', () => socket.destroy())
  })
  asked.on('response', async reply => {
    const body = await buffer(reply)
    answer(reply, { connection: 'close', 'content-length': String(body.length) })
    socket.end(body)
  })
  asked.on('error', () => socket.destroy())
  socket.on('error', () => asked.destroy())
  asked.end()
}

/** Without those that are about one connection (RFC 9110, 7.6.1), and without a length, which names change. */
function endToEnd(headers: IncomingHttpHeaders): IncomingHttpHeaders {
  const { host: _h, connection: _c, 'keep-alive': _k, 'transfer-encoding': _t, ...others } = headers
  const { 'content-length': _l, ...kept } = others
  return kept
}
