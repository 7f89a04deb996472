import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Stryker } from '@stryker-mutator/core'

/**
 * Usage: npm run mutation [-- GROUP…]
 *
 * Changes the deciding code, one place at a time, and checks whether a test notices. Runs only the group's tests that start
 * no bundle, server or process. All groups together take hours.
 */

/** The files to change, and the tests that must notice. Mocha does not know braces in patterns. */
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

// A mutant in code that runs when a module is loaded needs a new process.
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
    // Stryker rewrites this file with an API that TypeScript 7 no longer has. Nothing here reads it.
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
    // A mutant that a test noticed before does not run again, unless its line or the test changed.
    incremental: true,
    incrementalFile,
    concurrency: 2,
    timeoutMS: 30_000,
  }).runMutationTest()
}

/** Stryker runs a survivor again if a new test covers it. It does not know which tests cover code that runs when a module is loaded. */
function forgetSurvivors(incrementalFile) {
  if (!existsSync(incrementalFile)) return
  const report = JSON.parse(readFileSync(incrementalFile, 'utf8'))
  for (const file of Object.values(report.files))
    file.mutants = file.mutants.filter(({ status }) => status === 'Killed' || status === 'Timeout')
  writeFileSync(incrementalFile, JSON.stringify(report))
}
