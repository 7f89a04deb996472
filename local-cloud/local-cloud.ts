import { randomBytes } from 'node:crypto'
import { Agent } from 'undici'
import { createApp } from './app/index.ts'
import { extraAuthorities, trustedAuthorities } from './authorities.ts'
import { type Clock, createClock, notifyingClock } from './clock.ts'
import type { Context, Endpoints, Lag } from './context.ts'
import { createControl } from './control.ts'
import { defaultWorld } from './default-world.ts'
import { DISCOVERY_HOST } from './discovery-proxy.ts'
import { createEntra } from './entra/index.ts'
import { APP_SERVICE_PATH, createManagedIdentityEndpoint } from './entra/managed-identity.ts'
import { type EnvironmentSource, jobEnvironment, runnerEnvironment } from './environment.ts'
import { createFaults, type Faults } from './faults.ts'
import { createGateway } from './gateway/index.ts'
import { idTokenSigner } from './github/id-token.ts'
import { createGitHub, type JobTokens } from './github/index.ts'
import { grantPipeline } from './granted.ts'
import { createGraph } from './graph/index.ts'
import { createDataPlane } from './inference/index.ts'
import { issuedKeys } from './inference/keys.ts'
import { createJobFiles } from './job-files.ts'
import { createJournal, type Journal } from './journal.ts'
import { issuerKeys, sender } from './own-client.ts'
import { endAssignments } from './rbac.ts'
import type { ReplicasBy } from './replicas.ts'
import { createResourceManager } from './resource-manager/index.ts'
import { normalizeScope } from './scopes.ts'
import { parseSeed } from './seed.ts'
import type { ServiceServer } from './server.ts'
import { closeAll, endpointsOf, hostsWanted, openServers, requireSameHosts } from './servers.ts'
import type { Route, Service } from './service.ts'
import type { Throttling } from './throttling.ts'
import { createTlsCredentials } from './tls.ts'
import { keepTokenFile } from './token-file.ts'
import { createAccessTokens } from './tokens.ts'
import type { Seed, World } from './world.ts'

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
  const wanted = hostsWanted(world)
  const clock = notifyingClock(options.clock ?? createClock(), () => {
    tokenFile.renew()
    attendApps()
  })
  const tls = await createTlsCredentials(instanceDiscovery ? { others: [DISCOVERY_HOST] } : {})
  const journal = createJournal()
  const faults = createFaults()
  const { basePort } = options
  const servers = await openServers(wanted, { tls, clock, faults, journal }, { basePort, instanceDiscovery })
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
    server.serve({ ...service, routes: service.routes.map(findingNothingEnded) })
  }

  /** Assignments that have ended leave the world before a request is answered: to look at each one whenever the world is read takes seconds in a large one. */
  const findingNothingEnded = (route: Route): Route => ({
    ...route,
    handle(request, params) {
      endAssignments(world, clock.now())
      return route.handle(request, params)
    },
  })

  function reset(seed: unknown = firstSeed): void {
    const next = plant(seed)
    requireSameHosts(wanted, hostsWanted(next))
    world = next
    journal.clear()
    faults.clear()
    hosts.closeAdded()
    serveAll()
    attendApps()
    tokenFile.renew()
  }

  /** Closes the port of every app whose time to listen has not come, and opens the others. */
  async function attendApps(): Promise<void> {
    const isListening = (id: string) => {
      const { listensOn } = world.resources.find(resource => normalizeScope(resource.id) === id)?.app ?? {}
      return listensOn === undefined || Date.parse(listensOn) <= clock.now()
    }
    await Promise.all([...servers.apps].map(([id, server]) => server.listen(isListening(id))))
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
  const tokenFile = keepTokenFile({
    clock,
    issuer: endpoints.github,
    sign,
    workflow: () => world.workflow,
    write: files.writeToken,
  })
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
      tokenFile.stop()
      clearInterval(attendance)
      files.remove()
      await Promise.all([closeAll(servers), ownClient.destroy()])
    },
  }
  servers.control.serve(createControl(cloud, controlToken))
  return cloud
}

/** How late an app may begin to listen if nobody moves the clock, in milliseconds. */
const APPS_ATTENDED_MS = 500

const randomToken = () => randomBytes(24).toString('base64url')
