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
