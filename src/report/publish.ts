import { mkdirSync, writeFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import * as core from '@actions/core'
import { type Diagnosis, diagnose } from '../advice/explanations/diagnose.ts'
import type { Clock } from '../core/ports.ts'
import { keyAccessOf } from '../gate/key-access.ts'
import type { Outcome } from '../gate/record.ts'
import { annotation } from './annotation.ts'
import { reportDocument } from './document.ts'
import { cancelledLines, diagnosisLines, findingLines, planLines, recordLines, verdictLine } from './lines.ts'
import { runnerLog } from './runner-log.ts'
import { summaryMarkdown } from './summary.ts'

export interface Telling {
  /** Where the report goes. */
  path: string
  /** Whether there is to be a job summary. */
  summary: boolean
  clock: Pick<Clock, 'now'>
  /** Milliseconds since the epoch. */
  startedAt: number
}

/** Tells the runner and the people how it ended: log, one annotation, outputs, summary, report. */
export async function publish(outcome: Outcome, telling: Telling): Promise<void> {
  const { result, record } = outcome
  const endedAt = telling.clock.now()
  const diagnosis = result === 'failed' ? diagnose(outcome.failure, record) : undefined
  const report = writeReport(outcome, diagnosis, { ...telling, endedAt })
  setOutputs(outcome, diagnosis, report)
  if (telling.summary) await writeSummary(summaryMarkdown(outcome, diagnosis))
  for (const line of recordLines(outcome)) runnerLog.info(line)
  if (result === 'planned') for (const line of planLines(record)) runnerLog.info(line)
  if (result === 'cancelled') for (const line of cancelledLines(outcome)) runnerLog.info(line)
  for (const line of findingLines(outcome)) runnerLog.info(line)
  if (diagnosis === undefined) {
    runnerLog.info(verdictLine(outcome))
    return
  }
  for (const line of ['', ...diagnosisLines(diagnosis)]) runnerLog.info(line)
  core.error(annotation(diagnosis), { title: `Key-less Gate: ${diagnosis.code}` })
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
    'smoke-latency-ms': latencies.length === 0 ? '' : String(Math.round(Math.max(...latencies))),
    'key-access': keyAccessOf(record),
    report,
  }
  for (const [name, value] of Object.entries(outputs)) core.setOutput(name, value)
}

/** @returns the path, or nothing where the file could not be written: that is a pity, not a failure of the gate. */
function writeReport(
  outcome: Outcome,
  diagnosis: Diagnosis | undefined,
  { path, startedAt, endedAt }: Telling & { endedAt: number },
): string {
  const absolute = resolve(path)
  try {
    const document = reportDocument(outcome, diagnosis, { startedAt, endedAt })
    mkdirSync(dirname(absolute), { recursive: true })
    writeFileSync(absolute, `${JSON.stringify(document, null, 2)}\n`)
    return absolute
  } catch (error) {
    runnerLog.warning(
      `The report could not be written: ${error instanceof Error ? error.message : String(error)}`,
    )
    return ''
  }
}

async function writeSummary(markdown: string): Promise<void> {
  if (!process.env.GITHUB_STEP_SUMMARY) return
  try {
    await core.summary.addRaw(markdown).write()
  } catch (error) {
    runnerLog.warning(
      `The job summary could not be written: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}
