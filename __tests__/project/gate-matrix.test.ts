import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { repositoryRoot } from '../../scripts/tools.ts'
import { runScript as runStep, scriptStepSchema, stepNamed as stepOf } from '../support/step-script.ts'

/** The reusable workflow: whether its parts fit together, and what its scripts do. */

const source = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8')
const workflowSource = source('.github/workflows/gate-matrix.yml')

const stepSchema = v.object({
  ...scriptStepSchema.entries,
  uses: v.optional(v.string()),
  if: v.optional(v.string()),
  'continue-on-error': v.optional(v.boolean()),
  with: v.optional(v.record(v.string(), v.union([v.string(), v.boolean(), v.number()])), {}),
})
const { on, jobs } = v.parse(
  v.object({
    on: v.object({
      workflow_call: v.object({
        inputs: v.record(v.string(), v.object({ required: v.optional(v.boolean(), false) })),
        secrets: v.record(v.string(), v.object({ required: v.boolean() })),
      }),
    }),
    jobs: v.object({
      gate: v.object({ 'runs-on': v.string(), strategy: v.unknown(), steps: v.array(stepSchema) }),
      verdict: v.object({ needs: v.string(), if: v.string(), steps: v.array(stepSchema) }),
    }),
  }),
  parse(workflowSource),
)
const { inputs, secrets } = on.workflow_call
const steps = [...jobs.gate.steps, ...jobs.verdict.steps]

const stepNamed = (name: string) => stepOf(steps, name)
const runScript = (name: string, env: Readonly<Record<string, string>>) => runStep(stepNamed(name), { env })

const expression = (text: string) => `\${{ ${text} }}`

/** What follows `context.` in the expressions of the workflow. */
const mentioned = (context: string) =>
  new Set([...workflowSource.matchAll(new RegExp(`\\b${context}\\.([\\w-]+)`, 'g'))].map(([, name]) => name))

describe('the parts', () => {
  test('every input is used, and no other', () => {
    expect(mentioned('inputs')).toEqual(new Set(Object.keys(inputs)))
  })

  test('the action gets only inputs that it has', () => {
    const action = v.parse(
      v.object({ inputs: v.record(v.string(), v.unknown()) }),
      parse(source('action.yml')),
    )
    const told = Object.keys(stepNamed('Open the gate').with)

    expect(Object.keys(action.inputs)).toEqual(expect.arrayContaining(told))
  })

  test.each([
    'revoke',
    'api-version',
    'expect',
    'key-access',
    'fail-on',
    'runtime-unknown',
    'model-days-left',
    'grant',
  ])('%s reaches every gate', name => {
    expect(stepNamed('Open the gate').with[name]).toBe(expression(`inputs.${name}`))
  })

  test.each(['deployments', 'runtime-principals', 'also'])(
    'a target without %s of its own takes those of the call',
    name => {
      expect(stepNamed('Open the gate').with[name]).toBe(
        expression(`join(matrix.target.${name}, fromJSON('"\\n"')) || inputs.${name}`),
      )
    },
  )

  test('a problem with the table fails neither a gate nor the verdict', () => {
    const { steps: ofGate } = jobs.gate
    const after = ofGate.slice(ofGate.indexOf(stepNamed('Open the gate')) + 1)
    const before = jobs.verdict.steps.slice(0, -1)

    expect(after).toHaveLength(2)
    expect(before).toHaveLength(2)
    for (const step of [...after, ...before]) expect(step['continue-on-error']).toBe(true)
    for (const step of after) expect(step.if).toMatch(/^always\(\)/)
  })

  test.each(['endpoint', 'subscription-id', 'token-audience', 'probe-url', 'probe-expect'])(
    '%s is that of the target',
    name => {
      expect(stepNamed('Open the gate').with[name]).toBe(expression(`matrix.target.${name}`))
    },
  )

  test('a retired key comes only as a secret, and is optional', () => {
    expect(secrets).toEqual({ 'retired-key': { required: false } })
    expect(Object.keys(inputs)).not.toContain('retired-key')
    expect(stepNamed('Open the gate').with['retired-key']).toBe(expression('secrets.retired-key'))
  })

  test('the runner of the gates is a label, or a list of labels in JSON', () => {
    expect(jobs.gate['runs-on']).toBe(
      expression(`startsWith(inputs.runs-on, '[') && fromJSON(inputs.runs-on) || inputs.runs-on`),
    )
  })

  test('the action comes from the repository and commit of the workflow', () => {
    const [, guard, checkout, gate] = jobs.gate.steps

    expect(guard?.name).toBe('Find out where this workflow comes from')
    expect(checkout?.uses).toMatch(/^actions\/checkout@/)
    expect(checkout?.with).toEqual({
      repository: expression('job.workflow_repository'),
      ref: expression('job.workflow_sha'),
      path: '.key-less-gate',
      'persist-credentials': false,
    })
    expect(gate?.uses).toBe(`./${checkout?.with.path}`)
  })

  test('no gate cancels another, and there is always a verdict', () => {
    expect(jobs.gate.strategy).toEqual({
      'fail-fast': false,
      'max-parallel': expression('inputs.max-parallel'),
      matrix: { target: expression('fromJSON(inputs.targets)') },
    })
    expect(jobs.verdict).toMatchObject({ needs: 'gate', if: 'always()' })
  })

  test('the example has every required input, and its targets have only known members', () => {
    const { jobs: ofCaller } = v.parse(
      v.object({
        jobs: v.object({
          gates: v.object({ with: v.record(v.string(), v.union([v.string(), v.number()])) }),
        }),
      }),
      parse(source('examples/matrix-of-regions.yml')),
    )
    const given = ofCaller.gates.with
    const required = Object.keys(inputs).filter(name => inputs[name]?.required)
    const targets = v.parse(v.array(v.record(v.string(), v.unknown())), JSON.parse(String(given.targets)))

    expect(Object.keys(given)).toEqual(expect.arrayContaining(required))
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(given)))
    expect(targets.length).toBeGreaterThan(1)
    expect([...mentioned('matrix.target')]).toEqual(expect.arrayContaining(targets.flatMap(Object.keys)))
  })
})

