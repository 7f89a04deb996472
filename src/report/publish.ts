import { appendFileSync } from 'node:fs'
import * as core from '@actions/core'
import { type Diagnosis, diagnosisBy } from '../advice/explanations/diagnosis.ts'
import { inputExplanations } from '../advice/explanations/input.ts'
import { failureOf, type StepError } from '../core/failures/failure.ts'
import type { Clock } from '../core/ports.ts'
import { plain } from '../core/text/untrusted.ts'
import { keyAccessOf } from '../gate/key-access.ts'
import type { Outcome, RunRecord } from '../gate/record.ts'
import { worstAccess } from '../gate/runtime/principal.ts'
import { annotation } from './annotation.ts'
import { reportDocument } from './document.ts'
import { environmentFor } from './environment.ts'
import {
  cancelledLines,
  diagnosisLines,
  type Fold,
  findingFolds,
  findingLines,
  fixFolds,
  informationLines,
  recordLines,
  verdictLine,
} from './lines.ts'
import { unwarnedPlanLines } from './plan-lines.ts'
import { writeReportFile } from './report-file.ts'
import { logFold, runnerLog } from './runner-log.ts'
import { summaryMarkdown } from './summary.ts'

export interface Telling {
  /** Where the report goes, absolute. */
  path: string
  /** Whether to write a job summary. */
  summary: boolean
  clock: Pick<Clock, 'now'>
  /** Milliseconds since the epoch. */
  startedAt: number
}

/**
 * Writes the result of the run: log, one annotation, outputs, summary, report.
 * @returns the outcome that was reported. If the outputs cannot be set it is a failure, because later steps decide by them.
 */
export async function publish(outcome: Outcome, telling: Telling): Promise<Outcome> {
  const { result, record } = outcome
  const endedAt = telling.clock.now()
  const diagnosis = result === 'failed' ? await explain(outcome.failure, record) : undefined
  const report = writeReport(outcome, diagnosis, { ...telling, endedAt })
  try {
    setOutputs(outcome, diagnosis, report)
    if (result === 'passed') exportEnvironment(record)
  } catch (error) {
    const failure = failureOf(error, 'setting the outputs')
    if (result === 'passed' || result === 'planned')
      return publish({ result: 'failed', record, failure }, telling)
    runnerLog.warning('outputs not set', `The outputs could not be set: ${failure.failure.said.message}`)
  }
  if (telling.summary) writeSummary(summaryMarkdown(outcome, diagnosis))
  logEnd(outcome, diagnosis)
  return outcome
}

/**
 * Runs the code that reports a passed run, without output, while the gate waits for the models: Node compiles code at its first
 * use. It leaves out what is not recorded yet.
 */
export function rehearse(outcome: Outcome, { clock, startedAt }: Pick<Telling, 'clock' | 'startedAt'>): void {
  JSON.stringify(reportDocument(outcome, undefined, { startedAt, endedAt: clock.now() }), null, 2)
  summaryMarkdown(outcome, undefined)
  for (const write of [recordLines, informationLines, findingFolds, findingLines, verdictLine]) write(outcome)
}

/** Loads the explanations only now, and for bad inputs only theirs, because those runs have loaded nothing else. */
async function explain(error: StepError, record: RunRecord): Promise<Diagnosis> {
  const { code } = error.failure
  if (code === 'input-invalid') return diagnosisBy(inputExplanations[code], error, record)
  const { diagnose } = await import('../advice/explanations/diagnose.ts')
  return diagnose(error, record)
}

function logEnd(outcome: Outcome, diagnosis: Diagnosis | undefined): void {
  const { result, record } = outcome
  const log = (lines: readonly string[]) => {
    for (const line of lines) runnerLog.info(line)
  }
  const logFolds = (folds: readonly Fold[]) => {
    for (const { title, lines } of folds) logFold(title, lines)
  }
  log(recordLines(outcome))
  if (result === 'planned') log(unwarnedPlanLines(record))
  if (result === 'cancelled') log(cancelledLines(outcome))
  log(informationLines(outcome))
  logFolds(findingFolds(outcome))
  log(findingLines(outcome))
  if (diagnosis === undefined) {
    log([verdictLine(outcome)])
    return
  }
  // The fix first, then the reason.
  core.error(annotation(diagnosis), { title: `Key-less Gate: ${diagnosis.code}` })
  log(diagnosisLines(diagnosis))
  logFolds(fixFolds(diagnosis))
}

function setOutputs({ result, record }: Outcome, diagnosis: Diagnosis | undefined, report: string): void {
  const latencies = record.smoke.flatMap(smoke => (smoke.kind === 'ok' ? [smoke.latencyMs] : []))
  const outputs: Record<string, string> = {
    result: result === 'cancelled' ? 'failed' : result,
    diagnosis: diagnosis?.code ?? '',
    'principal-id': record.principal?.oid ?? '',
    'role-definition-id': record.role?.definitionId ?? '',
    'role-state': record.roleState,
    'role-assignment-id': record.roleAssignmentId ?? '',
    endpoint: record.endpoint ?? '',
    'propagation-seconds': (record.propagationMs / 1000).toFixed(1),
    attempts: String(record.rounds),
    connections: record.connections === undefined ? '' : String(record.connections),
    'smoke-latency-ms': latencies.length === 0 ? '' : String(Math.round(Math.max(...latencies))),
    'key-access': keyAccessOf(record),
    'runtime-access': worstAccess(record.runtimePrincipals) ?? '',
    report,
  }
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value)
}

function exportEnvironment(record: RunRecord): void {
  const variables = environmentFor(record)
  const names = Object.keys(variables)
  if (names.length === 0) return
  for (const [name, value] of Object.entries(variables)) core.exportVariable(name, value)
  runnerLog.info(`Set for later steps: ${names.join(', ')}`)
}

/** @returns the path, or an empty text if the file cannot be written, which does not fail the gate. */
function writeReport(
  outcome: Outcome,
  diagnosis: Diagnosis | undefined,
  { path, startedAt, endedAt }: Telling & { endedAt: number },
): string {
  try {
    const document = reportDocument(outcome, diagnosis, { startedAt, endedAt })
    writeReportFile(path, `${JSON.stringify(document, null, 2)}\n`)
    return path
  } catch (error) {
    runnerLog.warning('report not written', `The report could not be written: ${errorInWords(error)}`)
    return ''
  }
}

const errorInWords = (error: unknown) => plain(error instanceof Error ? error.message : String(error))

/** Replaces the toolkit's function, which loads a second file system interface and needs three round trips to a thread. */
function writeSummary(markdown: string): void {
  const path = process.env.GITHUB_STEP_SUMMARY
  if (!path) return
  try {
    appendFileSync(path, markdown)
  } catch (error) {
    runnerLog.warning('summary not written', `The job summary could not be written: ${errorInWords(error)}`)
  }
}
