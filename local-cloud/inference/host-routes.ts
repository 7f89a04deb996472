import type { HostFamily } from '../hosts.ts'
import type { Host } from './accounts.ts'

/**
 * Routes that a family of hosts refuses to tokens although the principal holds the role. A careful report has 401
 * PermissionDenied for `/openai/v1/responses` on cognitiveservices.azure.com, while openai.azure.com answered. No other refusal
 * is known, and none of keys, so everything else is served.
 */
const refused: Readonly<Record<HostFamily, readonly string[]>> = {
  cognitiveServices: ['responses.create'],
  openAI: [],
  foundry: [],
}

export const isRefusedBy = (host: Host, operation: string): boolean =>
  host.kind === 'account' && refused[host.family].includes(operation)
