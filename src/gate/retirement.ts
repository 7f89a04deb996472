import type { DiagnosisCode } from '../core/failures/codes.ts'
import { type Failure, localFailure, StepError } from '../core/failures/failure.ts'
import { inTime } from '../core/in-time.ts'
import type { Clock } from '../core/ports.ts'
import { plain } from '../core/text/untrusted.ts'
import { isOfDeployment } from '../services/inference/beside-calls.ts'
import type { Route } from '../services/inference/route.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'
import type { Account } from '../services/resource-manager/account.ts'
import type { ResourceContext } from '../services/resource-manager/context.ts'
import type { Deployment } from '../services/resource-manager/deployments.ts'
import {
  endsWithin,
  type KnownRetirement,
  type ModelList,
  type Retirement,
  readModels,
  retirementOf,
} from '../services/resource-manager/models.ts'
import { endpointIsOwn } from './endpoint-owner.ts'
import type { Note } from './record.ts'
import type { Settings } from './settings.ts'

/**
 * When models retire. The list is long, so the gate reads it in parallel, and waits for it only if a decision needs it.
 */

export interface ModelDates {
  /**
   * The results, read together with the dates: if a call failed as calls of retired models do, and its model's day has passed,
   * that is why it failed. If there is such a call, this waits for the list, at most for a `request-timeout`.
   */
  explain(
    results: readonly SmokeResult[],
    deployments: Promise<readonly Deployment[] | undefined>,
  ): Promise<readonly SmokeResult[]>
  /** Resolves when the list is there, or the time is up, if `model-days-left` has something to decide. */
  settle(): Promise<void>
  /** @throws StepError `model-retires-soon`, because of `model-days-left` */
  requireDays(called: Pick<Seen, 'account' | 'routes' | 'deployments' | 'smoke'>): Promise<void>
}

/** Starts reading at once. */
export function openModelDates(
  settings: Settings,
  { manager, resource }: ResourceContext,
  clock: Clock,
  note: Note<'retirement'>,
): ModelDates {
  const { models, waiting } = settings
  const patience = models.daysLeft === undefined ? 'one-try' : 'retries'
  const reading = readModels(manager, resource, patience, clock.now).then(
    (modelList): Read => ({ modelList }),
    (error): Read => (error instanceof StepError ? { modelsUnread: error.failure } : {}),
  )
  reading.then(note)
  const read = () => inTime<Read>(clock, reading, {}, waiting.requestTimeoutMs)
  return {
    async explain(results, deployments) {
      if (!results.some(mayBeRetired)) return results
      const [{ modelList }, listed] = await Promise.all([read(), deployments])
      if (modelList === undefined) return results
      return results.map(result =>
        mayBeRetired(result) && hasEnded(retirementOf(result.route.deployment, listed, modelList), modelList)
          ? retired(result)
          : result,
      )
    },
    async settle() {
      if (models.daysLeft !== undefined) await read()
    },
    async requireDays(called) {
      if (models.daysLeft === undefined) return
      const failure = retirementFailure({ settings, ...called, ...(await read()) })
      if (failure !== undefined) throw failure
    },
  }
}

/**
 * How calls of a retired model have failed: 404 "Resource not found", 404 DeploymentNotFound, 400 "operation does not work with
 * the specified model" (BerriAI/litellm#11505).
 */
const facesOfRetirement: ReadonlySet<DiagnosisCode> = new Set([
  'endpoint-not-found',
  'deployment-not-found',
  'deployment-not-ready',
  'operation-unsupported',
])

type Refused = Extract<SmokeResult, { kind: 'refused' }>

const mayBeRetired = (result: SmokeResult): result is Refused =>
  result.kind === 'refused' && facesOfRetirement.has(result.failure.code)

const hasEnded = (retirement: Retirement, list: ModelList) =>
  retirement.kind === 'known' && endsWithin(retirement, 0, list)

const retired = (result: Refused): Refused => ({
  ...result,
  failure: { ...result.failure, kind: 'fatal', code: 'model-retired' },
})

interface Read {
  /** Absent: not read, or not in time. */
  modelList?: ModelList
  /** Why it could not be read, if the run needed it. */
  modelsUnread?: Failure
}

interface Seen extends Read {
  settings?: Pick<Settings, 'target' | 'models'> | undefined
  account?: Account | undefined
  routes?: readonly Route[] | undefined
  deployments?: readonly Deployment[] | undefined
  /** The answers: an agent shows the deployment that it runs on. */
  smoke?: readonly SmokeResult[] | undefined
}

/** Of each called deployment, if the run has the list; otherwise empty. */
export function retirementsOf(seen: Seen): Retirement[] {
  const { deployments, modelList } = seen
  if (modelList === undefined) return []
  const names = deploymentsOf(seen)
  // The resource may have deployments of the same names, with other models behind them.
  if (isElsewhere(seen))
    return names.map(deployment => ({ kind: 'unknown', deployment, because: notOfTheResource }))
  return names.map(name => retirementOf(name, deployments, modelList))
}

/** The called deployments, and those behind the called agents. */
function deploymentsOf({ routes = [], smoke = [] }: Seen): string[] {
  const runsOn = new Map(
    smoke.flatMap(result => (result.kind === 'ok' ? [[result.route, result.answer.runsOn] as const] : [])),
  )
  const names = routes.filter(isOfDeployment).map(route => runsOn.get(route) ?? route.deployment)
  return [...new Set(names)]
}

/** Whether the calls go to an endpoint that may not belong to the resource. */
const isElsewhere = (seen: Seen): boolean =>
  seen.settings?.target.endpoint !== undefined && endpointIsOwn(seen) !== true

const notOfTheResource = 'the input `endpoint` may belong to another resource, where other models answer'

/** Why `model-days-left` fails the gate; undefined if it does not. An unknown day is not taken for a late one. */
export function retirementFailure(seen: Seen): StepError | undefined {
  const days = seen.settings?.models.daysLeft
  if (days === undefined) return undefined
  const complaints = complaintsAbout(seen, days)
  if (complaints.length === 0) return undefined
  return new StepError(
    'checking the models against `model-days-left`',
    localFailure('model-retires-soon', complaints.join('\n')),
  )
}

function complaintsAbout(seen: Seen, days: number): string[] {
  const { modelList, modelsUnread } = seen
  if (modelList === undefined) {
    const why =
      modelsUnread === undefined
        ? 'it did not come in time'
        : `${modelsUnread.code}: ${plain(modelsUnread.said.message, 300)}`
    return [`It is not known when the models retire: the list of models could not be read (${why}).`]
  }
  return retirementsOf(seen).flatMap(retirement => {
    const name = plain(retirement.deployment, 64)
    if (retirement.kind === 'unknown')
      return [`It is not known when the model of ${name} retires: ${plain(retirement.because, 200)}.`]
    if (!endsWithin(retirement, days, modelList)) return []
    return [`${name} must have ${inDays(days)} left. ${endInWords(retirement)}`]
  })
}

/** The model, its day, and the days that are left. */
export function endInWords({ model, sku, retiresAt, daysLeft = 0 }: KnownRetirement): string {
  const what = plain(`${model.name} ${model.version}${sku === undefined ? '' : ` (${sku})`}`, 200)
  if (retiresAt === undefined) return `${what} has no day of retirement yet.`
  const day = new Date(retiresAt).toISOString().slice(0, 10)
  if (daysLeft < 0) return `${what} should have retired on ${day}.`
  return `${what} retires on ${day}, in ${daysLeft === 0 ? 'less than a day' : inDays(daysLeft)}.`
}

const inDays = (days: number) => (days === 1 ? '1 day' : `${days} days`)
