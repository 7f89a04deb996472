import * as v from 'valibot'
import { parse } from 'yaml'
import { textOf } from '../support/documents.ts'
import { runScript, scriptStepSchema, stepNamed } from '../support/step-script.ts'

/** What the live workflow makes of a conformance run, in place of which a script answers. */

const steps = v.array(v.object({ ...scriptStepSchema.entries, if: v.optional(v.string()) }))
const { jobs } = v.parse(
  v.object({ jobs: v.record(v.string(), v.object({ steps, if: v.optional(v.string()) })) }),
  parse(textOf('.github/workflows/live.yml')),
)
const stepsOf = (job: string) => jobs[job]?.steps ?? []

describe('the conformance run', () => {
  const step = stepNamed(stepsOf('conformance'), 'Send both sides the same requests')
  const env = Object.fromEntries(Object.keys(step.env).map(name => [name, '']))
  const run = (answer: string) =>
    runScript(
      { ...step, run: `mkdir -p node_modules/.bin && cp answer node_modules/.bin/node\n${step.run}` },
      { env, programs: { answer } },
    )

  test.each([
    [0, 'Nothing differs.', 0],
    [1, 'arm-usages: status', 0],
    [2, 'NOT REMOVED', 1],
  ])('that exits with %d after printing "%s" is shown, and the step exits with %d', (code, says, status) => {
    const ended = run(`echo '${says}'; exit ${code}`)

    expect(ended.status).toBe(status)
    expect(ended.files['differences.txt']).toBe(`${says}\n`)
    expect(ended.summary).toContain(`\n\`\`\`text\n${says}\n`)
    expect(ended.files['differences.md']).toBe(ended.summary)
  })

  test('gets the signal that the shell gets, and the shell waits for its cleanup', () => {
    const { status, files } = run(
      `trap 'sleep 0.2; echo taken back; exit 2' TERM; kill -TERM "$PPID"; for _ in {1..400}; do sleep 0.05; done`,
    )

    expect(files['differences.txt']).toBe('taken back\n')
    expect(status).toBe(1)
  })

  test('fits into an issue, even with many differences', () => {
    const { files } = run(`head -c 90000 /dev/zero | tr '\\0' x; exit 1`)

    expect(files['differences.txt']).toHaveLength(90_000)
    expect(files['differences.md']?.length).toBeLessThan(65_536)
    expect(files['differences.md']).toMatch(/\n```\n$/)
  })
})

describe('the issue', () => {
  const tell = (differences: string, open: string) =>
    runScript(stepNamed(stepsOf('tell'), 'Open or update the issue if something differs'), {
      env: { GH_TOKEN: 'none', REPOSITORY: 'contoso/gate' },
      files: { 'differences.txt': differences, 'differences.md': differences },
      programs: { gh: `if test "$2" = list; then echo '${open}'; else echo "$@"; fi` },
    })

  test('is opened once, and later runs update it', () => {
    expect(tell('arm-usages: status', '').stdout).toMatch(
      /^issue create --repo contoso\/gate --title Answers of the real /,
    )
    expect(tell('arm-usages: status', '7').stdout).toBe(
      'issue edit 7 --repo contoso/gate --body-file differences.md\n',
    )
  })

  test('is left alone if nothing differs', () => {
    expect(tell('real: 174 exchanges answered\nNothing differs.\n', '')).toMatchObject({
      status: 0,
      stdout: '',
    })
  })
})

test('a mode that fails stops neither the others nor the conformance run', () => {
  const [, , ...modes] = stepsOf('gate')

  expect(modes.length).toBeGreaterThan(5)
  for (const mode of modes) expect(mode.if).toMatch(/^\$\{\{ !cancelled\(\)/)
  expect(jobs.gate?.if).toMatch(/^\$\{\{ !cancelled\(\)/)
})

test('the variables that start a job are the ones that the docs set on the repository', () => {
  expect(jobs.conformance?.if).toBe("vars.LIVE_RESOURCE_ID != ''")
  expect(textOf('docs/conformance.md')).toContain('gh variable set LIVE_RESOURCE_ID --repo OWNER/REPO --body')
})
