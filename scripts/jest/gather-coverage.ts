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
 * Begins to count what this process runs, before it loads what is to be counted.
 * @returns Ends that, and leaves the counts of our own files in `folder`, in the form in which Node leaves those of a process behind
 *   (NODE_V8_COVERAGE)
 */
export async function gatherCoverage(folder: string): Promise<() => Promise<void>> {
  const session = new Session()
  session.connect()
  await session.post('Profiler.enable')
  await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  return async () => {
    const { result } = await session.post('Profiler.takePreciseCoverage')
    await session.post('Profiler.stopPreciseCoverage')
    session.disconnect()
    const own = result.filter(({ url }) => !/^node:|\/node_modules\/|\/__tests__\//.test(url))
    writeFileSync(join(folder, `jest-${randomUUID()}.json`), JSON.stringify({ result: own }))
  }
}
