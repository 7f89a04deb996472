import type { HostFamily } from '../hosts.ts'
import type { Host } from './accounts.ts'

/**
 * What a family of hosts is known to refuse to tokens, although the role is there. A careful report has 401
 * PermissionDenied for `/openai/v1/responses` on cognitiveservices.azure.com, where openai.azure.com answered; keys are
 * not known to be refused, nor is anything else. What nobody knows is served.
 */
const refused: Readonly<Record<HostFamily, readonly string[]>> = {
  cognitiveServices: ['responses.create'],
  openAI: [],
  foundry: [],
}

export const isRefusedBy = (host: Host, operation: string): boolean =>
  host.kind === 'account' && refused[host.family].includes(operation)