describe('a target', () => {
  // As expressions write JSON.
  const read = (target: unknown) =>
    runScript('Read the target', { TARGET: JSON.stringify(target, undefined, 2) })
  const whole = Object.fromEntries([...mentioned('matrix.target')].map(name => [name, 'x']))

  test.each<[string, unknown]>([
    ['all members that gates read', whole],
    ['lists', { ...whole, deployments: ['chat', 'embeddings=embeddings'], 'runtime-principals': [] }],
    ['members in another case', { Name: 'Sweden', Deployments: ['chat'] }],
    ['text that looks like an empty entry', { name: '\n    ""\n' }],
    ['nothing', {}],
  ])('can have %s', (_, target) => {
    expect(read(target)).toMatchObject({ status: 0, stdout: '' })
  })

  test.each<[string, unknown, RegExp]>([
    ['a misspelt member', { name: 'Sweden', deployment: ['chat'] }, /the member deployment, which no gate/],
    ['what is an input of the call', { grant: 'never' }, /the member grant, which no gate reads/],
    ['an empty entry', { deployments: ['chat', ''] }, /an empty entry/],
    ['an entry that is null', { deployments: ['chat', null] }, /an empty entry/],
    ['an entry of blanks', { deployments: [' \t', 'chat'] }, /an empty entry/],
    ['nothing but an empty entry', { 'runtime-principals': [''] }, /an empty entry/],
    ['a member that is a command', { '::x::\n##[y]': 1 }, /the member xny, which/],
  ])('with %s is refused', (_, target, says) => {
    const { status, stdout } = read(target)

    expect(status).toBe(1)
    expect(stdout).toMatch(/^::error title=Gate matrix::[^\n]*\n$/)
    expect(stdout).toMatch(says)
  })
})

describe('the source of the action', () => {
  const find = (OWN_REPOSITORY: string, OWN_COMMIT: string) =>
    runScript('Find out where this workflow comes from', { OWN_REPOSITORY, OWN_COMMIT })

  test('is used if the server names it', () => {
    expect(find('contoso/gates', '6dcb09b5b57875f334f61aebed695e2e4193db5e')).toMatchObject({
      status: 0,
      stdout: '',
    })
  })

  test.each([
    ['', ''],
    ['contoso/gates', ''],
    ['', '6dcb09b5b57875f334f61aebed695e2e4193db5e'],
  ])('is never guessed: repository %j, commit %j', (repository, commit) => {
    const { status, stdout } = find(repository, commit)

    expect(status).toBe(1)
    expect(stdout).toMatch(/^::error title=Gate matrix::This server does not say which .*\n$/)
  })
})

/** The lines of gates that ended so, as files of the artifacts. */
function lines(...gates: ReadonlyArray<Readonly<Record<string, string>>>) {
  return gates.map((gate, index) =>
    runStep(stepNamed('Write the line for the verdict'), {
      env: {
        CALL: '{}',
        INDEX: String(index),
        TOTAL: String(gates.length),
        NAME: 'Sweden',
        RESULT: 'passed',
        DIAGNOSIS: '',
        ROLE: 'direct',
        WAITED: '0.0',
        KEYS: 'disabled',
        ...gate,
      },
      runner: { RUNNER_TEMP: '.' },
    }),
  )
}

