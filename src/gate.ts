import { ensureRole, needsGrant } from './access/ensure.ts'
import type { TemporaryGrant } from './access/lease.ts'
import { settleMembership, tellGrantorPermissions } from './access/roles-view.ts'
import { refuseBorrowed } from './access/temporary.ts'
import { ownRefusal, StepFailure } from './diagnosis/verdict.ts'
import { type Facts, noFacts, type Outcome } from './facts.ts'
import type { Http } from './http.ts'
import type { AccessTokenClaims } from './identity/claims.ts'
import { createIdentities, type Identities } from './identity/identities.ts'
import type { Settings } from './inputs.ts'
import { loadWhileWaiting } from './load-while-waiting.ts'
import { look, type View } from './look.ts'
import { enforceKeyAccess } from './posture/key-access.ts'
import { requireRefused } from './posture/retired-key.ts'
import { prove } from './prove.ts'
import { assertionLines, smokeLine, viewLines } from './report/lines.ts'
import { openResourceManager } from './resource/open.ts'
import type { Managed } from './resource/resource-manager.ts'
import type { Clock, Log, Mask, Random } from './tools.ts'
import type { WorkflowRun } from './workflow-run.ts'

export interface Tools {
  http: Http
  clock: Clock
  log: Log
  mask: Mask
  random: Random
  run: WorkflowRun
  /** Keeps for the post step what it shall remove. */
  keep: (grant: TemporaryGrant) => void
}

export const factsOf = (settings: Settings, { run }: Pick<Tools, 'run'>): Facts => ({
  ...noFacts(run),
  settings,
})

/**
 * The whole story: sign in, look, grant, wait, prove. It never throws for what can go wrong: it says what did.
 * @param facts Filled as the story goes, for whoever has to tell it before its end.
 */
export async function gate(
  settings: Settings,
  tools: Tools,
  facts = factsOf(settings, tools),
): Promise<Outcome> {
  const step = stepper(facts, tools)
  const identities = createIdentities(settings, tools)
  loadWhileWaiting(() =>
    Promise.all([import('./identity/entra.ts'), import('./resource/resource-manager.ts')]),
  )
  const smokeTools = { ...tools, accessToken: identities.pipeline.accessToken }
  let managed: Managed | undefined
  try {
    const signedIn = await step('Sign in', () => signIn(settings, identities, tools, facts))
    managed = signedIn
    const view = await step('Look', () => look(settings, signedIn, smokeTools, facts))
    say(viewLines(view, facts), tools.log)
    enforceKeyAccess(settings, facts, tools.log)

    if (settings.access.grant === 'plan') return await plan(view, signedIn, facts)
    if (settings.access.grant === 'never' && facts.borrowed !== undefined) refuseBorrowed(facts.borrowed)
    const age =
      signedIn !== undefined && hasRoles(view) && needsGrant(view, facts) && settings.access.grant === 'auto'
        ? await step('Grant', () => ensureRole(settings, view, signedIn, facts, tools))
        : undefined
    if (signedIn !== undefined && view.first.round.kind === 'refused')
      await settleMembership(signedIn, facts, tools)
    await step('Prove', () => prove(settings, view, age, smokeTools, facts))
    say(facts.smoke.map(smokeLine), tools.log)
    const { retired } = settings.keys
    const [route] = view.routes
    if (retired !== undefined && route !== undefined)
      await step('Retired key', () => requireRefused(retired, settings, route, tools, facts))
    return { result: 'passed', facts }
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    await gatherEvidence(error, settings, managed, tools, facts)
    return { result: 'failed', facts, failure: error }
  }
}

/** One OIDC token, exchanged for two access tokens side by side. The principals are read from the tokens. */
async function signIn(
  settings: Settings,
  { assertions, pipeline, setup }: Identities,
  { log, http, clock }: Tools,
  facts: Facts,
): Promise<Managed | undefined> {
  const { cloud, target } = settings
  try {
    const { claims } = await assertions.current()
    facts.assertion = claims
    say(assertionLines(facts), log)
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
  const manager = await openResourceManager(cloud, resource, setup, { http, clock, log })
  const grantee = settings.access.grantee ?? { principalId, principalType: 'ServicePrincipal' }
  return { manager, resource, principalId, grantee, callerId }
}

function signInsOf(
  { cloud, target }: Settings,
  { pipeline, setup }: Pick<Identities, 'pipeline' | 'setup'>,
): Promise<void>[] {
  const inference = cloud.inferenceAudiences.cognitiveServices
  const resourceManager = cloud.resourceManager.audience
  if (target.kind === 'endpoint') return [pipeline.signIn([inference])]
  if (setup === pipeline) return [pipeline.signIn([inference, resourceManager])]
  return [pipeline.signIn([inference]), setup.signIn([resourceManager])]
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

/** What makes a refusal easier to understand, and is not worth a request where nothing was refused. */
async function gatherEvidence(
  { refusal }: StepFailure,
  { report }: Settings,
  managed: Managed | undefined,
  { http }: Tools,
  facts: Facts,
): Promise<void> {
  if (report.githubToken !== undefined && refusal.code.startsWith('federated-subject')) {
    const { describeSubjectTemplate } = await import('./identity/subject-template.ts')
    const description = await describeSubjectTemplate(facts.run, report.githubToken, http)
    if (description !== undefined) facts.subjectTemplate = description
  }
  if (managed !== undefined) await lookAgain(managed, facts)
}

/** What explains a denial, and was not worth a request before. */
async function lookAgain(managed: Managed, facts: Facts): Promise<void> {
  const { role, assignments, routes } = facts
  if (role === undefined || assignments === undefined || !wasDenied(facts)) return
  const { lookAfterDenial } = await import('./access/after-denial.ts')
  facts.afterDenial = await lookAfterDenial(managed, {
    role,
    dataActions: (routes ?? []).map(({ dataAction }) => dataAction),
    groupIds: assignments.map(({ principalId }) => principalId),
  })
}

const wasDenied = ({ smoke }: Facts) =>
  smoke.some(result => result.kind === 'refused' && result.refusal.code === 'access-denied')

/** Runs steps under their names, and keeps how long each took. */
function stepper(facts: Facts, { clock, log }: Tools) {
  return async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    log.info(`▸ ${name}`)
    const startedAt = clock.now()
    const record = (outcome: 'done' | 'failed') =>
      facts.steps.push({ name, tookMs: clock.now() - startedAt, outcome })
    try {
      const result = await run()
      record('done')
      return result
    } catch (error) {
      record('failed')
      throw error
    }
  }
}

const say = (lines: readonly string[], log: Log) => {
  for (const line of lines) log.info(line)
}

const hasRoles = (view: View): view is Required<View> => view.roles !== undefined

/** What would be done, and by whose right; what would stand against it is looked up as well. */
async function plan(view: View, managed: Managed | undefined, facts: Facts): Promise<Outcome> {
  if (needsGrant(view, facts)) facts.grant = { outcome: 'planned' }
  if (managed !== undefined) {
    await lookAgain(managed, facts)
    await tellGrantorPermissions(managed, facts)
  }
  return { result: 'planned', facts }
}
