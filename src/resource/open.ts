import type { Cloud } from '../clouds.ts'
import type { Http } from '../http.ts'
import type { Session } from '../identity/session.ts'
import type { Clock, Log } from '../tools.ts'
import type { ResourceId } from './resource-id.ts'
import type { ResourceManager } from './resource-manager.ts'

/** Resource Manager, asked as the identity of the session. Loads the official client, as a rule in memory by then: see load-while-waiting.ts. */
export async function openResourceManager(
  cloud: Cloud,
  { subscriptionId }: ResourceId,
  session: Session,
  tools: { http: Http; clock: Clock; log: Log },
): Promise<ResourceManager> {
  const { createResourceManager } = await import('./resource-manager.ts')
  const { audience } = cloud.resourceManager
  return createResourceManager({
    cloud,
    subscriptionId,
    accessToken: () => session.accessToken(audience),
    tools,
  })
}
