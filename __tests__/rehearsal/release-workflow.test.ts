import { readSteps, subjectsOf } from '../../rehearsal/release-workflow.ts'
import { textOf } from '../support/documents.ts'

/** What of the release is played without GitHub: its scripts, and what it would attest. */

const workflow = (step: string) =>
  `jobs:\n  verify:\n    steps:\n      - uses: actions/checkout@v7\n      - ${step}\n`

describe('the scripts of a job', () => {
  test('come in their order, with values instead of expressions', () => {
    const text = workflow(
      `run: npm ci\n      - name: Pack\n        run: npm pack\n        env:\n          TO: \${{ runner.temp }}/package`,
    )

    expect(readSteps(text, 'verify', { 'runner.temp': '/runner' })).toEqual([
      { name: 'npm ci', script: 'npm ci', env: {} },
      { name: 'Pack', script: 'npm pack', env: { TO: '/runner/package' } },
    ])
  })

  test.each([
    ['a job that is not there', 'publish', 'run: npm ci', 'The workflow has no job publish'],
    [
      'what nobody knows',
      'verify',
      `run: echo \${{ github.token }}`,
      'Nobody here knows the value of github.token',
    ],
  ])('are refused for %s', (_, job, step, message) => {
    expect(() => readSteps(workflow(step), job, {})).toThrow(message)
  })

  test('of release.yml are these, before anything is published', () => {
    const steps = readSteps(textOf('.github/workflows/release.yml'), 'verify', { 'runner.temp': '/runner' })

    expect(steps.map(({ name }) => name)).toEqual([
      'npm ci',
      'The tag, the version and the changelog agree',
      'dist is what the sources build',
      'Pack the local cloud',
    ])
  })
})

describe('what is attested', () => {
  test('is called by the name of its file, once for each content', () => {
    const files = [
      { path: 'dist/index.js', sha256: 'a' },
      { path: 'dist/local-cloud/cli/index.js', sha256: 'b' },
      { path: 'dist/local-cloud/setup/index.js', sha256: 'b' },
    ]

    expect(subjectsOf(files)).toEqual([
      { name: 'index.js', digest: { sha256: 'a' } },
      { name: 'index.js', digest: { sha256: 'b' } },
    ])
  })

  test.each([
    [0, 'There is nothing to attest.'],
    [1025, '1025 files are to be attested: 1024 is the most.'],
  ])('is not %i files', (length, message) => {
    const files = Array.from({ length }, (_, at) => ({ path: `dist/${at}.js`, sha256: String(at) }))

    expect(() => subjectsOf(files)).toThrow(message)
  })
})
