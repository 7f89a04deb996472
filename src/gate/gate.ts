import type { TemporaryGrant } from '../azure/rbac/lease.ts'
import { StepFailure } from '../core/failures/failure.ts'
import type { Http, Preconnect } from '../core/http/client.ts'
import { whileWaiting } from '../core/http/warm-up.ts'
import type { Clock, Log, Mask, Random } from '../core/ports.ts'
import { smokeLine, viewLines } from '../report/lines.ts'
import { createIdentities } from '../services/entra/identities.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'
import type { ResourceContext } from '../services/resource-manager/client.ts'
import { gatherEvidence, lookAgain } from './evidence.ts'
import { ensureRole, needsGrant } from './grant.ts'
import { look, type View } from './inspect.ts'
import { enforceKeyAccess } from './key-access.ts'
import { refuseBorrowed } from './other-jobs.ts'
import { ageOfAccess, prove } from './prove.ts'
import { type Facts, noFacts, type Outcome, wasDenied } from './record.ts'
import { requireRefused } from './retired-key.ts'
import { settleMembership, tellGrantorPermissions } from './role-access.ts'
import type { Settings } from './settings.ts'
import { preparations, signIn } from './sign-in.ts'
import { patienceFor } from './waiting/schedule.ts'

export interface Tools {
  http: Http
  preconnect: Preconnect
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
  const identities = createIdentities(settings.identity, settings.cloud, tools)
  whileWaiting(...preparations(settings, tools.preconnect))
  const smokeTools = { ...tools, accessToken: identities.pipeline.accessToken }
  let managed: ResourceContext | undefined
  try {
    const signedIn = await step('Sign in', () => signIn(settings, identities, tools, facts))
    managed = signedIn
    const view = await step('Look', () => look(settings, signedIn, smokeTools, facts))
    say(viewLines(view, facts), tools.log)
    enforceKeyAccess(settings, facts, tools.log)

    const { grant } = settings.access
    if (grant === 'plan') return await plan(settings, view, signedIn, facts, tools.clock)
    if (grant === 'never' && facts.borrowed !== undefined) refuseBorrowed(facts.borrowed)
    const age =
      grant === 'auto' && signedIn !== undefined && hasRoles(view) && needsGrant(view, facts)
        ? await step('Grant', () => ensureRole(settings, view, signedIn, facts, tools))
        : undefined
    if (signedIn !== undefined && view.first.round.kind === 'refused')
      await settleMembership(signedIn, settings.waiting.propagationTimeoutMs, tools, facts)
    await step('Prove', () => prove(settings, view, age, smokeTools, facts))
    say(facts.smoke.map(smokeLine), tools.log)
    const { retired } = settings.keys
    if (retired !== undefined)
      await step('Retired key', () => requireRefused(retired, settings, view.routes, tools, facts))
    return { result: 'passed', facts }
  } catch (error) {
    if (!(error instanceof StepFailure)) throw error
    await gatherEvidence(error, settings, managed, tools, facts)
    return { result: 'failed', facts, failure: error }
  }
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

/** What would be done, and by whose right; what would stand against it is looked up as well. */
async function plan(
  { waiting }: Settings,
  view: View,
  managed: ResourceContext | undefined,
  facts: Facts,
  clock: Clock,
): Promise<Outcome> {
  // A role that would not help is not granted.
  if (needsGrant(view, facts) && facts.roleFits !== false) facts.grant = { outcome: 'planned' }
  else if (wasDenied(facts))
    facts.plannedPatienceMs = patienceFor(ageOfAccess(view, undefined, facts), waiting.propagationTimeoutMs)
  if (managed !== undefined) {
    await lookAgain(managed, facts, clock)
    await tellGrantorPermissions(managed, facts)
  }
  return { result: 'planned', facts }
}
