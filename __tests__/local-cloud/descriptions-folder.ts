import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { repositoryRoot } from '../../scripts/tools.ts'

/** Names the folder of official API descriptions and recorded exchanges, which are no part of the repository. */
const variable = 'KEYLESS_GATE_DESCRIPTIONS'

const named = process.env[variable]
const folder = resolve(repositoryRoot, named ?? '../shared/specs')
if (named !== undefined && !existsSync(folder)) throw new Error(`${variable} names no folder: ${folder}`)

/** The address of a file in that folder, or of a folder where it ends in a slash. */
export const inDescriptions = (path: string): URL => new URL(path, pathToFileURL(`${folder}/`))

/** The part that anybody can check out: who names the folder has it. */
const published = inDescriptions('azure-rest-api-specs/')

/** Like `describe`; where what the tests compare with is absent, they are reported as skipped. */
export function describeComparison(title: string, comparedWith: URL, tests: () => void): void {
  if (existsSync(comparedWith)) describe(title, tests)
  else if (named !== undefined && comparedWith.href.startsWith(published.href))
    throw new Error(`The folder that ${variable} names has no ${fileURLToPath(comparedWith)}`)
  // The tests themselves can't be listed: some come from what is absent.
  else test.skip(`${title}: nothing to compare with, see ${variable}`, () => {})
}
