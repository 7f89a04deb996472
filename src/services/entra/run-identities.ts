import type { Cloud } from '../../azure/clouds.ts'
import type { Http } from '../../core/http/client.ts'
import type { Clock, Log, Mask } from '../../core/ports.ts'
import type { Assertions } from '../github/assertions.ts'
import { discoverOnce } from './discovery.ts'
import { createSession, type Session } from './session.ts'

export interface IdentitySettings {
  clientId: string
  tenantId: string
  /** The identity that reads roles and grants; undefined: the pipeline's own does. */
  setupClientId: string | undefined
  /** Audience of the OIDC token. */
  assertionAudience: string
}

/** The identities that the run signs in as, all with one OIDC token. */
export interface Identities {
  assertions: Assertions
  /** Calls the models: the same identity that the deploy uses. */
  pipeline: Session
  /** Reads roles and grants: the same session, unless the inputs name a separate identity for that. */
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
