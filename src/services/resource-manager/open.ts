import type { Cloud } from '../../azure/clouds.ts'
import type { Http } from '../../core/http/client.ts'
import type { Clock, Log } from '../../core/ports.ts'
import type { ResourceManager } from './client.ts'

interface Options {
  cloud: Cloud
  subscriptionId: string
  /** A bearer token for Resource Manager's audience: of who asks. With the claims that it asked for, where it did. */
  accessToken: (claims?: string) => Promise<string>
}

/** Loads the official client, as a rule in memory by then: see core/http/warm-up.ts. */
export async function openResourceManager(
  options: Options,
  tools: { http: Http; clock: Clock; log: Log },
): Promise<ResourceManager> {
  const { createResourceManager } = await import('./client.ts')
  return createResourceManager({ ...options, tools })
}
