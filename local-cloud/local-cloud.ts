import { randomBytes } from 'node:crypto'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import { Agent, request } from 'undici'
import { type Clock, createClock } from './clock.ts'
import type { Context, Endpoints, Lag } from './context.ts'
import { createControl } from './control.ts'
import { defaultWorld } from './default-world.ts'
import { createEntra } from './entra/index.ts'
import { type EnvironmentSource, jobEnvironment, runnerEnvironment } from './environment.ts'
import { createFaults, type Faults } from './faults.ts'
import { API_PATH, createGitHub, type JobTokens } from './github/index.ts'
import { createDataPlane } from './inference/index.ts'
import { issuedKeys } from './inference/keys.ts'
import { createJournal, type Journal } from './journal.ts'
import { createResourceManager } from './resource-manager/index.ts'
import { accountId, normalizeScope } from './scopes.ts'
import { openServer, type ServerOptions, type ServiceServer } from './server.ts'
import type { Throttling } from './throttling.ts'
import { createTlsCredentials, type TlsCredentials } from './tls.ts'
import { createAccessTokens } from './tokens.ts'
import { parseSeed, plantSeed, type Seed, type World } from './world.ts'

export interface LocalCloudOptions {
  /** Absent: the default world (default-world.ts). */
  seed?: Seed
  /** Absent: every change is seen at once. */
  lag?: Partial<Lag>
  /**
   * First of a run of consecutive ports, in this order: GitHub, Entra, Resource Manager, the regional data plane,
   * control, then the accounts that have a custom subdomain, as they stand in the seed. Absent: whatever is free.
   */
  basePort?: number
  /** Limits of Resource Manager (throttling.ts has those of Azure). Absent: it answers however many requests come. */
  throttling?: Throttling
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
  /** Back to the seed (or another one with the same accounts), an empty journal, no faults. The clock keeps going. */
  reset(seed?: Seed): void
  close(): Promise<void>
}

/**
 * Starts a local cloud.
 * @throws Error that lists everything that is wrong with the seed, or that names the port that is taken
 */
export async function createLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const { seed: firstSeed = defaultWorld, clock = createClock() } = options
  const accounts = hostedAccounts(parseSeed(firstSeed))
  const tls = await createTlsCredentials()
  const journal = createJournal()
  const faults = createFaults()
  const caFile = await writeCaFile(tls)
  const removeCaFile = () => rm(dirname(caFile), { recursive: true, force: true })
  const servers = await openServers(accounts, options.basePort, { tls, clock, faults, journal }).catch(
    async error => {
      await removeCaFile()
      throw error
    },
  )
  const endpoints = endpointsOf(servers)
  let world = plantSeed(firstSeed, endpoints.github)

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
    tokens: await createAccessTokens(clock),
    ...(options.throttling === undefined ? {} : { throttling: options.throttling }),
  }
  const jobTokens: JobTokens = { requestToken: randomToken(), apiToken: randomToken() }
  const controlToken = randomToken()
  const entraClient = new Agent({ connect: { ca: tls.ca } })

  /** What a service remembers by itself is state as well: every reset makes them anew. */
  function serveAll(): void {
    servers.github.serve(createGitHub(context, jobTokens))
    servers.entra.serve(createEntra(context, issuerKeys(endpoints.github, entraClient)))
    servers.resourceManager.serve(createResourceManager(context))
    servers.regional.serve(createDataPlane(context, { kind: 'regional' }))
    for (const [id, server] of servers.accounts) {
      server.serve(createDataPlane(context, { kind: 'account', accountId: id }))
    }
  }

  function reset(seed: unknown = firstSeed): void {
    const next = plantSeed(seed, endpoints.github)
    requireSameAccounts(accounts, hostedAccounts(next))
    world = next
    journal.clear()
    faults.clear()
    serveAll()
  }

  const environment = (): EnvironmentSource => ({ world, endpoints, jobTokens, controlToken, caFile })

  serveAll()
  const cloud = {
    endpoints,
    clock,
    journal,
    faults,
    get world() {
      return world
    },
    caPem: tls.ca,
    caFile,
    controlToken,
    runnerEnvironment: () => runnerEnvironment(environment()),
    jobEnvironment: () => jobEnvironment(environment()),
    secrets: () => [...Object.values(jobTokens), controlToken, ...world.accounts.flatMap(issuedKeys)],
    reset,
    async close() {
      await Promise.all([closeAll(servers), entraClient.destroy(), removeCaFile()])
    },
  }
  servers.control.serve(createControl(cloud, controlToken))
  return cloud
}

interface Servers {
  github: ServiceServer
  entra: ServiceServer
  resourceManager: ServiceServer
  regional: ServiceServer
  control: ServiceServer
  /** By account id in lower case. */
  accounts: Map<string, ServiceServer>
}

/** Ids, in lower case, of the accounts that have a host of their own. */
function hostedAccounts(world: World): string[] {
  return world.accounts
    .filter(({ customSubDomainName }) => customSubDomainName !== null)
    .map(account => normalizeScope(accountId(account)))
}

async function openServers(
  accounts: readonly string[],
  basePort: number | undefined,
  options: Omit<ServerOptions, 'port'>,
): Promise<Servers> {
  const opened: ServiceServer[] = []
  const open = async (others: Partial<ServerOptions> = {}) => {
    const port = basePort === undefined ? 0 : basePort + opened.length
    const server = await openServer({ ...options, ...others, port })
    opened.push(server)
    return server
  }
  try {
    const servers: Servers = {
      github: await open(),
      entra: await open(),
      resourceManager: await open(),
      regional: await open(),
      // Outside of the cloud that it controls: no fault locks it up, and the journal shows clients only.
      control: await open({ faults: createFaults(), journal: createJournal() }),
      accounts: new Map(),
    }
    for (const id of accounts) servers.accounts.set(id, await open())
    return servers
  } catch (error) {
    await Promise.all(opened.map(server => server.close()))
    throw error
  }
}

async function closeAll({ accounts, ...others }: Servers): Promise<void> {
  await Promise.all([...Object.values(others), ...accounts.values()].map(server => server.close()))
}

function endpointsOf(servers: Servers): Endpoints {
  return {
    github: servers.github.url,
    githubApi: `${servers.github.url}${API_PATH}`,
    authorityHost: servers.entra.url,
    resourceManager: servers.resourceManager.url,
    accounts: new Map([...servers.accounts].map(([id, { url }]) => [id, url])),
    regional: servers.regional.url,
    control: servers.control.url,
  }
}

function requireSameAccounts(running: readonly string[], wanted: readonly string[]): void {
  if (running.length === wanted.length && wanted.every(id => running.includes(id))) return
  throw new Error(
    `A running local cloud keeps the hosts of its accounts: it has ${running.join(', ') || 'none'}, ` +
      `the new seed ${wanted.join(', ') || 'none'}.`,
  )
}

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

const randomToken = () => randomBytes(24).toString('base64url')

async function writeCaFile({ ca }: TlsCredentials): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'key-less-gate-'))
  const file = join(directory, 'local-cloud-ca.pem')
  await writeFile(file, ca)
  return file
}
