import { TestEnvironment } from 'jest-environment-node'

declare global {
  /** Logs of the runs that the current test has started, line by line as they come. */
  var runLogs: string[][] | undefined
}

/** What is used here of the events of jest-circus. */
interface TestEvent {
  name: string
  test?: { name: string; errors: readonly unknown[] }
}

/** As jest's own for Node; a test that fails prints the logs of its runs. */
export default class extends TestEnvironment {
  async handleTestEvent({ name, test }: TestEvent): Promise<void> {
    if (name === 'test_start') this.global.runLogs = []
    if (name !== 'test_done' || test === undefined || test.errors.length === 0) return
    for (const log of this.global.runLogs ?? [])
      process.stderr.write(`\nLog of a run in "${test.name}":\n${log.join('\n')}\n`)
  }
}
