import { servicePrincipal } from '../azure/rbac/principal.ts'
import { localFailure, StepError } from '../core/failures/failure.ts'
import type { Http, Preconnect } from '../core/http/client.ts'
import type { Clock, Log } from '../core/ports.ts'
import type { AccessTokenClaims } from '../services/entra/access-token-claims.ts'
import type { Identities } from '../services/entra/run-identities.ts'
import { jobOf } from '../services/github/job.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'
import { likelyAudiences } from '../services/inference/select-deployments.ts'
import { isForApp } from '../services/resource-manager/context.ts'
import { openResourceManager } from '../services/resource-manager/open.ts'
import type { Note } from './record.ts'
import type { Reporter } from './reporter.ts'
import type { Settings } from './settings.ts'
import type { SignedIn } from './values.ts'

interface SignInTools {
  log: Log
  http: Http
  clock: Clock
  run: WorkflowRun
  reporter: Reporter
}

/**
 * One OIDC token, exchanged for two access tokens in parallel. The principals are read from the tokens.
 * @throws StepError
 */
export async function signIn(
  settings: Settings,
  identities: Identities,
  tools: SignInTools,
  note: Note<'signIn'>,
): Promise<SignedIn> {
  const { claims } = await identities.assertions.current()
  note({ assertion: claims })
  tools.reporter.assertionReceived(claims)
  try {
    await Promise.all(signInsOf(settings, identities))
  } finally {
    // If one of them failed, the other may have succeeded.
    notePrincipals(identities, note)
  }
  return { job: jobOf(tools.run, claims), asking: await openManager(settings, identities, tools) }
}

async function openManager(
  { cloud, target, access }: Settings,
  { pipeline, setup }: Identities,
  { reporter, ...tools }: SignInTools,
): Promise<SignedIn['asking']> {
  if (target.kind === 'endpoint') return undefined
  const principal = requirePrincipal(pipeline.principal())
  const { oid: principalId } = principal
  reporter.signedIn(principal)
  const callerId = setup === pipeline ? principalId : requirePrincipal(setup.principal()).oid
  if (setup !== pipeline) reporter.setupSignedIn(callerId)
  const { subscriptionId } = target.kind === 'resource' ? target.resource : target
  const accessToken = (claims?: string) => setup.accessToken(cloud.resourceManager.audience, claims)
  const manager = await openResourceManager({ cloud, subscriptionId, accessToken }, tools)
  const grantee = access.grantee ?? servicePrincipal(principalId)
  if (access.revoke && isForApp({ principalId, grantee })) throw revokedInProduction()
  return { manager, principalId, grantee, callerId }
}

/** Nobody knows whose id it is before the sign-in. */
const revokedInProduction = () =>
  new StepError(
    'reading the inputs',
    localFailure(
      'input-invalid',
      "`revoke` is true, and `principal-id` is another service principal than the pipeline's: what runs in production would lose its role with the job",
    ),
  )

/** Audiences that the first calls will probably need. */
function inferenceAudiences(settings: Settings): string[] {
  const { target, cloud } = settings
  const project = target.kind === 'resource' ? target.resource.project : undefined
  return likelyAudiences(settings, { project, endpoint: target.endpoint }, cloud.inferenceAudiences)
}

function signInsOf(settings: Settings, { pipeline, setup }: Identities): Promise<void>[] {
  const inference = inferenceAudiences(settings)
  const resourceManager = settings.cloud.resourceManager.audience
  if (settings.target.kind === 'endpoint') return [pipeline.signIn(inference)]
  if (setup === pipeline) return [pipeline.signIn([...inference, resourceManager])]
  return [pipeline.signIn(inference), setup.signIn([resourceManager])]
}

function notePrincipals({ pipeline, setup }: Identities, note: Note<'signIn'>): void {
  const principal = pipeline.principal()
  if (principal !== undefined) note({ principal })
  const setupPrincipal = setup === pipeline ? undefined : setup.principal()
  if (setupPrincipal !== undefined) note({ setupPrincipal })
}

function requirePrincipal(principal: AccessTokenClaims | undefined): AccessTokenClaims {
  if (principal !== undefined) return principal
  throw new StepError(
    'reading the principal',
    localFailure('entra-rejected', 'The access token names no object id.'),
  )
}

/**
 * Opens connections while the gate waits for a reply: during GitHub's, those for signing in; during Entra's, those for the look;
 * during the model's, those for the row. There are as many as there will be parallel requests: for tokens; for account, deployments,
 * models, roles and deny assignments, and for permissions if those are requested with the roles; for the calls. A gate that never
 * grants can mostly not read how old its role is, so its first answer is followed by a row, on new connections.
 */
export function connections(settings: Settings, preconnect: Preconnect) {
  const { cloud, target, deployments, access, waiting } = settings
  const forSigningIn = async () => {
    const tokens = inferenceAudiences(settings).length + (target.kind === 'endpoint' ? 0 : 1)
    preconnect(cloud.authorityHost, tokens)
  }
  const forLooking = async () => {
    if (target.endpoint !== undefined) preconnect(target.endpoint, Math.max(1, deployments.length))
    if (target.kind !== 'endpoint')
      preconnect(cloud.resourceManager.endpoint, access.grant === 'never' ? 6 : 5)
  }
  const forRow = async () => {
    if (access.grant === 'never' && target.endpoint !== undefined)
      preconnect(target.endpoint, waiting.consecutiveSuccesses - 1, { fresh: true })
  }
  return { forSigningIn, forLooking, forRow }
}
