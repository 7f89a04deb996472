import { readSteps, subjectsOf } from '../../rehearsal/release-workflow.ts'
import { textOf } from '../support/documents.ts'

/** What of the release is played without GitHub: its scripts, and what it would attest. */

const workflow = (step: string) =>
  `jobs:\n  verify:\n    steps:\n      - uses: actions/checkout@v7\n      - ${step}\n`

describe('the scripts of a job', () => {
  test('come in order, with values instead of expressions', () => {
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
      'The rehearsal has no value for github.token',
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
      'Pack dist',
    ])
  })
})

describe('what is attested', () => {
  const [one, other] = ['a'.repeat(64), 'b'.repeat(64)]

  test('is the output of sha256sum, each file once', () => {
    expect(subjectsOf(`${one}  dist/index.js\n${other} *dist.tar.gz\n${one}  dist/index.js\n`)).toEqual([
      { name: 'dist/index.js', digest: { sha256: one } },
      { name: 'dist.tar.gz', digest: { sha256: other } },
    ])
  })

  test.each([
    ['nothing', '', 'There is nothing to attest.'],
    [
      'more than GitHub takes',
      `${one}  x\n`.repeat(1025),
      '1025 files to attest are too many: the limit is 1024.',
    ],
    // sha256sum writes a backslash before a name that it had to escape.
    ['a line that would be skipped', `\\${one}  dist/a\\nb\n`, 'does not name a file and its digest'],
  ])('is not %s', (_, checksums, message) => {
    expect(() => subjectsOf(checksums)).toThrow(message)
  })
})
