import { randomBytes } from 'node:crypto'
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import { Agent, request } from 'undici'
import { createApp } from './app/index.ts'
import { extraAuthorities, trustedAuthorities } from './authorities.ts'
import { type Clock, createClock } from './clock.ts'
import type { Context, Endpoints, Lag } from './context.ts'
import { createControl } from './control.ts'
import { defaultWorld } from './default-world.ts'
import { DISCOVERY_HOST, type DiscoveryProxy, openDiscoveryProxy } from './discovery-proxy.ts'
import { createEntra } from './entra/index.ts'
import { APP_SERVICE_PATH, createManagedIdentityEndpoint } from './entra/managed-identity.ts'
import { type EnvironmentSource, jobEnvironment, runnerEnvironment } from './environment.ts'
import { createFaults, type Faults } from './faults.ts'
import { createGateway, type Send } from './gateway/index.ts'
import { idTokenSigner } from './github/id-token.ts'
import { API_PATH, createGitHub, type JobTokens } from './github/index.ts'
import { grantPipeline } from './granted.ts'
import { createGraph } from './graph/index.ts'
import { type AccountHost, hostDomains, hostsOf, type OpenHosts, openHosts } from './hosts.ts'
import { createDataPlane } from './inference/index.ts'
import { issuedKeys } from './inference/keys.ts'
import { createJobFiles } from './job-files.ts'
import { createJournal, type Journal } from './journal.ts'
import type { ReplicasBy } from './replicas.ts'
import { createResourceManager } from './resource-manager/index.ts'
import { normalizeScope } from './scopes.ts'
import { openServer, type ServerOptions, type ServiceServer } from './server.ts'
import type { Service } from './service.ts'
import type { Throttling } from './throttling.ts'
import { createTlsCredentials } from './tls.ts'
import { createAccessTokens } from './tokens.ts'
import { parseSeed, type Seed, type World } from './world.ts'

export interface LocalCloudOptions {
  /** Absent: the default world (default-world.ts). */
  seed?: Seed
  /** Absent: every change is seen at once. */
  lag?: Partial<Lag>
  /** What a replica is chosen for, where a lag has several. Absent: every request. */
  replicasBy?: ReplicasBy
  /**
   * First of a run of consecutive ports, in this order: GitHub, Entra, Resource Manager, the regional data plane,
   * control, then the accounts that have a custom subdomain, as they stand in the seed, each with one port for every
   * family of hosts that its kind has (hosts.ts), then the managed identity's endpoint and Microsoft Graph, then the
   * resources that have an app, the gateways, and the proxy of `instanceDiscovery`. Absent: whatever is free.
   */
  basePort?: number
  /** The pipeline may call the models of the first account from the start. Default false. */
  granted?: boolean
  /**
   * How long Resource Manager takes to make an account, a project or a deployment, to give an account a subdomain, and to
   * delete, in milliseconds of the cloud's clock. Default 0: anyone who polls finds it done.
   */
  provisioningMs?: number
  /** Limits of Resource Manager (throttling.ts has those of Azure). Absent: it answers however many requests come. */
  throttling?: Throttling
  /**
   * Answers the SDKs that ask login.microsoftonline.com whether they may trust an authority: by a proxy, whose address is HTTPS_PROXY
   * in the environment of a job (discovery-proxy.ts). Default false.
   */
  instanceDiscovery?: boolean
  clock?: Clock
}

/** A running local cloud: four services and a control endpoint behind TLS on 127.0.0.1. `index.ts` is what others see of it. */
export interface LocalCloud {
  readonly endpoints: Endpoints
  readonly clock: Clock
  readonly journal: Journal
  readonly faults: Faults
  /** Live state: read it, or change it as an administrator would, at any time. */
  readonly world: World
  /** PEM of the authority that signed every certificate here; clients trust it by NODE_EXTRA_CA_CERTS, REQUESTS_CA_BUNDLE or SSL_CERT_FILE. */
  readonly caPem: string
  /** Path of a file that holds caPem; removed by close(). */
  readonly caFile: string
  /** Bearer token of the control endpoint, made anew for every local cloud. */
  readonly controlToken: string
  /** What GitHub's runner gives to a job with `id-token: write`, plus the variables that describe the run (GITHUB_*). */
  runnerEnvironment(): Record<string, string>
  /** The same, and what programs need to use the cloud. */
  jobEnvironment(): Record<string, string>
  /** Every token and key given out that is the same for all requests; signed tokens are told by their form. */
  secrets(): readonly string[]
  /** Back to the seed (or another one with the same accounts and gateways), an empty journal, no faults. The clock keeps going. */
  reset(seed?: Seed): void
  close(): Promise<void>
}

/**
 * Starts a local cloud.
 * @throws Error that lists everything that is wrong with the seed, or that names the port or the variable that is taken
 */
