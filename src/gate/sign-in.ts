import { servicePrincipal } from '../azure/rbac/principal.ts'
import { ownRefusal, StepFailure } from '../core/failures/failure.ts'
import type { Http, Preconnect } from '../core/http/client.ts'
import type { Clock, Log } from '../core/ports.ts'
import { assertionLines } from '../report/lines.ts'
import type { AccessTokenClaims } from '../services/entra/access-token-claims.ts'
import type { Identities } from '../services/entra/identities.ts'
import { likelyAudiences } from '../services/inference/select-deployments.ts'
import type { ResourceContext } from '../services/resource-manager/client.ts'
import { openResourceManager } from '../services/resource-manager/open.ts'
import type { Facts } from './record.ts'
import type { Settings } from './settings.ts'

/**
 * One OIDC token, exchanged for access tokens side by side. The principals are read from the tokens.
 * @returns undefined where only an endpoint was given: Resource Manager is not asked.
 * @throws StepFailure
 */
export async function signIn(
  settings: Settings,
  { assertions, pipeline, setup }: Identities,
  { log, http, clock }: { log: Log; http: Http; clock: Clock },
  facts: Facts,
): Promise<ResourceContext | undefined> {
  const { cloud, target } = settings
  try {
    const { claims } = await assertions.current()
    facts.assertion = claims
    for (const line of assertionLines(facts)) log.info(line)
    await Promise.all(signInsOf(settings, { pipeline, setup }))
  } finally {
    tellPrincipals({ pipeline, setup }, facts)
  }
  if (target.kind === 'endpoint') return undefined
  const { oid: principalId, tid } = requirePrincipal(facts.principal)
  log.info(`Signed in as service principal ${principalId} of tenant ${tid}`)
  const callerId = setup === pipeline ? principalId : requirePrincipal(facts.setupPrincipal).oid
  if (setup !== pipeline) log.info(`Looking and granting as service principal ${callerId}`)
  const { resource } = target
  const manager = await openResourceManager(
    { cloud, resource, accessToken: () => setup.accessToken(cloud.resourceManager.audience) },
    { http, clock, log },
  )
  const grantee = settings.access.grantee ?? servicePrincipal(principalId)
  return { manager, resource, principalId, grantee, callerId }
}

function inferenceAudiences(settings: Settings): string[] {
  const { target, cloud } = settings
  const project = target.kind === 'resource' ? target.resource.project : undefined
  return likelyAudiences(settings, { project, endpoint: target.endpoint }, cloud.inferenceAudiences)
}

function signInsOf(
  settings: Settings,
  { pipeline, setup }: Pick<Identities, 'pipeline' | 'setup'>,
): Promise<void>[] {
  const inference = inferenceAudiences(settings)
  const resourceManager = settings.cloud.resourceManager.audience
  if (settings.target.kind === 'endpoint') return [pipeline.signIn(inference)]
  if (setup === pipeline) return [pipeline.signIn([...inference, resourceManager])]
  return [pipeline.signIn(inference), setup.signIn([resourceManager])]
}

function tellPrincipals({ pipeline, setup }: Pick<Identities, 'pipeline' | 'setup'>, facts: Facts): void {
  const principal = pipeline.principal()
  if (principal !== undefined) facts.principal = principal
  const setupPrincipal = setup === pipeline ? undefined : setup.principal()
  if (setupPrincipal !== undefined) facts.setupPrincipal = setupPrincipal
}

function requirePrincipal(principal: AccessTokenClaims | undefined): AccessTokenClaims {
  if (principal !== undefined) return principal
  throw new StepFailure(
    'reading the principal',
    ownRefusal('entra-rejected', 'The access token names no object id.'),
  )
}

/**
 * What can be done ahead while a reply is awaited. GitHub's: for signing in; Entra's: for looking. As many connections as there will
 * be requests at once: for tokens; for account, deployments and roles; for the models.
 */
export function preparations(settings: Settings, preconnect: Preconnect) {
  const { cloud, target, deployments } = settings
  const forSigningIn = async () => {
    const tokens = inferenceAudiences(settings).length + (target.kind === 'resource' ? 1 : 0)
    preconnect(cloud.authorityHost, tokens)
    await import('../services/entra/token-exchange.ts')
  }
  const forLooking = async () => {
    if (target.endpoint !== undefined) preconnect(target.endpoint, Math.max(1, deployments.length))
    if (target.kind === 'endpoint') return
    preconnect(cloud.resourceManager.endpoint, 3)
    await import('../services/resource-manager/client.ts')
  }
  return [forSigningIn, forLooking]
}
