import type { Cloud } from '../../azure/clouds.ts'
import type { ResourceId } from '../../azure/resource-id.ts'
import type { Http } from '../../core/http/client.ts'
import type { Clock, Log } from '../../core/ports.ts'
import type { Session } from '../entra/session.ts'
import type { ResourceManager } from './client.ts'

/** Resource Manager, asked as the identity of the session. Loads the official client, as a rule in memory by then: see while-waiting.ts. */
export async function openResourceManager(
  cloud: Cloud,
  { subscriptionId }: ResourceId,
  session: Session,
  tools: { http: Http; clock: Clock; log: Log },
): Promise<ResourceManager> {
  const { createResourceManager } = await import('./client.ts')
  const { audience } = cloud.resourceManager
  return createResourceManager({
    cloud,
    subscriptionId,
    accessToken: () => session.accessToken(audience),
    tools,
  })
}
