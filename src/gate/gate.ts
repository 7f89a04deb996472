import type { TemporaryGrant } from '../azure/rbac/lease.ts'
import { failureOf } from '../core/failures/failure.ts'
import type { Http, Preconnect } from '../core/http/client.ts'
import { preloadDuringRequests } from '../core/http/warm-up.ts'
import type { Clock, Log, Mask, Random } from '../core/ports.ts'
import { createIdentities } from '../services/entra/run-identities.ts'
import type { Assertions } from '../services/github/assertions.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'
import { isForApp, type ResourceContext } from '../services/resource-manager/context.ts'
import { isMembershipOpen } from './access.ts'
import { alsoFailure, alsoNotLive } from './also.ts'
import { describeSubjects, lookAfterDenial } from './evidence.ts'
import { findResource, knownResource } from './find-resource.ts'
import { grantRequest, grantRole, refuseWhatEnds } from './grant.ts'
import { inspect } from './inspect.ts'
import { evaluateKeyAccess } from './key-access.ts'
import { openListings } from './listings.ts'
import { plan } from './plan.ts'
import { requireAppAnswers } from './probe-app.ts'
import { prove } from './prove.ts'
import { type Outcome, openRecord, type RecordKeeper } from './record.ts'
import type { Reporter } from './reporter.ts'
import { requireRefused } from './retired-key.ts'
import { openModelDates } from './retirement.ts'
import { openRoleReader, type RoleReader } from './role-access.ts'
import { closeRuntime, enforceRuntimeAccess, isGrantable } from './runtime/enforce.ts'
import { grantInProduction } from './runtime/grant.ts'
import { lookAtRuntime } from './runtime/look.ts'
import type { Settings } from './settings.ts'
import { preloads, signIn } from './sign-in.ts'
import type { GrantResult, Inspection, SignedIn } from './values.ts'

export interface Tools {
  http: Http
  preconnect: Preconnect
  clock: Clock
  /** For what happens while services are called: retries, mostly. */
  log: Log
  reporter: Reporter
  mask: Mask
  random: Random
  run: WorkflowRun
  assertions: Assertions
  /** Runs while the gate waits for the models: prepares what reports the end. */
  forTheEnd: () => Promise<unknown>
  /** Tells the post step what to remove. */
  keep: (grant: TemporaryGrant) => void
}

/**
 * The whole story: sign in, look, grant, wait, prove. It never throws for an expected failure; the outcome says what failed.
 * @param record Filled as the story goes on, for anyone who has to report before its end. No step can read it.
 */
export async function gate(
  given: Settings,
  tools: Tools,
  record = openRecord(tools.run, given),
): Promise<Outcome> {
  const step = stepper(record, tools)
  const { note } = record
  const identities = createIdentities(given.identity, given.cloud, tools)
  const callTools = { ...tools, accessToken: identities.pipeline.accessToken }
  tools.reporter.begins()
  const { forSigningIn, forLooking } = preloads(given, tools.preconnect)
  // GitHub has been asked already.
  forSigningIn().catch(() => {})
  preloadDuringRequests(forLooking)
  let opened: ResourceContext | undefined
  try {
    const signedIn = await step('Sign in', () => signIn(given, identities, tools, note('signIn')))
    const { job, asking } = signedIn
    const { target: wanted } = given
    const { target, context } =
      wanted.kind === 'search'
        ? await step('Find the resource', () => findResource(wanted, asking, tools.reporter, note('search')))
        : knownResource(wanted, asking)
    const settings = { ...given, target }
    opened = context
    const { listings, roleReader, modelDates } = openReaders({ settings, context, job }, tools, record)
    preloadDuringRequests(tools.forTheEnd)
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

    if (settings.access.grant === 'plan') {
      await plan({ settings, inspection: seen, context }, note('plan'))
      await modelDates?.settle()
      await lookAfterDenial(record.snapshot(), { context, clock: tools.clock }, note('evidence'))
      return { result: 'planned', record: record.snapshot() }
    }
    const request = grantRequest(settings, { context, job }, seen)
    const grant = request && (await step('Grant', () => grantRole(request, tools, note('grant'))))
    const inspection = { ...seen, roles: await settledRoles({ settings, seen, grant }, roleReader) }
    // If the calls themselves lack something, that is reported first.
    if (seen.first.round.kind === 'ok') requireAlso(settings, inspection)
    let answers = seen.first.results
    if (context !== undefined && isForApp(context)) tools.reporter.ownCalls(answers)
    else {
      const { roles, routes } = inspection
      const alsoRests = roles !== undefined && roleReader?.restsOnAnswers(roles, routes) === true
      answers = await step('Prove', () =>
        prove({ settings, inspection, grant, alsoRests, modelDates }, callTools, note('proof')),
      )
      tools.reporter.proven(answers)
    }
    closeAlso(settings, inspection, { roleReader, reporter: tools.reporter })
    const { retired: key } = settings.keys
    if (key !== undefined)
      await step('Retired key', () =>
        requireRefused({ settings, inspection, key }, tools, note('retiredKey')),
      )
    await modelDates?.requireDays({ ...inspection, smoke: answers })
    const lacking = context && runtime.some(principal => isGrantable(principal, settings))
    const production = lacking
      ? await step('Grant in production', () =>
          grantInProduction(runtime, { settings, context, job, roles: seen.roles }, tools, note('runtime')),
        )
      : runtime
    closeRuntime(production, tools.reporter, note('runtime'))
    const { waiting } = settings
    const { probe } = settings.production
    if (probe !== undefined)
      await step('Probe the app', () => requireAppAnswers({ probe, waiting }, tools, note('app')))
    return { result: 'passed', record: record.snapshot() }
  } catch (error) {
    const failure = failureOf(error, 'running the gate')
    // The story is over: what explains its end reads the record, as the report does.
    const { githubToken } = given.report
    await describeSubjects({ failure, githubToken }, tools, note('evidence'))
    await lookAfterDenial(record.snapshot(), { context: opened, clock: tools.clock }, note('evidence'))
    return { result: 'failed', record: record.snapshot(), failure }
  }
}

