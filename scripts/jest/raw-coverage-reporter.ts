import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { coverageFolderVariable } from '../raw-coverage.ts'

/** The part of jest's TestResult that is used here; jest gives paths where V8 gives URLs. */
interface CoveredTestResult {
  v8Coverage?: ReadonlyArray<{ result: { url: string } }>
}

/**
 * Jest reporter: keeps what V8 counted inside a test file, in the form in which Node leaves the counts of a process behind
 * (NODE_V8_COVERAGE), so that both can be added up before anything is rounded to lines.
 */
export default class RawCoverageReporter {
  #files = 0

  onTestResult(_test: unknown, { v8Coverage }: CoveredTestResult): void {
    const folder = process.env[coverageFolderVariable]
    if (folder === undefined || v8Coverage === undefined) return
    const result = v8Coverage.map(({ result: script }) => ({
      ...script,
      url: pathToFileURL(script.url).href,
    }))
    this.#files += 1
    writeFileSync(join(folder, `jest-${this.#files}.json`), JSON.stringify({ result }))
  }
}
