import type { Endpoints } from './context.ts'
import { type DiscoveryProxy, openDiscoveryProxy } from './discovery-proxy.ts'
import { createFaults } from './faults.ts'
import { API_PATH } from './github/index.ts'
import { type AccountHost, hostDomains, hostsOf, type OpenHosts, openHosts } from './hosts.ts'
import { createJournal } from './journal.ts'
import { normalizeScope } from './scopes.ts'
import { openServer, type ServerOptions, type ServiceServer } from './server.ts'
import type { World } from './world.ts'

/** The ports of a local cloud. */
interface Servers {
  github: ServiceServer
  entra: ServiceServer
  resourceManager: ServiceServer
  graph: ServiceServer
  regional: ServiceServer
  control: ServiceServer
  managedIdentity: ServiceServer
  accounts: OpenHosts
  /** By resource id in lower case. */
  apps: ReadonlyMap<string, ServiceServer>
  /** By name. */
  gateways: ReadonlyMap<string, ServiceServer>
  /** Of instance discovery. */
  proxy: DiscoveryProxy | undefined
}

/** The hosts that a world asks for beside those of the services. They are the same as long as a cloud runs. */
interface HostsWanted {
  accounts: readonly AccountHost[]
  /** Resource ids, in lower case. */
  apps: readonly string[]
  /** Names. */
  gateways: readonly string[]
}

export const hostsWanted = ({ accounts, resources, gateways }: World): HostsWanted => ({
  accounts: accounts.filter(({ customSubDomainName }) => customSubDomainName !== null).flatMap(hostsOf),
  apps: resources.filter(({ app }) => app !== undefined).map(({ id }) => normalizeScope(id)),
  gateways: gateways.map(({ name }) => name),
})

/**
 * Opens every port, in the order of `LocalCloudOptions.basePort`.
 * @throws Error that names the port that is taken, or says that there are too few
 */
export async function openServers(
  wanted: HostsWanted,
  options: Omit<ServerOptions, 'port'>,
  { basePort, instanceDiscovery }: { basePort: number | undefined; instanceDiscovery: boolean },
): Promise<Servers> {
  const opened: Array<{ close(): Promise<void> }> = []
  const nextPort = () => (basePort === undefined ? 0 : basePort + opened.length)
  const open = async (others: Partial<ServerOptions> = {}) => {
    if (nextPort() > 65_535)
      throw new Error(`There are too few ports from ${basePort} on: the last one is 65535. Take a lower one.`)
    const server = await openServer({ ...options, ...others, port: nextPort() })
    opened.push(server)
    return server
  }
  try {
    const servers = {
      github: await open(),
      entra: await open(),
      resourceManager: await open(),
      regional: await open(),
      // Outside of the cloud that it controls: no fault locks it up, and the journal shows clients only.
      control: await open({ faults: createFaults(), journal: createJournal() }),
    }
    const ofAccounts = await openHosts(wanted.accounts, open)
    const managedIdentity = await open({ tls: undefined })
    const graph = await open()
    const apps = new Map<string, ServiceServer>()
    for (const id of wanted.apps) apps.set(id, await open())
    const gateways = new Map<string, ServiceServer>()
    for (const name of wanted.gateways) gateways.set(name, await open())
    const proxy = instanceDiscovery ? await openDiscoveryProxy(servers.entra.url, nextPort()) : undefined
    if (proxy !== undefined) opened.push(proxy)
    return { ...servers, accounts: ofAccounts, managedIdentity, graph, apps, gateways, proxy }
  } catch (error) {
    await Promise.all(opened.map(server => server.close()))
    throw error
  }
}

export async function closeAll({ accounts, apps, gateways, proxy, ...others }: Servers): Promise<void> {
  const servers = [...apps.values(), ...gateways.values(), ...Object.values(others)]
  await Promise.all([accounts.close(), proxy?.close(), ...servers.map(server => server.close())])
}

export function endpointsOf(servers: Servers, { gateways }: World): Endpoints {
  return {
    github: servers.github.url,
    githubApi: `${servers.github.url}${API_PATH}`,
    authorityHost: servers.entra.url,
    resourceManager: servers.resourceManager.url,
    graph: servers.graph.url,
    accounts: servers.accounts.urls,
    hosts: servers.accounts.urlsByFamily,
    gateways: new Map(gateways.map(({ name, path }) => [name, `${servers.gateways.get(name)?.url}${path}`])),
    regional: servers.regional.url,
    control: servers.control.url,
    apps: new Map([...servers.apps].map(([id, { url }]) => [id, url])),
  }
}

/** @throws Error if a world asks for other hosts than those that are open */
export function requireSameHosts(open: HostsWanted, wanted: HostsWanted): void {
  requireSame('accounts', open.accounts.map(nameOfHost), wanted.accounts.map(nameOfHost))
  requireSame('apps', open.apps, wanted.apps)
  requireSame('gateways', open.gateways, wanted.gateways)
}

function requireSame(of: string, running: readonly string[], wanted: readonly string[]): void {
  const present = running.toSorted().join(', ')
  const given = wanted.toSorted().join(', ')
  if (present === given) return
  throw new Error(
    `A running local cloud keeps the hosts of its ${of}: it has ${present || 'none'}, the new seed ${given || 'none'}.`,
  )
}

const nameOfHost = ({ accountId, family }: AccountHost) => `${accountId} (${hostDomains[family]})`
