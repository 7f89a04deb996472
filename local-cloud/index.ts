import type { Clock } from './clock.ts'
import type { Lag } from './context.ts'
import type { Fault } from './faults.ts'
import type { AccountHosts } from './hosts.ts'
import type { JournalEntry } from './journal.ts'
import {
  type LocalCloudOptions as AllOptions,
  type LocalCloud as RunningCloud,
  createLocalCloud as start,
} from './local-cloud.ts'
import { redacted } from './redaction.ts'
import type { Throttling } from './throttling.ts'
import type { Seed, World } from './world.ts'

/** The public interface. Everything else in this folder may change with every version. */

export type { AccountHosts, Clock, Fault, JournalEntry, Lag, Seed, Throttling, World }

export type LocalCloudOptions = Pick<
  AllOptions,
  | 'seed'
  | 'granted'
  | 'lag'
  | 'replicasBy'
  | 'provisioningMs'
  | 'throttling'
  | 'instanceDiscovery'
  | 'basePort'
  | 'clock'
>

/** Requests in the order in which they were answered. They contain tokens unchanged. */
export interface Requests extends ReadonlyArray<JournalEntry> {
  /** A copy without tokens, keys and assertions: `JSON.stringify` writes it. */
  toJSON(): JournalEntry[]
}

export interface LocalCloud extends AsyncDisposable {
  /** The environment of a job that uses this cloud: for `process.env` of programs. */
  readonly env: Readonly<Record<string, string>>
  /** Addresses of the services, without a slash at the end. */
  readonly endpoints: {
    /** Issuer of GitHub's OIDC tokens. */
    readonly github: string
    /** Entra ID. */
    readonly authorityHost: string
    readonly resourceManager: string
    /** By resource id of an account in lower case: the host that serves all its APIs. */
    readonly accounts: ReadonlyMap<string, string>
    /** Likewise: its host in every family, such as `openAI` for openai.azure.com. */
    readonly hosts: ReadonlyMap<string, AccountHosts>
    /** By resource id in lower case: the host of the app that runs there. It answers at `/probe`. */
    readonly apps: ReadonlyMap<string, string>
    /** By name of a gateway: its host and path. */
    readonly gateways: ReadonlyMap<string, string>
  }
  /** The authority that signed every certificate here: as PEM, and as a file, which `close` removes. */
  readonly ca: { readonly pem: string; readonly file: string }
  /** The time of every service. It runs by itself, and you can move it forward. */
  readonly clock: Pick<Clock, 'now' | 'advance'>
  readonly faults: {
    /** Replaces, delays or damages replies from now on. */
    add(fault: Fault): void
    /** Removes every fault. */
    clear(): void
  }
  /** Every request so far. */
  readonly requests: Requests
  /** Live state: read it, or change it like an administrator, at any time. `reset` replaces it. */
  readonly world: World
  /**
   * Goes back to the seed, or to another one with the same accounts and gateways, without requests and faults. The clock goes
   * on.
   * @throws Error that lists everything that is wrong with the seed
   */
  reset(seed?: Seed): void
  /** Frees the ports, closes every connection, and removes the files. */
  close(): Promise<void>
}

/**
 * Starts GitHub's OIDC issuer, Entra ID, Resource Manager and the Foundry data plane on 127.0.0.1.
 * @throws Error that lists everything that is wrong with the seed, or names the port that is in use
 */
export async function createLocalCloud(options: LocalCloudOptions = {}): Promise<LocalCloud> {
  const cloud = await start(options)
  const { github, authorityHost, resourceManager, accounts, hosts, apps, gateways } = cloud.endpoints
  return {
    get env() {
      return cloud.jobEnvironment()
    },
    endpoints: { github, authorityHost, resourceManager, accounts, hosts, apps, gateways },
    ca: { pem: cloud.caPem, file: cloud.caFile },
    clock: { now: () => cloud.clock.now(), advance: ms => cloud.clock.advance(ms) },
    faults: { add: fault => cloud.faults.add(fault), clear: () => cloud.faults.clear() },
    get requests() {
      return requestsOf(cloud)
    },
    get world() {
      return cloud.world
    },
    reset: seed => cloud.reset(seed),
    close: () => cloud.close(),
    [Symbol.asyncDispose]: () => cloud.close(),
  }
}

/** Not enumerable, so the list compares like any other. */
function requestsOf({ journal, secrets }: RunningCloud): Requests {
  const toJSON = () => journal.entries.map(entry => redacted(entry, secrets()))
  return Object.defineProperty(Object.assign([...journal.entries], { toJSON }), 'toJSON', {
    enumerable: false,
  })
}
