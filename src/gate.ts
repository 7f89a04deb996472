import { ensureRole, needsGrant } from './access/ensure.ts'
import { ownRefusal, StepFailure } from './diagnosis/verdict.ts'
import { type Facts, noFacts, type Outcome } from './facts.ts'
import type { Http, Preconnect } from './http.ts'
import { createSession, type Session } from './identity/session.ts'
import type { Settings } from './inputs.ts'
import { look, type View } from './look.ts'
import { prove } from './prove.ts'
import { assertionLines, smokeLine, viewLines } from './report/lines.ts'
import type { Managed } from './resource/resource-manager.ts'
import type { Clock, Log, Mask, Random } from './tools.ts'
import { whileWaiting } from './while-waiting.ts'
import type { WorkflowRun } from './workflow-run.ts'

export interface Tools {
  http: Http
  preconnect: Preconnect
  clock: Clock
  log: Log
  mask: Mask
  random: Random
  run: WorkflowRun
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
  const session = createSession({ ...settings.identity, cloud: settings.cloud, run: tools.run, tools })
  whileWaiting(...preparations(settings, tools.preconnect))
  const smokeTools = { ...tools, accessToken: session.accessToken }
  let managed: Managed | undefined
  try {
    const signedIn = await step('Sign in', () => signIn(settings, session, tools, facts))
    managed = signedIn
    const view = await step('Look', () => look(settings, signedIn, smokeTools, facts))
    say(viewLines(view, facts), tools.log)

    if (settings.access.grant === 'plan') return plan(view, facts)
    const age =
      signedIn !== undefined && hasRoles(view) && needsGrant(view, facts) && settings.access.grant === 'auto'
        ? await step('Grant', () => ensureRole(view, signedIn, facts, tools.log))
        : undefined
    await step('Prove', () => prove(settings, view, age, smokeTools, facts))
    say(facts.smoke.map(smokeLine), tools.log)
    return { result: 'passed', facts }
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    await gatherEvidence(error, settings, managed, tools, facts)
    return { result: 'failed', facts, failure: error }
  }
}

/**
 * What can be done ahead while a reply is awaited. GitHub's: for signing in; Entra's: for looking. As many connections as there will
 * be requests at once: for tokens; for account, deployments and roles; for the models.
 */
function preparations({ cloud, target, deployments }: Settings, preconnect: Preconnect) {
  const forSigningIn = async () => {
    preconnect(cloud.authorityHost, target.kind === 'resource' ? 2 : 1)
    await import('./identity/entra.ts')
  }
  const forLooking = async () => {
    if (target.endpoint !== undefined) preconnect(target.endpoint, Math.max(1, deployments.length))
    if (target.kind === 'endpoint') return
    preconnect(cloud.resourceManager.endpoint, 3)
    await import('./resource/resource-manager.ts')
  }
  return [forSigningIn, forLooking]
}

/** One OIDC token, exchanged for two access tokens side by side. The principal is read from the token. */
async function signIn(
  settings: Settings,
  session: Session,
  { log, http, clock }: Tools,
  facts: Facts,
): Promise<Managed | undefined> {
  const { cloud, target } = settings
  try {
    const { claims } = await session.assertion()
    facts.assertion = claims
    say(assertionLines(facts), log)
    const audiences = [cloud.inferenceAudiences.cognitiveServices]
    if (target.kind === 'resource') audiences.push(cloud.resourceManager.audience)
    await session.signIn(audiences)
  } finally {
    const principal = session.principal()
    if (principal !== undefined) facts.principal = principal
  }
  if (target.kind === 'endpoint') return undefined
  const { principal } = facts
  if (principal === undefined) {
    throw new StepFailure(
      'reading the principal',
      ownRefusal('entra-rejected', 'The access token names no object id.'),
    )
  }
  log.info(`Signed in as service principal ${principal.oid} of tenant ${principal.tid}`)
  const { createResourceManager } = await import('./resource/resource-manager.ts')
  const { resource } = target
  const manager = createResourceManager({
    cloud,
    subscriptionId: resource.subscriptionId,
    accessToken: () => session.accessToken(cloud.resourceManager.audience),
    tools: { http, clock, log },
  })
  return { manager, resource, principalId: principal.oid }
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
  const { role, assignments, routes } = facts
  if (managed === undefined || role === undefined || assignments === undefined || !wasDenied(facts)) return
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

function plan(view: View, facts: Facts): Outcome {
  if (needsGrant(view, facts)) facts.grant = { outcome: 'planned' }
  return { result: 'planned', facts }
}
