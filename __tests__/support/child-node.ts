import { join } from 'node:path'
import { coverageFolderVariable } from '../../scripts/jest/gather-coverage.ts'

/** For the Node processes that tests start, hundreds of them: what one of them has compiled serves all. */
export const compileCache = {
  NODE_COMPILE_CACHE: join(import.meta.dirname, '../../node_modules/.cache/key-less-gate'),
}

const coverage = process.env[coverageFolderVariable]

/** Variables of those that run what is counted, our sources or the bundle. Where coverage is gathered they gather it too, which code from a cache would blur: V8 sees no branches in it. */
export const childEnvironment: Readonly<Record<string, string>> =
  coverage === undefined ? compileCache : { NODE_V8_COVERAGE: coverage }

/** A line for sh that runs a file of the tests instead of the script, with the script's arguments. */
export const execNode = (file: string): string => {
  const variables = Object.entries(compileCache).map(([name, value]) => `${name}='${value}'`)
  return `exec env ${variables.join(' ')} '${process.execPath}' '${file}' "$@"`
}
