import { isGreen, type Machine, planFor, readWorkflow, workflowAround } from '../../rehearsal/workflow.ts'

/** What is read from a workflow, whether it can be run, and what counts as green. */

const workflowOf = (job: string, head = 'on:\n  push:\n') =>
  readWorkflow('examples/deploy.yml', `${head}jobs:\n  deploy:\n${job.replaceAll(/^/gm, '    ')}\n`)

const complete: Machine = {
  hasProgram: () => true,
  hasAction: () => true,
  given: new Set(['AZURE_CLIENT_ID']),
}
const withoutPrograms: Machine = { ...complete, hasProgram: () => false }

describe('the event and the environment of a workflow', () => {
  test.each([
    ['on:\n  pull_request:\n  push:\n', 'push'],
    ['on:\n  pull_request:\n', 'pull_request'],
    ['on:\n  schedule: []\n  workflow_dispatch:\n', 'schedule'],
  ])('%j', (head, event) => {
    expect(workflowOf('steps: []', head)).toMatchObject({ event })
  })

  test('the job that can request a token decides whether it signs in, and in which environment', () => {
    const job = 'environment: production\npermissions:\n  id-token: write\nsteps: []'

    expect(workflowOf(job)).toMatchObject({ signsIn: true, environment: 'production' })
    expect(workflowOf(job.replace('write', 'none'))).toMatchObject({ signsIn: false, environment: undefined })
  })

  test.each([
    ['never', true],
    ['plan', true],
    ['auto', false],
  ])('grant: %s of the first gate', (grant, expectsRole) => {
    const gate = (value: string) => `- uses: contoso/key-less-gate@v1\n  with:\n    grant: ${value}\n`

    expect(workflowOf(`steps:\n${gate(grant)}${gate('never')}`)).toMatchObject({ expectsRole })
  })
})

describe('a workflow is run', () => {
  test.each([
    ['the gate, whoever publishes it', 'steps:\n- uses: contoso/key-less-gate@v1'],
    ['a checkout, which act makes', 'steps:\n- uses: actions/checkout@v7'],
    ['a sign-in to az', 'steps:\n- uses: azure/login@v3'],
    ['a program that is there', 'steps:\n- run: jq . file.json'],
    ['a variable with a value', `steps:\n- run: echo "\${{ vars.AZURE_CLIENT_ID }}"`],
  ])('with %s', (_, job) => {
    expect(planFor(workflowOf(job), complete)).toEqual({ missing: [], standIns: new Map() })
  })

  test.each<[string, Partial<Machine>, string]>([
    ['az', { hasProgram: () => false }, 'az is not installed'],
    ['the action', { hasAction: () => false }, 'it cannot be fetched from github.com'],
  ])('with a stand-in for azure/login if %s is missing', (_, lacking, why) => {
    expect(planFor(workflowOf('steps:\n- uses: azure/login@v3'), { ...complete, ...lacking })).toEqual({
      missing: [],
      standIns: new Map([['azure/login@v3', why]]),
    })
  })
})

describe('in a workflow of this repository', () => {
  const own = (job: string) =>
    readWorkflow(
      '.github/workflows/live.yml',
      `on:\n  push:\njobs:\n  one:\n${job.replaceAll(/^/gm, '    ')}\n`,
    )

  test('the gate is the repository itself', () => {
    const workflow = own('steps:\n- uses: ./\n- run: gh issue list')

    expect(planFor(workflow, withoutPrograms)).toEqual({ missing: [], standIns: new Map() })
  })

  test.each(['actions/upload-artifact@v7', 'actions/download-artifact@v8'])(
    '%s is run where somebody has it, and stood in for elsewhere',
    uses => {
      const workflow = own(`steps:\n- uses: ${uses}`)

      expect(planFor(workflow, complete).standIns.size).toBe(0)
      expect([...planFor(workflow, { ...complete, hasAction: () => false }).standIns.keys()]).toEqual([uses])
    },
  )
})

describe('the plan names what is missing', () => {
  test.each([
    [
      'uses: contoso/key-less-gate/.github/workflows/gate-matrix.yml@v1',
      'act does not set job.workflow_repository',
    ],
    ['steps:\n- uses: actions/attest@v4', 'actions/attest: a service of GitHub'],
    ['concurrency:\n  group: one\n  queue: max\nsteps: []', 'concurrency.queue: act does not know it'],
    ['steps:\n- run: az deployment group create', 'az deployment: the local cloud deploys no templates'],
    [
      'steps:\n- run: az rest --url /providers/Microsoft.ResourceGraph/resources',
      'Resource Graph: the local cloud has none',
    ],
    ['steps:\n- run: gh attestation verify', 'gh attestation: a service of GitHub'],
    [`steps:\n- run: echo "\${{ vars.REGION }}"`, 'REGION: no value is known'],
    [`steps:\n- run: echo "\${{ secrets.KEY }}"`, 'KEY: no value is known'],
  ])('%j', (job, what) => {
    expect(planFor(workflowOf(job), complete).missing).toEqual([expect.stringContaining(what)])
  })

  test.each([
    ['jq . file.json', ['jq: not installed']],
    ['cat file.json | jq .', ['jq: not installed']],
    ['found=$(az account show)', ['az: not installed']],
    ['curl https://contoso.example && gh api user', ['curl: not installed']],
    // Nothing is posted from here.
    ['gh pr comment 7 --body-file plan.md', []],
    ['./deploy.sh # as az is signed in', []],
  ])('programs of %j', (run, missing) => {
    const job = `steps:\n- run: ${JSON.stringify(run)}`
    expect(planFor(workflowOf(job), withoutPrograms).missing).toEqual(missing)
  })
})

describe('green is', () => {
  const deploying = workflowOf('steps:\n- run: ./deploy.sh')
  const log = 'deploy.sh has begun.\nJob succeeded\n'

  test('a job that succeeded and reached the deployment', () => {
    expect(isGreen(deploying, { status: 0, log })).toBe(true)
    expect(isGreen(workflowOf('steps: []'), { status: 0, log: 'Job succeeded\n' })).toBe(true)
  })

  test('every script that the steps name, and not only the first', () => {
    const both = workflowOf('steps:\n- run: ./evaluate.sh && ./deploy.sh\n- run: ./plain-shell.sh')

    expect(isGreen(both, { status: 0, log })).toBe(false)
    expect(isGreen(both, { status: 0, log: `evaluate.sh has begun.\n${log}` })).toBe(true)
  })

  test.each([
    ['an act that failed', { status: 1, log }],
    ['a job that was left out', { status: 0, log: '' }],
    ['a deployment that was not reached', { status: 0, log: 'Job succeeded\n' }],
  ])('not %s', (_, run) => {
    expect(isGreen(deploying, run)).toBe(false)
  })
})

describe('steps that a page shows', () => {
  const around = (steps: string) => workflowAround('docs/page.md, A heading', `steps:\n${steps}`)

  test('run in a job that may sign in, after a checkout', () => {
    expect(around('- run: ./deploy.sh')).toMatchObject({
      path: 'docs/page.md, A heading',
      event: 'push',
      signsIn: true,
      actions: ['actions/checkout@v7'],
      scripts: '\n./deploy.sh',
    })
  })

  test('keep the checkout that they have', () => {
    expect(around('- uses: actions/checkout@v6').actions).toEqual(['actions/checkout@v6'])
  })
})