describe('the line of a gate', () => {
  const [passed, failed, odd] = lines(
    {},
    { RESULT: 'failed', DIAGNOSIS: 'access-denied', ROLE: 'missing', KEYS: 'enabled' },
    { NAME: '<b>|a|</b> `x` *y* @octocat [z](w)\n::error::q', RESULT: '', ROLE: '', WAITED: '', KEYS: '' },
  )

  test.each([
    ['of one that passed', passed, '| ✅ | Sweden | passed |  | direct | 0.0 s | disabled |\n'],
    ['of one that failed', failed, '| ❌ | Sweden | failed | access-denied | missing | 0.0 s | enabled |\n'],
    [
      'of one that never opened, with a name that is no text',
      odd,
      '| ❌ | &lt;b>&#124;a&#124;&lt;/b> &#96;x&#96; &#42;y&#42; &#64;octocat &#91;z](w)::error::q | failed |  |  |  |  |\n',
    ],
  ])('%s', (_, line, expected) => {
    expect(line).toMatchObject({ status: 0, stdout: '' })
    expect(Object.values(line?.files ?? {})).toEqual([expected])
  })

  test('is in a separate artifact, which the verdict of the same call finds', () => {
    const find = (CALL: string) => runScript('Find the gates of this call', { CALL }).outputs.artifacts ?? ''
    const artifact = passed?.outputs.artifact ?? ''

    expect(new Set([passed, failed, odd].map(line => line?.outputs.artifact)).size).toBe(3)
    expect(artifact).toMatch(new RegExp(`^${find('{}').replace('*', '0')}$`))
    expect(find('{"grant":"plan"}')).not.toBe(find('{}'))
  })
})

describe('the verdict', () => {
  const verdict = (GATES: string, GRANT: string, files: Readonly<Record<string, string>> = {}) =>
    runStep(stepNamed('Report the verdict'), { env: { GATES, GRANT }, files })

  test('lists every gate in one table, in the order of the targets', () => {
    const ended = lines(
      { NAME: 'East' },
      { NAME: 'West', RESULT: 'failed', DIAGNOSIS: 'network-blocked' },
      { NAME: 'North' },
    )
    const files = Object.assign({}, ...ended.map(({ files: own }) => own).toReversed())
    const inFolder = Object.fromEntries(
      Object.entries(files).map(([name, text]) => [`gates/${name}`, String(text)]),
    )
    const { summary } = verdict('failure', '', inFolder)

    expect(summary.split('\n').slice(4)).toEqual([
      '| | Target | Result | Diagnosis | Role | Live after | API keys |',
      '| --- | --- | --- | --- | --- | --- | --- |',
      '| ✅ | East | passed |  | direct | 0.0 s | disabled |',
      '| ❌ | West | failed | network-blocked | direct | 0.0 s | disabled |',
      '| ✅ | North | passed |  | direct | 0.0 s | disabled |',
      '',
    ])
    const [first] = Object.keys(inFolder)
    const some = Object.fromEntries(Object.entries(inFolder).filter(([name]) => name !== first))
    expect(verdict('failure', '', some).summary).toContain('2 of 3 gates are listed.')
  })

  test('has no table if no line was kept', () => {
    expect(verdict('success', '').summary).toBe('### ✅ Key-less Gate: passed\n\nEvery gate passed.\n')
  })

  test.each([
    ['', 'passed', 'Every gate passed.'],
    ['auto', 'passed', 'Every gate passed.'],
    ['never', 'passed', 'Every gate passed.'],
    ['plan', 'planned', 'Nothing was changed.'],
    [' Plan\n', 'planned', 'Nothing was changed.'],
  ])('of gates that all succeeded with grant %j is %s', (grant, result, said) => {
    const told = verdict('success', grant)

    expect(told).toMatchObject({ status: 0, outputs: { result }, stdout: expect.stringContaining(said) })
    expect(told.summary).toContain(
      `### ${result === 'planned' ? '📋' : '✅'} Key-less Gate: ${result}\n\n${said}`,
    )
  })

  test.each([
    ['a no-break space before it', '\u00a0plan'],
    ['a no-break space behind it', 'plan\u00a0'],
    ['a zero-width space', 'plan\u200b'],
    ['two values', 'auto never'],
    ['a value that there is not', 'yes'],
  ])('is failed if the gates succeeded and grant is unknown: %s', (_, grant) => {
    expect(verdict('success', grant)).toMatchObject({
      status: 1,
      outputs: { result: 'failed' },
      stdout:
        '::error title=Gate matrix::The input grant is none of auto, never and plan. Nothing is known to be proven.\n',
      summary: expect.stringContaining('### ❌ Key-less Gate: failed\n'),
    })
  })

  test.each(['failure', 'cancelled', 'skipped', ''])('of a matrix that ended as %j is failed', gates => {
    for (const grant of ['', 'plan'])
      expect(verdict(gates, grant)).toMatchObject({
        status: 1,
        outputs: { result: 'failed' },
        stdout: expect.stringMatching(/^::error title=Gate matrix::Not every gate passed .*\n$/),
        summary: expect.stringContaining('### ❌ Key-less Gate: failed\n'),
      })
  })
})
