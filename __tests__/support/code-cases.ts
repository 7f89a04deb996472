import * as v from 'valibot'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import type { ServiceName } from '../../local-cloud/service.ts'
import type { DiagnosisCode, diagnosisCodes, Hop } from '../../src/core/failures/codes.ts'
import { applyFix, type Fix, fixSchema } from './az.ts'
import type { GateRun } from './gate-run.ts'
import { runGate, type ScenarioOptions } from './scenario.ts'

/** Scenarios of diagnosis codes: how each comes about, how it is told, and that its fix mends it. */

type CodeOf<H extends Hop> = (typeof diagnosisCodes)[H][number]

interface CodeCase {
  /** In words that follow the code in a title. */
  when: string
  /** Makes it so. */
  arrange?: () => void | Promise<void>
  /** What the run itself is given. */
  run?: () => ScenarioOptions
  mend: Mend
  /** Longest that the run may take by the driven clock, milliseconds; default: five seconds. */
  within?: number
  outputs?: Readonly<Record<string, string>>
  /** What the log says, of this case in particular. */
  says?: RegExp
  /** The failure comes after a grant. */
  granted?: boolean
}

/**
 * What ends the failure, so that the next run passes, or gets as far as the next failure (`next`): one of the printed fixes,
 * found by its text; what its advice tells a person to do, done by hand; or something that nobody can do in the local cloud.
 */
type Mend =
  | {
      fix: RegExp
      fill?: Readonly<Record<string, string>>
      /** What the fixes before it ask for besides, done by hand. */
      by?: () => void
      next?: { code: DiagnosisCode; mend: Mend }
    }
  | { advice: RegExp; by?: () => void; run?: () => ScenarioOptions }
  | { elsewhere: string }

/** Every code of a hop has its cases: the compiler sees to it. */
export type CodeCases<H extends Hop> = Record<CodeOf<H>, readonly CodeCase[]>

const told = v.object({ diagnosis: v.object({ fixes: v.array(fixSchema) }) })

export const everyService: readonly ServiceName[] = ['github', 'entra', 'resource-manager', 'inference']

/** How far runs have moved the time of the cloud. */
const movedMs = ({ clock }: LocalCloud) => clock.now() - Date.now()

/** Runs a case, and checks what holds for every failure. */
async function expectCode(
  cloud: LocalCloud,
  code: string,
  codeCase: CodeCase,
  services: readonly ServiceName[],
): Promise<void> {
  await codeCase.arrange?.()
  const options = codeCase.run?.() ?? {}
  const assignments = structuredClone(cloud.world.roleAssignments)
  const drivenBefore = movedMs(cloud)
  const run = await runGate(cloud, options)
  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: code, ...codeCase.outputs })
  // A few milliseconds for the rounding of the two clocks.
  expect(movedMs(cloud) - drivenBefore).toBeLessThan((codeCase.within ?? 5000) + 10)
  if (codeCase.says !== undefined) expect(run.log.join('\n')).toMatch(codeCase.says)
  if (!codeCase.granted) expect(cloud.world.roleAssignments).toEqual(assignments)
  expect(services).toEqual(expect.arrayContaining(run.requests.map(({ service }) => service)))
  await expectMended(cloud, run, codeCase.mend, options)
}

async function expectMended(cloud: LocalCloud, run: GateRun, mend: Mend, options: ScenarioOptions) {
  const { fixes } = v.parse(told, run.report).diagnosis
  expect(fixes.length).toBeGreaterThan(0)
  const change = mendedBy(cloud, fixes, mend)
  if (change === 'elsewhere' || change === 'skipped') return
  const nextRun = await runGate(cloud, {
    ...options,
    inputs: { ...options.inputs, ...change.inputs },
    env: { ...options.env, ...change.env },
  })
  if ('next' in mend && mend.next !== undefined) {
    expect(nextRun.outputs.diagnosis).toBe(mend.next.code)
    return expectMended(cloud, nextRun, mend.next.mend, options)
  }
  expect(nextRun.outputs).toMatchObject({ result: 'passed', diagnosis: '' })
}

function mendedBy(
  cloud: LocalCloud,
  fixes: readonly Fix[],
  mend: Mend,
): ScenarioOptions | 'elsewhere' | 'skipped' {
  if ('elsewhere' in mend) return 'elsewhere'
  const pattern = 'fix' in mend ? mend.fix : mend.advice
  const fix = fixes.find(({ text }) => pattern.test(text))
  if (fix === undefined)
    throw new Error(`No fix matches ${pattern}:\n${fixes.map(({ text }) => text).join('\n---\n')}`)
  if ('advice' in mend) {
    mend.by?.()
    return mend.run?.() ?? {}
  }
  const { skipped, ...change } = applyFix(cloud, fix, mend.fill)
  mend.by?.()
  return skipped ? 'skipped' : change
}

/**
 * One test a case; the caller resets the cloud before each.
 * @param services those that may be asked before the failure shows
 */
export function testCodes(
  cloud: () => LocalCloud,
  cases: Partial<Record<DiagnosisCode, readonly CodeCase[]>>,
  services: readonly ServiceName[],
): void {
  const all = Object.entries(cases).flatMap(([code, ofCode]) =>
    ofCode.map(codeCase => [code, codeCase.when, codeCase] as const),
  )
  test.each(all)('%s: %s', async (code, _when, codeCase) => {
    await expectCode(cloud(), code, codeCase, services)
  })
}