export async function createLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const { seed: firstSeed = defaultWorld, granted = false, instanceDiscovery = false } = options
  if (instanceDiscovery && process.env.HTTPS_PROXY !== undefined)
    throw new Error('Instance discovery needs HTTPS_PROXY for itself, and it names another proxy.')
  const plant = (seed: unknown) => (granted ? grantPipeline(parseSeed(seed)) : parseSeed(seed))
  let world = plant(firstSeed)
  const accounts = hostedAccounts(world)
  const clock = notifyingClock(options.clock ?? createClock(), () => {
    renewToken()
    attendApps()
  })
  const tls = await createTlsCredentials(instanceDiscovery ? { others: [DISCOVERY_HOST] } : {})
  const journal = createJournal()
  const faults = createFaults()
  const apps = resourcesWithApps(world)
  const gateways = gatewayNames(world)
  const wanted = { accounts, apps, gateways, hasProxy: instanceDiscovery }
  const servers = await openServers(wanted, options.basePort, { tls, clock, faults, journal })
  const hosts = servers.accounts
  const endpoints = endpointsOf(servers, world)

  const context: Context = {
    get world() {
      return world
    },
    clock,
    endpoints,
    lag: {
      roleAssignments: [0],
      federatedCredentials: [0],
      deployments: [0],
      keyAccess: [0],
      ...options.lag,
    },
    replicasBy: options.replicasBy ?? 'request',
    openHosts: account => hosts.openFor(account),
    provisioningMs: options.provisioningMs ?? 0,
    tokens: await createAccessTokens(clock),
    ...(options.throttling === undefined ? {} : { throttling: options.throttling }),
  }
  const jobTokens: JobTokens = { requestToken: randomToken(), apiToken: randomToken() }
  const controlToken = randomToken()
  const identityHeader = randomToken()
  const { env } = process
  const files = createJobFiles({
    own: tls.ca,
    extra: extraAuthorities(env),
    trusted: trustedAuthorities(env),
  })
  const { sign } = await idTokenSigner()
  /** Names of every route. */
  const operations = new Set<string>()
  const ownClient = new Agent({ connect: { ca: tls.ca } })

  /** What a service remembers by itself is state as well: every reset makes them anew. */
  function serveAll(): void {
    serve(servers.github, createGitHub(context, jobTokens))
    serve(servers.entra, createEntra(context, issuerKeys(endpoints.github, ownClient)))
    serve(servers.resourceManager, createResourceManager(context))
    serve(servers.managedIdentity, createManagedIdentityEndpoint(context, identityHeader))
    serve(servers.graph, createGraph(context))
    const dataPlane = createDataPlane(context)
    serve(servers.regional, dataPlane({ kind: 'regional' }))
    hosts.serveAll(host => dataPlane({ kind: 'account', ...host }))
    const identity = { url: `${servers.managedIdentity.url}${APP_SERVICE_PATH}`, header: identityHeader }
    for (const [resourceId, server] of servers.apps)
      serve(server, createApp(context, resourceId, { identity, dispatcher: ownClient }))
    for (const [name, server] of servers.gateways)
      serve(server, createGateway(context, name, sender(ownClient)))
  }

  function serve(server: ServiceServer, service: Service): void {
    for (const { operation } of service.routes) operations.add(operation)
    server.serve(service)
  }

  function reset(seed: unknown = firstSeed): void {
    const next = plant(seed)
    requireSameHosts('accounts', accounts.map(nameOfHost), hostedAccounts(next).map(nameOfHost))
    requireSameHosts('apps', apps, resourcesWithApps(next))
    requireSameHosts('gateways', gateways, gatewayNames(next))
    world = next
    journal.clear()
    faults.clear()
    hosts.closeAdded()
    serveAll()
    attendApps()
    renewToken()
  }

  /** Closes the port of every app whose time to listen has not come, and opens the others. */
  async function attendApps(): Promise<void> {
    const isListening = (id: string) => {
      const { listensOn } = world.resources.find(resource => normalizeScope(resource.id) === id)?.app ?? {}
      return listensOn === undefined || Date.parse(listensOn) <= clock.now()
    }
    await Promise.all([...servers.apps].map(([id, server]) => server.listen(isListening(id))))
  }

  /** Of the token in the file. */
  let signed = { workflow: '', at: 0 }

  /** Signing, and a file that is there at once, cost milliseconds, and a driven clock moves a hundred times in a test. */
  function renewToken(): void {
    const now = clock.now()
    const workflow = JSON.stringify(world.workflow)
    if (signed.workflow === workflow && now - signed.at < TOKEN_FILE_FRESH_MS) return
    signed = { workflow, at: now }
    const audience = FEDERATION_AUDIENCE
    const options = { issuer: endpoints.github, audience, now, lifetimeSeconds: TOKEN_FILE_LIFETIME }
    files.writeToken(sign(world.workflow, options))
  }

  const environment = (): EnvironmentSource => ({
    world,
    endpoints,
    jobTokens,
    controlToken,
    files,
    managedIdentity: { url: servers.managedIdentity.url, header: identityHeader },
    ...(servers.proxy && { proxy: servers.proxy.url }),
  })

  serveAll()
  await attendApps()
  renewToken()
  const renewal = setInterval(renewToken, TOKEN_FILE_RENEWAL_MS).unref()
  const attendance = setInterval(attendApps, APPS_ATTENDED_MS).unref()
  const cloud = {
    endpoints,
    clock,
    journal,
    faults,
    get world() {
      return world
    },
    caPem: tls.ca,
    caFile: files.ca,
    controlToken,
    runnerEnvironment: () => runnerEnvironment(environment()),
    jobEnvironment: () => jobEnvironment(environment()),
    secrets: () => [
      ...Object.values(jobTokens),
      controlToken,
      identityHeader,
      ...world.accounts.flatMap(issuedKeys),
      ...world.gateways.flatMap(({ subscriptionKey }) => subscriptionKey ?? []),
      ...world.resources.flatMap(({ app }) => app?.key ?? []),
    ],
    operations,
    reset,
    async close() {
      clearInterval(renewal)
      clearInterval(attendance)
      files.remove()
      await Promise.all([closeAll(servers), ownClient.destroy()])
    },
  }
  servers.control.serve(createControl(cloud, controlToken))
  return cloud
}

