export default {
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  testMatch: ['<rootDir>/__tests__/**/*.test.ts'],
  transform: {
    '\\.ts$': '<rootDir>/scripts/jest/strip-types.ts',
    '/@actions/(languageservice|workflow-parser)/.+\\.js$': '<rootDir>/scripts/jest/json-imports.ts',
  },
  transformIgnorePatterns: ['/node_modules/(?!@actions/(languageservice|workflow-parser)/)'],
  // Scenarios spawn the action, some several times; a busy machine takes its time.
  testTimeout: 30_000,
  // Half of the time goes by in the processes that scenarios start: by default jest would leave a core of two alone.
  maxWorkers: '100%',
  coverageProvider: 'v8',
}
