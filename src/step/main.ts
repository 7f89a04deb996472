import { enforceFailOn } from '../advice/findings/forbidden.ts'
import { failureOf, type StepError } from '../core/failures/failure.ts'
import type { IdleTime } from '../core/http/idle-time.ts'
import { nextRequestSent } from '../core/http/warm-up.ts'
import { type Outcome, openRecord } from '../gate/record.ts'
import type { Settings } from '../gate/settings.ts'
import type { Tools } from '../gate/story.ts'
import { createLogReporter } from '../report/log-reporter.ts'
import type { Telling } from '../report/publish.ts'
import { ownReportPath } from '../report/report-file.ts'
import type { WorkflowRun } from '../services/github/workflow-run.ts'
import { exit, exitCodeOf, lastWords } from './ending.ts'

/** What index.ts has ready when the rest has loaded. */
export interface Beginning extends Pick<Telling, 'clock' | 'startedAt' | 'summary'> {
  run: WorkflowRun
  /** Where the user wants the report; undefined: the step's own path. */
  givenPath: string | undefined
  /** Or what is wrong with the inputs. */
  ready: Ready | StepError
  uncaught: Promise<unknown>
  stopped: Promise<NodeJS.Signals>
}

export interface Ready {
  settings: Settings
  tools: Omit<Tools, 'reporter'> & Pick<IdleTime, 'idle'>
}

/** Needed at the end, and loaded while the gate waits for replies. */
const loadPublish = () => import('../report/publish.ts')

/** Runs the gate and reports how it ended. The first end counts, and it is reported once. @returns the exit code */
export async function runMainStep({
  run,
  givenPath,
  ready,
  uncaught,
  stopped,
  ...telling
}: Beginning): Promise<number> {
  const path = givenPath ?? ownReportPath(process.env)
  const isReady = 'settings' in ready
  const record = isReady ? openRecord(run, ready.settings) : openRecord(run)
  const finish = once(async (outcome: Outcome) => {
    try {
      const { publish } = await loadPublish()
      const { result } = await publish(outcome, { ...telling, path })
      return result === 'failed' ? 1 : 0
    } catch (error) {
      return lastWords(error)
    }
  })
  const fail = (failure: StepError) => finish({ result: 'failed', record: record.snapshot(), failure })
  uncaught.then(async error => {
    const exitCode = await fail(failureOf(error, 'working in the background'))
    await exit(exitCode === 0 ? lastWords(error) : exitCode)
  })
  if (!isReady) return fail(ready)
  stopped.then(async signal => {
    await finish({ result: 'cancelled', record: record.snapshot(), signal })
    await exit(exitCodeOf(signal))
  })
  try {
    const { settings, tools } = ready
    const { gate } = await import('../gate/gate.ts')
    const reporter = createLogReporter(tools.log, settings)
    rehearseRun({ run, settings, telling }, tools.idle).catch(() => {})
    return await finish(enforceFailOn(await gate(settings, { ...tools, reporter }, record)))
  } catch (error) {
    return fail(failureOf(error, 'getting ready'))
  }
}

interface Rehearsed extends Pick<Beginning, 'run'>, Pick<Ready, 'settings'> {
  telling: Pick<Telling, 'clock' | 'startedAt'>
}

/**
 * The whole run, its end included. It begins when GitHub has been asked. If it breaks off, that does not matter: it only saves time.
 */
async function rehearseRun({ settings, run, telling }: Rehearsed, idle: IdleTime['idle']): Promise<void> {
  const pace = { idle, entraAsked: nextRequestSent() }
  const { rehearseGate } = await import('./rehearsal.ts')
  const outcome = await rehearseGate({ settings, run, clock: telling.clock }, pace)
  const { rehearse } = await loadPublish()
  await idle()
  rehearse(outcome, telling)
}

/** The first call counts, and every other call gets its result: a signal may come while the end is being reported. */
function once<T, R>(tellIt: (outcome: T) => Promise<R>): (outcome: T) => Promise<R> {
  let telling: Promise<R> | undefined
  return outcome => {
    telling ??= tellIt(outcome)
    return telling
  }
}
