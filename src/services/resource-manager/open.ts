import type { Cloud } from '../../azure/clouds.ts'
import type { Http } from '../../core/http/client.ts'
import type { Clock, Log } from '../../core/ports.ts'
import type { ResourceManager } from './client.ts'

interface Options {
  cloud: Cloud
  subscriptionId: string
  /**
   * A bearer token for Resource Manager's audience, of the identity that asks; with the claims that Resource Manager asked for,
   * if any.
   */
  accessToken: (claims?: string) => Promise<string>
}

/** Loads the official client, which is usually in memory by then: see step/rehearsal.ts. */
export async function openResourceManager(
  options: Options,
  tools: { http: Http; clock: Clock; log: Log },
): Promise<ResourceManager> {
  const { createResourceManager } = await import('./client.ts')
  return createResourceManager({ ...options, tools })
}
