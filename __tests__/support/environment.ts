import { constants, createContext, runInContext } from 'node:vm'
import { TestEnvironment } from 'jest-environment-node'
import { coverageFolderVariable, gatherCoverage } from '../../scripts/jest/gather-coverage.ts'

declare global {
  /** Logs of the runs that the current test has started, line by line as they come. */
  var runLogs: string[][] | undefined
}

/** What is used here of the events of jest-circus. */
interface TestEvent {
  name: string
  test?: { name: string; errors: readonly unknown[] }
}

/**
 * As jest's own for Node, with two differences. A test that fails prints the logs of its runs. And globals are looked up as in any
 * other program: jest's context asks a proxy for every `Object`, `Promise` or `Math`, which makes what runs in it several times slower.
 */
export default class extends TestEnvironment {
  constructor(...given: ConstructorParameters<typeof TestEnvironment>) {
    super(...given)
    const context = createContext(constants.DONT_CONTEXTIFY)
    const global: typeof this.global = runInContext('this', context)
    shareGlobals(this.global, global)
    global.Error.stackTraceLimit = this.global.Error.stackTraceLimit
    this.context = context
    this.global = global
  }

  #endCoverage = async (): Promise<void> => {}

  override async setup(): Promise<void> {
    await super.setup()
    const folder = process.env[coverageFolderVariable]
    if (folder !== undefined) this.#endCoverage = await gatherCoverage(folder)
  }

  override async teardown(): Promise<void> {
    await this.#endCoverage()
    await super.teardown()
  }

  async handleTestEvent({ name, test }: TestEvent): Promise<void> {
    if (name === 'test_start') this.global.runLogs = []
    if (name !== 'test_done' || test === undefined || test.errors.length === 0) return
    for (const log of this.global.runLogs ?? [])
      process.stderr.write(`\nLog of a run in "${test.name}":\n${log.join('\n')}\n`)
  }
}

/** What the language itself has in every context, and jest takes from outside all the same: values of Node's own are made of them. */
const takenFromOutside = new Set<string | symbol>(['ArrayBuffer', 'Uint8Array'])

/** Gives a context what jest gave to another one; what Node makes when it is first used, when it is first used. */
function shareGlobals(from: object, to: object): void {
  for (const name of Reflect.ownKeys(from)) {
    if (name in to && !takenFromOutside.has(name)) continue
    const given = Object.getOwnPropertyDescriptor(from, name)
    if (given === undefined) continue
    const { enumerable = false } = given
    const settle = (value: unknown) => {
      Object.defineProperty(to, name, { value, enumerable, configurable: true, writable: true })
      return value
    }
    if ('value' in given) settle(given.value)
    else
      Object.defineProperty(to, name, {
        get: () => settle(Reflect.get(from, name)),
        set: settle,
        enumerable,
        configurable: true,
      })
  }
  Object.assign(to, { global: to })
}
