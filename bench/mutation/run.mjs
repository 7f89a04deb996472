import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Stryker } from '@stryker-mutator/core'

/**
 * Usage: npm run mutation [-- GROUP…]
 *
 * Changes what decides, one place at a time, and looks whether a test notices: of each group the tests that start nothing, neither
 * bundle nor server nor process. All groups take hours.
 */

/** What is changed, and the tests that have to notice. Mocha knows no braces. */
const groups = {
  text: [['core/text/*'], ['core/text/*']],
  waiting: [['gate/waiting/*'], ['gate/waiting/*']],
  permissions: [['azure/rbac/*'], ['azure/rbac/*']],
  classifiers: [
    ['core/failures/*', 'services/*/errors'],
    ['core/failures/*', 'services/*/errors', 'services/examples', 'services/recorded-replies'],
  ],
  routes: [
    ['azure/*', 'services/inference/route', 'services/resource-manager/account'],
    [
      'azure/*',
      'services/inference/route',
      'services/inference/apis',
      'services/resource-manager/account',
      'services/resource-manager/own-endpoint',
    ],
  ],
}

// A mutant of what runs when a module is loaded takes a process of its own.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'reports', 'compile-cache')

const wanted = process.argv.slice(2)
for (const [name, [mutate, tests]] of Object.entries(groups)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stdout.write(`\n${name}\n`)
  const incrementalFile = join(import.meta.dirname, 'reports', `${name}.incremental.json`)
  forgetSurvivors(incrementalFile)
  await new Stryker({
    mutate: mutate.map(path => `src/${path}.ts`),
    packageManager: 'npm',
    testRunner: 'mocha',
    testRunnerNodeArgs: ['--disable-warning=ExperimentalWarning'],
    mochaOptions: {
      require: [join(import.meta.dirname, 'jest-words.mjs')],
      spec: tests.map(path => `__tests__/${path}.test.ts`),
    },
    coverageAnalysis: 'perTest',
    disableTypeChecks: false,
    // Stryker rewrites it by an API that TypeScript 7 no longer has, and nothing here reads it.
    tsconfigFile: 'none',
    ignorePatterns: [
      'build',
      'coverage',
      'dist',
      'local-cloud/build',
      'bench/mutation/node_modules',
      'bench/mutation/reports',
    ],
    tempDirName: 'bench/mutation/.sandbox',
    reporters: ['progress-append-only', 'clear-text', 'json'],
    clearTextReporter: { allowColor: false, logTests: false, reportTests: false },
    jsonReporter: { fileName: `bench/mutation/reports/${name}.json` },
    // What a test noticed before, and neither line nor test has changed since, is not run again.
    incremental: true,
    incrementalFile,
    concurrency: 2,
    timeoutMS: 30_000,
  }).runMutationTest()
}

/** Stryker runs a survivor again where a new test covers it; of what runs when a module is loaded it does not know which do. */
function forgetSurvivors(incrementalFile) {
  if (!existsSync(incrementalFile)) return
  const report = JSON.parse(readFileSync(incrementalFile, 'utf8'))
  for (const file of Object.values(report.files))
    file.mutants = file.mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout')
  writeFileSync(incrementalFile, JSON.stringify(report))
}
