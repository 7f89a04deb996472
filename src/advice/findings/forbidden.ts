import { localFailure, StepError } from '../../core/failures/failure.ts'
import { listed } from '../../core/text/lists.ts'
import type { Outcome, RunRecord } from '../../gate/record.ts'
import { type Severity, severities } from '../../gate/settings.ts'
import { inputs } from '../explanations/commands.ts'
import { advice, type Explanation, type Fix, paragraph } from '../explanations/explanation.ts'
import type { Finding } from './finding.ts'
import { findingsOf } from './findings.ts'

/** Findings that fail the gate: those that `fail-on` names, checked when everything else is known. */

function forbiddenFindings(record: RunRecord): Finding[] {
  const { failOn } = record.settings ?? {}
  if (failOn === undefined) return []
  return findingsOf(record).filter(({ severity }) => isAtLeast(severity, failOn))
}

const isAtLeast = (severity: Severity, least: Severity) =>
  severities.indexOf(severity) <= severities.indexOf(least)

/** Why `fail-on` fails the gate; undefined if it does not. */
export function failOnFailure(record: RunRecord): StepError | undefined {
  const found = forbiddenFindings(record)
  if (found.length === 0) return undefined
  const message = `The run leaves ${listed(found.map(({ id, severity }) => `${id} (${severity})`))}.`
  return new StepError(
    'weighing the findings, which `fail-on` asks for',
    localFailure('finding-forbidden', message),
  )
}

/** A plan reports what would fail, and goes on. */
export function enforceFailOn(outcome: Outcome): Outcome {
  const failure = outcome.result === 'passed' ? failOnFailure(outcome.record) : undefined
  return failure === undefined ? outcome : { result: 'failed', record: outcome.record, failure }
}

export const findingForbidden: Explanation = {
  title: 'There is a finding that `fail-on` does not allow',
  about:
    'Every deployment answered, so access is proven. The gate fails because of a finding of the severity that `fail-on` names, or a higher one. [Findings](findings.md) has a section for each.',
  why: ({ record }) =>
    paragraph(
      `Access is proven: every deployment answered. \`fail-on: ${record.settings?.failOn ?? '<SEVERITY>'}\` fails the gate all the same, on what else was found.`,
      ...forbiddenFindings(record).map(({ id, detail }) => `\`${id}\`: ${detail}`),
    ),
  unlike:
    'With `key-access: forbid`, keys that work are `keys-enabled`, and nothing is granted. The gate checks findings at the end, so a role that it granted stays granted.',
  fixes: ({ record }) => [
    ...forbiddenFindings(record).flatMap(({ id, fixes }) =>
      fixes.slice(0, 1).map(fix => ({ ...fix, title: `${fix.title} (${id})` })),
    ),
    ...graverOnly(record),
    advice('The job summary and the report list each finding with its fix.'),
  ],
}

function graverOnly({ settings }: RunRecord): Fix[] {
  const graver = severities[severities.indexOf(settings?.failOn ?? 'medium') - 1]
  return graver === undefined ? [] : [inputs('Or fail on more severe findings only', { 'fail-on': graver })]
}
