import * as v from 'valibot'
import type { DiagnosisCode } from '../src/core/failures/codes.ts'
import { reportSchema } from '../src/report/schema.ts'

/** What became of each mode in which live.yml runs the built action: the runner tells how a step ended, its report the rest. */

interface Mode {
  /** Id of its step in live.yml. */
  step: string
  name: string
  /** Variable of the repository without which its step is skipped. */
  variable?: string
  /** Codes that answer the question as well as a success does. */
  mayFailWith?: readonly DiagnosisCode[]
  /** More rows of the same report. */
  rows?: (report: Report) => ModeRow[]
}

export interface ModeRow {
  mode: string
  outcome: string
  /** Diagnosis code; empty where there is none. */
  code: string
  /** Undefined where nothing was measured. */
  seconds: number | undefined
  calls: string
  /** Whether a person has to look at it. */
  isExpected: boolean
}

const { entries } = reportSchema
const reportPart = v.object({
  startedAt: entries.startedAt,
  endedAt: entries.endedAt,
  result: entries.result,
  diagnosis: v.nullable(v.object({ code: v.string() })),
  setupPrincipal: v.nullable(v.object({})),
  grant: entries.grant,
  roleState: v.string(),
  attempts: entries.attempts,
  smoke: v.array(
    v.object({
      deployment: v.string(),
      api: v.string(),
      outcome: v.string(),
      latencyMs: v.nullable(v.number()),
      model: v.nullable(v.string()),
    }),
  ),
  runtimeAccess: v.nullable(v.string()),
  app: v.nullable(v.object({ answered: v.boolean(), probes: v.array(v.object({})) })),
})
type Report = v.InferOutput<typeof reportPart>

/** The context `steps` of a job, as `toJSON` writes it. */
export const stepsSchema = v.record(
  v.string(),
  v.object({ outcome: v.string(), outputs: v.optional(v.record(v.string(), v.string()), {}) }),
)
export type Steps = v.InferOutput<typeof stepsSchema>

const rowOf = (mode: string, outcome: string, row: Partial<ModeRow> = {}): ModeRow => ({
  mode,
  outcome,
  code: '',
  seconds: undefined,
  calls: '',
  isExpected: true,
  ...row,
})

/** Who granted: the row of a run that another identity set up. */
function setupRow({ setupPrincipal, grant, roleState }: Report): ModeRow {
  const mode = 'setup identity'
  if (setupPrincipal === null)
    return rowOf(mode, 'not tried: LIVE_SETUP_CLIENT_ID is not set, or its sign-in failed')
  return rowOf(mode, grant ?? `nothing to grant: ${roleState}`)
}

/** Each deployment that was called, by its API: a kind of model. */
const modelRows = ({ smoke }: Report): ModeRow[] =>
  smoke.map(({ deployment, api, outcome, latencyMs, model }) =>
    rowOf(
      `model: ${model ?? `not told, deployment ${deployment}`}, by ${api}`,
      outcome === 'ok' ? 'answered' : 'refused',
      {
        code: outcome === 'ok' ? '' : outcome,
        seconds: latencyMs === null ? undefined : latencyMs / 1000,
        calls: '1',
        isExpected: outcome === 'ok',
      },
    ),
  )

const appRow = ({ app }: Report): ModeRow[] =>
  app === null
    ? []
    : [
        rowOf('the app behind the probe', app.answered ? 'answered' : 'did not answer', {
          calls: count(app.probes.length, 'probe'),
          isExpected: app.answered,
        }),
      ]

/** What is not known is a warning there: a new role may not be live yet. */
const runtimeRow = ({ runtimeAccess }: Report): ModeRow[] =>
  runtimeAccess === null
    ? []
    : [rowOf('access of the runtime principals', runtimeAccess, { isExpected: runtimeAccess !== 'missing' })]

/** In the order of live.yml. */
export const modes: readonly Mode[] = [
  { step: 'plan', name: '`grant: plan`' },
  {
    step: 'never',
    name: '`grant: never`, before the role is granted',
    mayFailWith: ['access-denied', 'access-not-propagated'],
  },
  {
    step: 'temporary',
    name: '`grant: auto` with `revoke: true`',
    rows: report => [setupRow(report)],
  },
  { step: 'ways', name: 'every way to call one deployment', rows: modelRows },
  { step: 'kinds', name: 'each kind of model', variable: 'LIVE_DEPLOYMENTS', rows: modelRows },
  { step: 'keys', name: '`key-access: forbid`', mayFailWith: ['keys-enabled'] },
  { step: 'probe', name: '`probe-url`', variable: 'LIVE_PROBE_URL', rows: appRow },
  { step: 'runtime', name: '`runtime-principals`', variable: 'LIVE_RUNTIME_PRINCIPALS', rows: runtimeRow },
]

const count = (number: number, unit: string) => `${number} ${unit}${number === 1 ? '' : 's'}`

/** @param reports JSON by id of the step; one that is missing, or none of ours, is a row that says so */
export function modeRows(steps: Steps, reports: ReadonlyMap<string, unknown>): ModeRow[] {
  return modes.flatMap(mode => {
    const step = steps[mode.step]
    if (step === undefined || step.outcome === 'skipped') return [notTried(mode)]
    const read = v.safeParse(reportPart, reports.get(mode.step))
    if (!read.success)
      return [
        rowOf(mode.name, `the step ended with \`${step.outcome}\`, without a report`, { isExpected: false }),
      ]
    return [reportRow(mode, read.output), ...(mode.rows?.(read.output) ?? [])]
  })
}

const notTried = ({ name, variable }: Mode): ModeRow =>
  variable === undefined
    ? rowOf(name, 'not tried: the job ended before it', { isExpected: false })
    : rowOf(name, `not tried: ${variable} is not set`)

function reportRow({ name, mayFailWith = [] }: Mode, report: Report): ModeRow {
  const { result, diagnosis, attempts, smoke } = report
  const code = diagnosis?.code ?? ''
  return rowOf(name, result, {
    code,
    seconds: (Date.parse(report.endedAt) - Date.parse(report.startedAt)) / 1000,
    calls: smoke.length === 0 ? 'none' : `${count(smoke.length, 'deployment')}, ${count(attempts, 'round')}`,
    isExpected:
      result === 'passed' || result === 'planned' || mayFailWith.some(expected => expected === code),
  })
}
