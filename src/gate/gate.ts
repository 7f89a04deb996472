import { failureOf } from '../core/failures/failure.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import { isForApp, type ResourceContext } from '../services/resource-manager/context.ts'
import { type Ensured, ensureRole, requireAlsoLive } from './ensure-role.ts'
import { describeSubjects, lookAfterDenial } from './evidence.ts'
import { inspect } from './inspect.ts'
import { evaluateKeyAccess } from './key-access.ts'
import { type Opened, open } from './opening.ts'
import { plan } from './plan.ts'
import { requireAppAnswers } from './probe-app.ts'
import { prove } from './prove.ts'
import { type Outcome, openRecord, type RecordKeeper } from './record.ts'
import type { Reporter } from './reporter.ts'
import { requireRefused } from './retired-key.ts'
import { closeRuntime, enforceRuntimeAccess, isGrantable } from './runtime/enforce.ts'
import { grantInProduction } from './runtime/grant.ts'
import { lookAtRuntime } from './runtime/look.ts'
import type { RuntimePrincipal } from './runtime/principal.ts'
import type { Settings } from './settings.ts'
import { type Story, stepper, type Tools } from './story.ts'
import type { Inspection } from './values.ts'

/**
 * The whole story: sign in, look, grant, wait, prove. It never throws for an expected failure; the outcome says what failed.
 * @param record Filled as the story goes on, for anyone who has to report before its end. No step can read it.
 */
export async function gate(
  given: Settings,
  tools: Tools,
  record = openRecord(tools.run, given),
): Promise<Outcome> {
  const story: Story = { tools, note: record.note, step: stepper(record, tools) }
  tools.reporter.begins()
  let context: ResourceContext | undefined
  try {
    const opened = await open(given, story)
    context = opened.context
    const { seen, runtime } = await look(opened, story)
    if (opened.settings.access.grant === 'plan') return await endAsPlanned(opened, seen, story, record)
    const granted = await ensureRole(opened, seen, story)
    const answers = await proveCalls(opened, granted, story)
    requireAlsoLive(opened, granted.inspection, tools.reporter)
    await requireKeyRefused(opened, granted.inspection, story)
    await opened.modelDates?.requireDays({ ...granted.inspection, smoke: answers })
    await ensureProduction(opened, { runtime, roles: seen.roles }, story)
    await requireApp(opened, story)
    return { result: 'passed', record: record.snapshot() }
  } catch (error) {
    return endAsFailed(error, { githubToken: given.report.githubToken, context }, story, record)
  }
}

/** Everything there is to see, of the pipeline and of what runs in production. @throws StepError for what no grant could fix */
async function look(opened: Opened, { tools, note, step }: Story) {
  const { settings, context, listings, roleReader, modelDates, callTools } = opened
  const inspecting = step('Look', () =>
    inspect({ settings, context, roleReader, modelDates }, callTools, note('inspection')),
  )
  const lookingAtRuntime = lookAtRuntime({ settings, context, listings, inspecting }, note('runtime'))
  // The step that needs it awaits it, and sees its failure.
  lookingAtRuntime.catch(() => undefined)
  const seen = await inspecting
  tools.reporter.inspected(seen)
  enforceKeyAccess(settings, seen, tools.reporter)
  const runtime = await lookingAtRuntime
  tools.reporter.runtimeLookedAt(runtime)
  enforceRuntimeAccess(runtime, settings)
  return { seen, runtime }
}

async function endAsPlanned(
  { settings, context, modelDates }: Opened,
  inspection: Inspection,
  { tools, note }: Story,
  record: RecordKeeper,
): Promise<Outcome> {
  await plan({ settings, inspection, context }, note('plan'))
  await modelDates?.settle()
  await lookAfterDenial(record.snapshot(), { context, clock: tools.clock }, note('evidence'))
  return { result: 'planned', record: record.snapshot() }
}

/** The story is over: what explains its end reads the record, as the report does. */
async function endAsFailed(
  error: unknown,
  { githubToken, context }: { githubToken: string | undefined; context: ResourceContext | undefined },
  { tools, note }: Story,
  record: RecordKeeper,
): Promise<Outcome> {
  const failure = failureOf(error, 'running the gate')
  await describeSubjects({ failure, githubToken }, tools, note('evidence'))
  await lookAfterDenial(record.snapshot(), { context, clock: tools.clock }, note('evidence'))
  return { result: 'failed', record: record.snapshot(), failure }
}

/** @returns the last answer of each deployment. @throws StepError */
async function proveCalls(
  { settings, context, roleReader, modelDates, callTools }: Opened,
  { grant, inspection }: Ensured,
  { tools, note, step }: Story,
): Promise<readonly SmokeResult[]> {
  const { roles, routes, first } = inspection
  if (context !== undefined && isForApp(context)) {
    tools.reporter.ownCalls(first.results)
    return first.results
  }
  const alsoRests = roles !== undefined && roleReader?.restsOnAnswers(roles, routes) === true
  const answers = await step('Prove', () =>
    prove({ settings, inspection, grant, alsoRests, modelDates }, callTools, note('proof')),
  )
  tools.reporter.proven(answers)
  return answers
}

async function requireKeyRefused(
  { settings }: Opened,
  inspection: Inspection,
  { tools, note, step }: Story,
): Promise<void> {
  const { retired: key } = settings.keys
  if (key === undefined) return
  await step('Retired key', () => requireRefused({ settings, inspection, key }, tools, note('retiredKey')))
}

/** Grants what is lacking in production, and says what stays in doubt. @throws StepError */
async function ensureProduction(
  { settings, context, job }: Opened,
  { runtime, roles }: { runtime: readonly RuntimePrincipal[]; roles: Inspection['roles'] },
  { tools, note, step }: Story,
): Promise<void> {
  const lacking = context && runtime.some(principal => isGrantable(principal, settings))
  const production = lacking
    ? await step('Grant in production', () =>
        grantInProduction(runtime, { settings, context, job, roles }, tools, note('runtime')),
      )
    : runtime
  closeRuntime(production, tools.reporter, note('runtime'))
}

async function requireApp({ settings }: Opened, { tools, note, step }: Story): Promise<void> {
  const { waiting } = settings
  const { probe } = settings.production
  if (probe === undefined) return
  await step('Probe the app', () => requireAppAnswers({ probe, waiting }, tools, note('app')))
}

/** A plan reports what would fail, and goes on. @throws StepError */
function enforceKeyAccess(settings: Settings, inspection: Inspection, reporter: Reporter): void {
  const { failure, deservesWarning } = evaluateKeyAccess(settings, inspection)
  if (failure !== undefined && settings.access.grant !== 'plan') throw failure
  if (deservesWarning) reporter.keysAccepted()
}
