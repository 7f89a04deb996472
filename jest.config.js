export default {
  testEnvironment: '<rootDir>/__tests__/support/environment.ts',
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  testSequencer: '<rootDir>/scripts/jest/longest-first.js',
  transform: {
    '\\.ts$': '<rootDir>/scripts/jest/strip-types.ts',
    '/@actions/(languageservice|workflow-parser)/.+\\.js$': '<rootDir>/scripts/jest/json-imports.ts',
  },
  transformIgnorePatterns: ['/node_modules/(?!@actions/(languageservice|workflow-parser)/)'],
  // Ends what hangs, and measures nothing: scenarios spawn processes, and a busy machine takes its time.
  testTimeout: 120_000,
  // Half of the time goes by in the processes that scenarios start: by default jest would leave a core of two alone.
  maxWorkers: '100%',
  // Jest leaks what a test file has loaded, and the more a process holds the slower it is.
  workerIdleMemoryLimit: '350MB',
}
