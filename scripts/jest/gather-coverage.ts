import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { Session } from 'node:inspector/promises'
import { join } from 'node:path'

/**
 * Names the folder that gathers raw V8 coverage. Tests hand it to the processes that they start from sources, as NODE_V8_COVERAGE; jest
 * itself does not run under that name, because it ends its workers before they have written anything.
 */
export const coverageFolderVariable = 'KEYLESS_GATE_COVERAGE'

/**
 * Counts what this process runs from here on: called before it loads what is to be counted.
 * @returns Leaves the counts since the call before in `folder`, those of our own files, in the form in which Node leaves those of a
 *   process behind (NODE_V8_COVERAGE)
 */
export async function gatherCoverage(folder: string): Promise<() => Promise<void>> {
  counting ??= beginToCount()
  const session = await counting
  return async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage')
    const own = result.filter(({ url }) => !/^node:|\/node_modules\/|\/__tests__\//.test(url))
    writeFileSync(join(folder, `jest-${randomUUID()}.json`), JSON.stringify({ result: own }))
  }
}

/** Of the whole process: to begin and to end makes V8 go through all that it holds, which takes longer than most test files. */
let counting: Promise<Session> | undefined

async function beginToCount(): Promise<Session> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return session
}
