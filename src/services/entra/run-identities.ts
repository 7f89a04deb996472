import type { Cloud } from '../../azure/clouds.ts'
import type { Http } from '../../core/http/client.ts'
import type { Clock, Log, Mask } from '../../core/ports.ts'
import type { Assertions } from '../github/assertions.ts'
import { discoverOnce } from './discovery.ts'
import { createSession, type Session } from './session.ts'

export interface IdentitySettings {
  clientId: string
  tenantId: string
  /** The identity that looks and grants; undefined: the pipeline's own does. */
  setupClientId: string | undefined
  /** Audience that the OIDC token is asked for. */
  assertionAudience: string
}

/** Who the run signs in as, all by one OIDC token. */
export interface Identities {
  assertions: Assertions
  /** Calls the models: what the deploy will do, by the same identity. */
  pipeline: Session
  /** Looks and grants: the same session, unless the inputs name an identity of its own for that. */
  setup: Session
}

export function createIdentities(
  { clientId, tenantId, setupClientId = clientId }: IdentitySettings,
  cloud: Cloud,
  { assertions, ...tools }: { assertions: Assertions; http: Http; clock: Clock; log: Log; mask: Mask },
): Identities {
  const signingIn = { ...tools, http: discoverOnce(tools.http) }
  const sessionOf = (id: string) =>
    createSession({ clientId: id, tenantId, cloud, assertions, tools: signingIn })
  const pipeline = sessionOf(clientId)
  return { assertions, pipeline, setup: setupClientId === clientId ? pipeline : sessionOf(setupClientId) }
}
