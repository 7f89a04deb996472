import { readFileSync } from 'node:fs'
import { raw } from 'jq-wasm'

/** jq for scripts under test, since not every machine has one: `jq [OPTION…] FILTER FILE`. */

const [filter = '', file = ''] = process.argv.slice(-2)
const result = await raw(readFileSync(file, 'utf8'), filter, process.argv.slice(2, -2))
process.stdout.write(`${result}\n`)
// What --exit-status is for; the library tells the output alone.
if (['', 'false', 'null'].includes(result)) process.exitCode = 1
