import { diagnose } from '../../src/advice/explanations/diagnose.ts'
import type { Outcome } from '../../src/gate/record.ts'
import { reportDocument } from '../../src/report/document.ts'
import { diagnosisLines } from '../../src/report/lines.ts'
import type { Report } from '../../src/report/schema.ts'
import { summaryMarkdown } from '../../src/report/summary.ts'

/** What users see of a run besides its log: tests look at this, and never at what the gate keeps for itself. */
export interface Published {
  /** `passed`, `planned`, or the code of the diagnosis. */
  end: string
  report: Report
  summary: string
  /** The diagnosis as the log tells it; empty where nothing failed. */
  diagnosisLines: readonly string[]
}

export function published(outcome: Outcome): Published {
  const diagnosis = outcome.result === 'failed' ? diagnose(outcome.failure, outcome.record) : undefined
  return {
    end: diagnosis?.code ?? outcome.result,
    report: reportDocument(outcome, diagnosis, { startedAt: 0, endedAt: 0 }),
    summary: summaryMarkdown(outcome, diagnosis),
    diagnosisLines: diagnosis === undefined ? [] : diagnosisLines(diagnosis),
  }
}