/** Audience of the assertions that Entra takes in AzureCloud. */
const FEDERATION_AUDIENCE = 'api://AzureADTokenExchange'

/**
 * The token of the file lives as long as the one that a pod gets, in seconds, for SDKs remember it for up to ten minutes; what the
 * issuer gives a job lives five.
 */
const TOKEN_FILE_LIFETIME = 3600
/** A token of that age serves anyone who remembers it for as long again. */
const TOKEN_FILE_FRESH_MS = 600_000
/** How long a change of the world's workflow takes to reach the file. */
const TOKEN_FILE_RENEWAL_MS = 10_000
/** How late an app may begin to listen, where nobody moves the clock. */
const APPS_ATTENDED_MS = 500

/** The same time, and somebody who is told when it was moved on. */
function notifyingClock(clock: Clock, advanced: () => void): Clock {
  return {
    now: () => clock.now(),
    advance(ms) {
      clock.advance(ms)
      advanced()
    },
    sleep: (ms, signal) => clock.sleep(ms, signal),
    get sleeping() {
      return clock.sleeping
    },
  }
}

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

const hostedAccounts = (world: World): AccountHost[] =>
  world.accounts.filter(({ customSubDomainName }) => customSubDomainName !== null).flatMap(hostsOf)

/** Resource ids, in lower case. */
const resourcesWithApps = ({ resources }: World): string[] =>
  resources.filter(({ app }) => app !== undefined).map(({ id }) => normalizeScope(id))

const gatewayNames = ({ gateways }: World): string[] => gateways.map(({ name }) => name)

async function openServers(
  wanted: {
    accounts: readonly AccountHost[]
    apps: readonly string[]
    gateways: readonly string[]
    hasProxy: boolean
  },
  basePort: number | undefined,
  options: Omit<ServerOptions, 'port'>,
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
    const proxy = wanted.hasProxy ? await openDiscoveryProxy(servers.entra.url, nextPort()) : undefined
    if (proxy !== undefined) opened.push(proxy)
    return { ...servers, accounts: ofAccounts, managedIdentity, graph, apps, gateways, proxy }
  } catch (error) {
    await Promise.all(opened.map(server => server.close()))
    throw error
  }
}

async function closeAll({ accounts, apps, gateways, proxy, ...others }: Servers): Promise<void> {
  const servers = [...apps.values(), ...gateways.values(), ...Object.values(others)]
  await Promise.all([accounts.close(), proxy?.close(), ...servers.map(server => server.close())])
}

function endpointsOf(servers: Servers, { gateways }: World): Endpoints {
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

function requireSameHosts(of: string, running: readonly string[], wanted: readonly string[]): void {
  const present = running.toSorted().join(', ')
  const given = wanted.toSorted().join(', ')
  if (present === given) return
  throw new Error(
    `A running local cloud keeps the hosts of its ${of}: it has ${present || 'none'}, the new seed ${given || 'none'}.`,
  )
}

const nameOfHost = ({ accountId, family }: AccountHost) => `${accountId} (${hostDomains[family]})`

/**
 * The keys of the local GitHub, fetched over the network and then remembered, as Entra does: a fault that hits
 * GitHub's `oidc.keys` makes it answer AADSTS50166.
 */
function issuerKeys(github: string, dispatcher: Agent): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(`${github}/.well-known/jwks`), {
    async [customFetch](url, { signal }) {
      const { statusCode, body } = await request(url, { dispatcher, signal })
      return new Response(await body.text(), { status: statusCode })
    },
  })
}

/** Over the wire, as a gateway and what stands behind it are apart: each hop is in the journal. */
const sender =
  (dispatcher: Agent): Send =>
  async (url, { body, ...outgoing }) => {
    const reply = await request(url, { dispatcher, ...outgoing, body: body === '' ? null : body })
    const flat = Object.entries(reply.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    )
    const received = Buffer.from(await reply.body.arrayBuffer())
    return { status: reply.statusCode, headers: Object.fromEntries(flat), body: received }
  }

const randomToken = () => randomBytes(24).toString('base64url')
