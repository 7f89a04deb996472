import { Stryker } from '@stryker-mutator/core'
import jestConfig from '../../jest.config.js'

/**
 * Usage: npm run mutation [-- GROUP…]
 *
 * Changes what decides, one place at a time, and looks whether a test notices: of each group the tests that start nothing, neither
 * bundle nor server nor process. All groups take hours.
 */

/** What is changed, and the folders of the tests that have to notice. */
const groups = {
  text: [['src/core/text/*.ts'], ['core/text']],
  waiting: [['src/gate/waiting/*.ts'], ['gate/waiting']],
  permissions: [['src/azure/rbac/*.ts'], ['azure/rbac']],
  classifiers: [
    ['src/core/failures/*.ts', 'src/services/*/errors.ts'],
    ['core/failures', 'services'],
  ],
  routes: [
    ['src/azure/*.ts', 'src/services/inference/route.ts', 'src/services/resource-manager/account.ts'],
    ['azure', 'services'],
  ],
}

const wanted = process.argv.slice(2)
for (const [name, [mutate, tests]] of Object.entries(groups)) {
  if (wanted.length > 0 && !wanted.includes(name)) continue
  process.stdout.write(`\n${name}\n`)
  await new Stryker({
    mutate: [...mutate],
    packageManager: 'npm',
    testRunner: 'jest',
    testRunnerNodeArgs: ['--experimental-vm-modules', '--disable-warning=ExperimentalWarning'],
    jest: {
      projectType: 'custom',
      config: {
        ...jestConfig,
        testEnvironment: 'node',
        // Jest looks through these folders for every mutant.
        roots: ['src', ...tests.map(folder => `__tests__/${folder}`)].map(folder => `<rootDir>/${folder}`),
        testMatch: tests.map(folder => `<rootDir>/__tests__/${folder}/**/*.test.ts`),
      },
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
    concurrency: 1,
    timeoutMS: 60_000,
  }).runMutationTest()
}
