import { globSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type FindPlaces, findInBundle } from './bundle-places.ts'
import { coverageFolderVariable } from './jest/gather-coverage.ts'
import { countRuns, lineHits, statements } from './raw-coverage.ts'
import { repositoryRoot, runNode, temporaryFolder } from './tools.ts'

/**
 * Runs the tests, and demands that nearly every line of the action and of the local cloud was run by them: inside a test, which runs
 * the sources, in a process that a test started from them, or in a process of the action, which runs the bundle and is traced back to
 * the sources. Arguments are jest's, as those of `npm test`.
 */

const folders = ['src', 'local-cloud']
const minimumPercent = 95

interface FileLines {
  /** Relative to the repository. */
  path: string
  total: number
  missed: number[]
}

function runTests(args: readonly string[], environment: Readonly<Record<string, string>>): void {
  const options = ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning']
  runNode([...options, 'node_modules/jest/bin/jest.js', ...args], environment)
}

/** Files without a single statement (types only) have nothing to run and are left out. */
function measure(coverageFolder: string, placesInBundle: FindPlaces): FileLines[] {
  const sources = folders
    .flatMap(folder => globSync(join(repositoryRoot, folder, '**/*.ts')))
    // Declarations that a build of the package left behind hold nothing that runs.
    .filter(path => !path.endsWith('.d.ts'))
    .toSorted()
    .map(file => {
      const path = relative(repositoryRoot, file)
      const url = pathToFileURL(file).href
      const lines = statements(readFileSync(file, 'utf8')).map(statement => ({
        line: statement.line,
        places: [{ url, offset: statement.start }, ...placesInBundle(path, statement)],
      }))
      return { path, lines }
    })
  const count = countRuns(
    coverageFolder,
    sources.flatMap(({ lines }) => lines.flatMap(({ places }) => places)),
  )
  return sources
    .map(({ path, lines }) => {
      const hits = lineHits(lines, count)
      const missed = [...hits].filter(([, runs]) => runs === 0).map(([line]) => line)
      return { path, total: hits.size, missed: missed.toSorted((a, b) => a - b) }
    })
    .filter(({ total }) => total > 0)
}

function percentRun(files: readonly FileLines[]): number {
  const total = files.reduce((sum, file) => sum + file.total, 0)
  const missed = files.reduce((sum, file) => sum + file.missed.length, 0)
  return total === 0 ? 0 : (100 * (total - missed)) / total
}

const row = (percent: number, text: string) => `${percent.toFixed(1).padStart(6)} %  ${text}\n`

// First: where dist/ is stale, no test of it says anything.
const placesInBundle = await findInBundle()
const coverageFolder = temporaryFolder()
const gathering = { [coverageFolderVariable]: coverageFolder }
runTests(process.argv.slice(2), gathering)
const files = measure(coverageFolder, placesInBundle)
for (const file of files) {
  const missed = file.missed.length > 0 ? `  not run: ${file.missed.join(', ')}` : ''
  process.stdout.write(row(percentRun([file]), file.path + missed))
}
for (const folder of folders) {
  const percent = percentRun(files.filter(({ path }) => path.startsWith(`${folder}/`)))
  process.stdout.write(row(percent, `of the lines of ${folder}/`))
  if (percent < minimumPercent) {
    process.stdout.write(`${folder}/ must reach ${minimumPercent} %.\n`)
    process.exitCode = 1
  }
}
