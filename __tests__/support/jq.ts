import { readFileSync } from 'node:fs'
import { raw } from 'jq-wasm'

/** jq for scripts under test, since not every machine has one: `jq [OPTION…] FILTER FILE`. */

const [filter = '', file = ''] = process.argv.slice(-2)
const options = process.argv.slice(2, -2)
const result = await raw(readFileSync(file, 'utf8'), filter, options)
process.stdout.write(`${result}\n`)
// The library tells the output alone.
if (options.includes('--exit-status') && ['', 'false', 'null'].includes(result)) process.exitCode = 1