interface Opened {
  settings: Settings
  context: ResourceContext | undefined
  job: SignedIn['job']
}

/** None if Resource Manager is not asked. */
function openReaders({ settings, context, job }: Opened, tools: Tools, { note }: Pick<RecordKeeper, 'note'>) {
  if (context === undefined) return { listings: undefined, roleReader: undefined, modelDates: undefined }
  const listings = openListings(settings, context, tools.clock)
  return {
    listings,
    roleReader: openRoleReader(settings.access, { context, listings, job }, tools, note('roles')),
    modelDates: openModelDates(settings, context, tools.clock, note('retirement')),
  }
}

/** Runs each step under its name, and records how long it took. */
function stepper(record: RecordKeeper, { clock, reporter }: Tools) {
  return async <T>(name: string, run: () => Promise<T>): Promise<T> => {
    reporter.stepBegins(name)
    const startedAt = clock.now()
    const end = (outcome: 'done' | 'failed') =>
      record.step({ name, tookMs: clock.now() - startedAt, outcome })
    try {
      const result = await run()
      end('done')
      return result
    } catch (error) {
      end('failed')
      throw failureOf(error, `running the step "${name}"`)
    }
  }
}

/** A plan reports what would fail, and goes on. @throws StepError */
function enforceKeyAccess(settings: Settings, inspection: Inspection, reporter: Reporter): void {
  const { failure, deservesWarning } = evaluateKeyAccess(settings, inspection)
  if (failure !== undefined && settings.access.grant !== 'plan') throw failure
  if (deservesWarning) reporter.keysAccepted()
}

interface Seen {
  settings: Settings
  seen: Inspection
  grant: GrantResult | undefined
}

/** The roles as the wait needs them: if calls are denied, the group's members are read again. */
async function settledRoles(
  { settings, seen, grant }: Seen,
  roleReader: RoleReader | undefined,
): Promise<Inspection['roles']> {
  const { roles } = seen
  if (roles === undefined || roleReader === undefined) return roles
  if (!isMembershipOpen(seen, grant)) return roleReader.settleAlso(roles, seen.routes, grant)
  const settled = await roleReader.settleMembership(roles, settings.waiting.propagationTimeoutMs)
  if (settled.membership === 'not-member') refuseWhatEnds(settled)
  return roleReader.settleAlso(settled, seen.routes, grant)
}

/** @throws StepError if the pipeline lacks a right that it needs besides the calls */
function requireAlso({ access }: Settings, { routes, roles }: Inspection): void {
  const failure = alsoFailure(access, { routes, also: roles?.also })
  if (failure !== undefined) throw failure
}

/** Every call was answered. @throws StepError if another right is missing, or not known to be live */
function closeAlso(
  settings: Settings,
  inspection: Inspection,
  { roleReader, reporter }: { roleReader: RoleReader | undefined; reporter: Reporter },
): void {
  const { roles, routes } = inspection
  requireAlso(settings, inspection)
  const closed = roles && roleReader?.closeAlso(roles, routes)
  if (closed === undefined) return
  const failure = alsoNotLive(closed)
  if (failure !== undefined) throw failure
  reporter.alsoGiven(closed.also)
}
