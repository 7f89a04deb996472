import type { FaultEffect } from '../../local-cloud/faults.ts'
import { expectSound } from '../faults/sound.ts'
import { type InProcessRun, openStage, type Stage } from '../support/in-process.ts'
import { inputsAt, type OddHop, oddValues } from './odd-replies.ts'

/** No odd reply ends as an error that nobody foresaw, in a green that is not deserved, in a leak, or never. */

export interface Odd {
  hop: OddHop
  effect: FaultEffect
  /** The reply may still be an answer. */
  isFree?: boolean
  times?: number
}

/** Opens a stage for the tests of a file. The function that it returns plays one reply there. */
export function playOdd(): (odd: Odd) => Promise<void> {
  let stage: Stage
  beforeAll(async () => {
    stage = await openStage()
  })
  afterAll(() => stage.close())
  return odd => play(stage, odd)
}

async function play(stage: Stage, { hop, effect, isFree = false, times }: Odd): Promise<void> {
  stage.reset()
  hop.arrange?.(stage.cloud)
  stage.cloud.faults.add({
    name: isFree ? 'keeps the answer' : 'odd',
    operation: hop.operation,
    effect,
    ...(hop.skip === undefined ? {} : { skip: hop.skip }),
    ...(times === undefined ? {} : { times }),
  })
  const inputs = { 'propagation-timeout': '10s', ...inputsAt(hop, stage.cloud) }
  const run = await stage.run({ inputs, keepsConnections: true })
  const struck = run.requests.filter(({ fault }) => fault !== undefined)
  expect(struck.length).toBeGreaterThan(0)
  // Of a refusal there would be nothing to change.
  if (effect.kind === 'edit' && hop.skip === undefined)
    expect(struck.map(({ status }) => status === 200 || status === 201)).not.toContain(false)
  expect(run.end).not.toBe('unexpected-error')
  expectSound(stage, run)
  expectNoLeak(run)
}

/** A token is in nothing that is told; sound.ts looks at the log. */
function expectNoLeak({ report, summary, diagnosisLines, requests }: InProcessRun): void {
  const told = JSON.stringify([report, summary, diagnosisLines])
  for (const { headers } of requests) {
    const token = headers.authorization?.replace(/^Bearer /, '') ?? ''
    if (token.length > 20) expect(told).not.toContain(token)
  }
}

/** One test for each value that the gate reads at these hops. */
export function testOddValuesAt(hops: readonly OddHop[]): void {
  const play = playOdd()
  describe.each(hops.map(hop => [hop.title, hop] as const))('%s', (_, hop) => {
    const paths = [
      ...hop.paths.map(path => [inWords(path), path, false] as const),
      ...(hop.freePaths ?? []).map(path => [inWords(path), path, true] as const),
    ]
    test.each(paths)('%s', async (__, path, isFree) => {
      for (const effect of edits(path)) await play({ hop, effect, isFree })
    })
  })
}

const inWords = (path: ReadonlyArray<string | number>) => (path.length === 0 ? 'the body' : path.join('.'))

const edits = (path: ReadonlyArray<string | number>) =>
  oddValues.map(([, change]): FaultEffect => ({ kind: 'edit', path: [...path], ...change }))
