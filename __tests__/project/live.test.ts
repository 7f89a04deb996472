import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { modes } from '../../conformance/modes.ts'
import { textOf } from '../support/documents.ts'
import { runScript, scriptStepSchema, stepNamed } from '../support/step-script.ts'

/** What the live workflow makes of a conformance run, in place of which a script answers. */

const text = v.optional(v.string())
const steps = v.array(v.object({ ...scriptStepSchema.entries, id: text, if: text }))
const needs = v.optional(v.union([v.string(), v.array(v.string())]))
const { jobs } = v.parse(
  v.object({ jobs: v.record(v.string(), v.object({ steps, if: text, needs })) }),
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
    [1, '1 differences.', 0],
    [2, 'NOT REMOVED', 1],
    // A program that breaks.
    [1, 'Error: Cannot find module', 1],
  ])('that exits with %d after printing "%s" ends the step with %d', (code, says, status) => {
    const ended = run(`echo '${says}'; exit ${code}`)

    const why =
      status === 0 ? '' : `The conformance run ended with exit code ${code}. The log of its job says why.\n`

    expect(ended.status).toBe(status)
    // The issue quotes it.
    expect(ended.files['differences.txt']).toBe(`${says}\n${why}`)
  })

  test('gets the signal that the shell gets, and the shell waits for its cleanup', () => {
    const { status, files } = run(
      `trap 'sleep 0.2; echo taken back; exit 2' TERM; kill -TERM "$PPID"; for _ in {1..400}; do sleep 0.05; done`,
    )

    expect(files['differences.txt']).toMatch(/^taken back\nThe conformance run ended with exit code 2\./)
    expect(status).toBe(1)
  })
})

describe('what is kept of the modes', () => {
  const step = stepNamed(stepsOf('gate'), 'Keep what became of each mode')

  test('is how each step ended, and each report that there is, by the id of its step', () => {
    const report = (name: string) => ({ outcome: 'success', outputs: { report: name } })
    const steps = { plan: report('a b.json'), probe: { outcome: 'skipped', outputs: {} } }
    const { status } = runScript(
      {
        ...step,
        run: `${step.run}\ncd modes\ncat mode-plan.json\ntest "$(ls | xargs)" = "mode-plan.json steps.json"`,
      },
      { env: { STEPS: JSON.stringify(steps) }, runner: { RUNNER_TEMP: '.' }, files: { 'a b.json': '{}' } },
    )

    expect(status).toBe(0)
  })

  test('of every mode that the issue has a row for, and of no other', () => {
    const withId = stepsOf('gate').flatMap(({ id }) => id ?? [])

    expect(withId).toEqual(modes.map(({ step }) => step))
  })

  test('a mode that waits for a variable is told by that variable', () => {
    for (const { step, variable } of modes) {
      const needed = /vars\.(\w+)/.exec(stepsOf('gate').find(({ id }) => id === step)?.if ?? '')?.[1]
      expect(needed).toBe(variable)
    }
  })
})

describe('what was found', () => {
  test('is written by a program that needs no package of the tests', () => {
    const dependencies = v.parse(
      v.object({ dependencies: v.record(v.string(), v.string()) }),
      JSON.parse(textOf('package.json')),
    )
    const read = new Set<string>()
    const packages = new Set<string>()
    const follow = (path: string) => {
      if (read.has(path)) return
      read.add(path)
      for (const [, from = ''] of textOf(path).matchAll(
        /^(?:(?:import|export) (?!type ).*|\} )from '([^']+)'/gm,
      ))
        if (from.startsWith('.')) follow(join(dirname(path), from))
        else if (!from.startsWith('node:')) packages.add(from)
    }
    follow('conformance/tell.ts')

    expect(read.size).toBeGreaterThan(5)
    expect(packages).toContain('valibot')
    expect(Object.keys(dependencies.dependencies)).toEqual(expect.arrayContaining([...packages]))
    expect(stepsOf('found').map(({ run }) => run)).toContain('npm ci --omit=dev')
  })

  const step = stepNamed(stepsOf('found'), 'Write it')
  const write = (code: number) =>
    runScript(
      { ...step, run: `mkdir -p node_modules/.bin && cp answer node_modules/.bin/node\n${step.run}` },
      { env: { FOUND: 'found', RUN: 'run' }, programs: { answer: `echo "$@"; exit ${code}` } },
    )

  test.each([
    [0, 0, {}],
    [3, 0, { 'worth-an-issue': 'true' }],
  ])('is shown, and worth an issue where the writer ends with 3: %d', (code, status, outputs) => {
    const written = write(code)

    expect(written).toMatchObject({ status, outputs, summary: 'conformance/tell.ts found run\n' })
    expect(written.files['issue.md']).toBe(written.summary)
  })

  test('a writer that breaks fails the job', () => {
    expect(write(1).status).toBe(1)
  })
})

describe('the issue', () => {
  const tell = (open: string) =>
    runScript(stepNamed(stepsOf('tell'), 'Open or update the issue'), {
      env: { GH_TOKEN: 'none', REPOSITORY: 'contoso/gate' },
      files: { 'issue.md': 'Found' },
      programs: { gh: `if test "$2" = list; then echo '${open}'; else echo "$@"; fi` },
    })

  test('is opened once, and later runs update it', () => {
    expect(tell('').stdout).toMatch(/^issue create --repo contoso\/gate --title What /)
    expect(tell('7').stdout).toBe('issue edit 7 --repo contoso/gate --body-file issue.md\n')
  })

  test('waits for both jobs, and is left alone if nobody has to look', () => {
    expect(jobs.found?.needs).toEqual(['conformance', 'gate'])
    expect(jobs.tell?.if).toContain("needs.found.outputs.worth-an-issue == 'true'")
  })
})

test('a mode that fails stops neither the others nor the conformance run', () => {
  const [, , ...others] = stepsOf('gate')

  expect(others.length).toBeGreaterThan(5)
  for (const step of others) expect(step.if).toMatch(/^\$\{\{ !cancelled\(\)/)
  expect(jobs.gate?.if).toMatch(/^\$\{\{ !cancelled\(\)/)
})

test('the variables that start a job are the ones that the docs set on the repository', () => {
  expect(jobs.conformance?.if).toBe("vars.LIVE_RESOURCE_ID != ''")
  expect(textOf('docs/conformance.md')).toContain('gh variable set LIVE_RESOURCE_ID --repo OWNER/REPO --body')
})
