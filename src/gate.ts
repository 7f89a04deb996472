import { ensureRole, needsGrant } from './access/ensure.ts'
import { ownRefusal, StepFailure } from './diagnosis/verdict.ts'
import { type Facts, noFacts, type Outcome } from './facts.ts'
import type { Http } from './http.ts'
import { createSession, type Session } from './identity/session.ts'
import type { Settings } from './inputs.ts'
import { look, type Managed, type View } from './look.ts'
import { prove } from './prove.ts'
import { assertionLines, smokeLine, viewLines } from './report/lines.ts'
import type { Clock, Log, Mask, Random } from './tools.ts'
import type { WorkflowRun } from './workflow-run.ts'

export interface Tools {
  http: Http
  clock: Clock
  log: Log
  mask: Mask
  random: Random
  run: WorkflowRun
}

/** The whole story: sign in, look, grant, wait, prove. It never throws for what can go wrong: it says what did. */
export async function gate(settings: Settings, tools: Tools): Promise<Outcome> {
  const facts: Facts = { ...noFacts(tools.run), settings }
  const step = stepper(facts, tools)
  const session = createSession({ ...settings.identity, cloud: settings.cloud, run: tools.run, tools })
  const smokeTools = { ...tools, accessToken: session.accessToken }
  try {
    const managed = await step('Sign in', () => signIn(settings, session, tools, facts))
    const view = await step('Look', () => look(settings, managed, smokeTools, facts))
    say(viewLines(view, facts), tools.log)

    if (settings.access.grant === 'plan') return plan(view, facts)
    const age =
      managed !== undefined && hasRoles(view) && needsGrant(view) && settings.access.grant === 'auto'
        ? await step('Grant', () => ensureRole(view, managed, facts, tools.log))
        : undefined
    await step('Prove', () => prove(settings, view, age, smokeTools, facts))
    say(facts.smoke.map(smokeLine), tools.log)
    return { result: 'passed', facts }
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    await readSubjectTemplate(error, settings, facts)
    return { result: 'failed', facts, failure: error }
  }
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

/** A subject that does not match is easier to understand with the template that made it. */
async function readSubjectTemplate(
  { refusal }: StepFailure,
  { report }: Settings,
  facts: Facts,
): Promise<void> {
  if (report.githubToken === undefined || !refusal.code.startsWith('federated-subject')) return
  const { describeSubjectTemplate } = await import('./identity/subject-template.ts')
  const description = await describeSubjectTemplate(facts.run, report.githubToken)
  if (description !== undefined) facts.subjectTemplate = description
}

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
  if (needsGrant(view)) facts.grant = { outcome: 'planned' }
  return { result: 'planned', facts }
}
