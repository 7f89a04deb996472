import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import { createServer } from 'node:http'
import { join } from 'node:path'
import type { LocalCloud } from '../local-cloud/local-cloud.ts'
import { execute, mustRun, type Outcome } from './programs.ts'

/** The az command line with a separate configuration that knows only the local cloud. */
export interface Az {
  run(...args: readonly string[]): Promise<Outcome>
  /**
   * Runs a command and returns the JSON that it prints.
   * @throws Error with az's own message, if az fails
   */
  json(...args: readonly string[]): Promise<unknown>
  /** A command as a person would paste it into a shell. */
  shell(command: string): Promise<Outcome>
}

/**
 * @param folder an empty folder: az keeps its configuration, tokens and logs there; the caller removes it
 * @param proxy gets the requests to hosts outside the local cloud
 */
export function createAz(
  cloud: LocalCloud,
  folder: string,
  proxy: string,
  others: NodeJS.ProcessEnv = {},
): Az {
  mkdirSync(folder)
  const env = { ...azEnvironment(cloud, folder, proxy), ...others }
  return {
    run: (...args) => execute('az', args, env),
    json: async (...args) => JSON.parse(await mustRun('az', [...args, '--output', 'json'], env)),
    shell: command => execute('sh', ['-c', command], env),
  }
}

function azEnvironment({ caFile }: LocalCloud, folder: string, proxy: string): NodeJS.ProcessEnv {
  return {
    PATH: process.env.PATH,
    HOME: folder,
    AZURE_CONFIG_DIR: join(folder, 'azure'),
    REQUESTS_CA_BUNDLE: caFile,
    // Otherwise az asks login.microsoftonline.com whether the authority can be trusted.
    AZURE_CORE_INSTANCE_DISCOVERY: 'false',
    AZURE_CORE_COLLECT_TELEMETRY: 'false',
    AZURE_CORE_NO_COLOR: 'true',
    HTTPS_PROXY: proxy,
    HTTP_PROXY: proxy,
    NO_PROXY: '127.0.0.1',
  }
}

/** With an empty configuration, az checks once for updates. No setting turns that off. */
const VERSION_CHECK = 'azcliprod.blob.core.windows.net:443'

/** A proxy that catches every request that would leave this machine. It forwards nothing and records each one. */
export interface Fence {
  url: string
  /** In order of arrival: `host:port`, or the URL of a request without TLS. Without az's check for updates. */
  caught: string[]
  close(): void
}

export async function createFence(): Promise<Fence> {
  const caught: string[] = []
  const server = createServer((request, response) => {
    caught.push(request.url ?? '')
    response.writeHead(403).end()
  })
  server.on('connect', ({ url = '' }, socket) => {
    if (url !== VERSION_CHECK) caught.push(url)
    socket.end('HTTP/1.1 403 Forbidden\r\n\r\n')
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The fence has no TCP port')
  return { url: `http://127.0.0.1:${address.port}`, caught, close: () => server.close() }
}
