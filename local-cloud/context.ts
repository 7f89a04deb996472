import type { Clock } from './clock.ts'
import type { AccountHosts } from './hosts.ts'
import type { ReplicasBy } from './replicas.ts'
import type { Throttling } from './throttling.ts'
import type { AccessTokens } from './tokens.ts'
import type { Account, World } from './world.ts'

/** Where the services listen; every URL is https, without a trailing slash. */
export interface Endpoints {
  github: string
  githubApi: string
  authorityHost: string
  resourceManager: string
  /** Microsoft Graph, below which `/v1.0` and `/beta` lie. */
  graph: string
  /** By account resource id in lower case: the account's own host, the one that serves all of its APIs. */
  accounts: ReadonlyMap<string, string>
  /** By account resource id in lower case: its host in every family. */
  hosts: ReadonlyMap<string, AccountHosts>
  /** By name: the host of each gateway, with its path. */
  gateways: ReadonlyMap<string, string>
  /** Where accounts without a custom subdomain live. */
  regional: string
  control: string
  /** By resource id in lower case: the host of the app that runs there. */
  apps: ReadonlyMap<string, string>
}

/** How long a change takes to be seen, in milliseconds. One number a replica. */
export interface Lag {
  /** Role assignments (made or removed) as the data plane sees them. */
  roleAssignments: readonly number[]
  /** Federated credentials as Entra sees them. */
  federatedCredentials: readonly number[]
  /** New deployments as the data plane sees them; Resource Manager lists them at once. */
  deployments: readonly number[]
  /** Key access, switched on or off, as the data plane sees it; Resource Manager shows it at once. */
  keyAccess: readonly number[]
}

/** What every service is given. The world is replaced as a whole by `reset`, hence the getter. */
export interface Context {
  readonly world: World
  readonly clock: Clock
  readonly endpoints: Endpoints
  readonly lag: Lag
  readonly replicasBy: ReplicasBy
  /** Absent: Resource Manager answers however many requests come. */
  readonly throttling?: Throttling
  /** Opens the hosts of an account that has a subdomain now and had none before. */
  openHosts(account: Account): Promise<void>
  /** How many milliseconds Resource Manager takes to make, change or remove what takes long in Azure. Absent: 0. */
  readonly provisioningMs?: number
  readonly tokens: AccessTokens
}
