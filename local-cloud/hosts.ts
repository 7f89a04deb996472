import { accountId, normalizeScope } from './scopes.ts'
import type { ServiceServer } from './server.ts'
import type { Service } from './service.ts'
import type { Account } from './world.ts'

/**
 * The hosts of an account that has a subdomain: NAME followed by one of these domains. Here each is a port of
 * 127.0.0.1, an origin of its own like the real ones; names below `localhost` would need a resolver that knows them.
 */
export const hostDomains = {
  cognitiveServices: 'cognitiveservices.azure.com',
  openAI: 'openai.azure.com',
  foundry: 'services.ai.azure.com',
} as const

export type HostFamily = keyof typeof hostDomains

/**
 * Which an account has: first the one that its `properties.endpoint` names, last the one that serves all of its APIs.
 * Read from what `az cognitiveservices account show` prints of accounts of each kind.
 */
export const hostFamilies: Readonly<Record<Account['kind'], readonly [HostFamily, ...HostFamily[]]>> = {
  AIServices: ['cognitiveServices', 'openAI', 'foundry'],
  OpenAI: ['openAI'],
  CognitiveServices: ['cognitiveServices'],
  TextAnalytics: ['cognitiveServices'],
}

/** URLs without trailing slash. */
export type AccountHosts = Readonly<Partial<Record<HostFamily, string>>>

/** A host of one account alone. */
export interface AccountHost {
  /** In lower case. */
  accountId: string
  family: HostFamily
}

export const hostsOf = (account: Account): AccountHost[] =>
  hostFamilies[account.kind].map(family => ({ accountId: normalizeScope(accountId(account)), family }))

/**
 * The hosts that are open. An account that is deleted keeps its port: until the name is forgotten Azure answers there as
 * well, that no resource has the subdomain; one of the same id that is made later gets it back.
 */
export interface OpenHosts {
  /** By account: the host that serves all of its APIs. */
  readonly urls: ReadonlyMap<string, string>
  readonly urlsByFamily: ReadonlyMap<string, AccountHosts>
  /** Opens the hosts that an account needs and does not have yet. */
  openFor(account: Account): Promise<void>
  /** Puts a service on every host, and on those that are opened later. */
  serveAll(serviceOf: (host: AccountHost) => Service): void
  /** Closes what was opened at run time. */
  closeAdded(): void
  close(): Promise<void>
}

/**
 * Opens the hosts that a seed asks for, in its order.
 * @param open opens the next port
 */
export async function openHosts(
  seeded: readonly AccountHost[],
  open: () => Promise<ServiceServer>,
): Promise<OpenHosts> {
  const urls = new Map<string, string>()
  const urlsByFamily = new Map<string, AccountHosts>()
  let entries: Array<{ host: AccountHost; server: ServiceServer; isAdded: boolean }> = []
  let serviceOf: ((host: AccountHost) => Service) | undefined
  let closing: Promise<void> = Promise.resolve()

  async function add(host: AccountHost, isAdded: boolean): Promise<void> {
    const server = await open()
    entries.push({ host, server, isAdded })
    if (serviceOf) server.serve(serviceOf(host))
    tell()
  }

  /** The last family of an account is the one that serves everything. */
  function tell(): void {
    urls.clear()
    urlsByFamily.clear()
    for (const { host, server } of entries) {
      const { accountId: id, family } = host
      urls.set(id, server.url)
      urlsByFamily.set(id, { ...urlsByFamily.get(id), [family]: server.url })
    }
  }

  async function closeEntries(gone: typeof entries): Promise<void> {
    entries = entries.filter(entry => !gone.includes(entry))
    tell()
    await Promise.all(gone.map(({ server }) => server.close()))
  }

  for (const host of seeded) await add(host, false)
  return {
    urls,
    urlsByFamily,
    async openFor(account) {
      const open = entries.map(({ host }) => host)
      const lacking = hostsOf(account).filter(
        wanted =>
          !open.some(({ accountId: id, family }) => id === wanted.accountId && family === wanted.family),
      )
      for (const host of lacking) await add(host, true)
    },
    serveAll(next) {
      serviceOf = next
      for (const { host, server } of entries) server.serve(next(host))
    },
    closeAdded() {
      const earlier = closing
      const later = closeEntries(entries.filter(({ isAdded }) => isAdded))
      closing = Promise.all([earlier, later]).then(() => undefined)
    },
    close: () => Promise.all([closing, closeEntries(entries)]).then(() => undefined),
  }
}
