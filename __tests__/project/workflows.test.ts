import * as v from 'valibot'
import { parse } from 'yaml'
import { filesLike, textOf } from '../support/documents.ts'
import { ownRepository } from '../support/own-actions.ts'

const files = filesLike(/^(\.github\/workflows|examples)\/.*\.ya?ml$/)
const composites = filesLike(/^\.github\/actions\/.*\/action\.ya?ml$/)
const documents = filesLike(/\.md$/)

const stepsSchema = v.array(
  v.object({
    uses: v.optional(v.string()),
    run: v.optional(v.string()),
    with: v.optional(v.record(v.string(), v.unknown()), {}),
  }),
)

const workflowSchema = v.object({
  on: v.record(v.string(), v.unknown()),
  permissions: v.record(v.string(), v.string()),
  jobs: v.record(
    v.string(),
    v.object({
      permissions: v.optional(v.record(v.string(), v.string())),
      if: v.optional(v.string()),
      needs: v.optional(
        v.union([
          v.array(v.string()),
          v.pipe(
            v.string(),
            v.transform(name => [name]),
          ),
        ]),
        [],
      ),
      uses: v.optional(v.string()),
      steps: v.optional(stepsSchema, []),
    }),
  ),
})

const workflow = (file: string) => v.parse(workflowSchema, parse(textOf(file)))
const compositeSchema = v.object({ runs: v.object({ steps: stepsSchema }) })

/** Jobs, and composite actions as if each were one. */
function jobsOf(file: string) {
  if (!composites.includes(file)) return Object.values(workflow(file).jobs)
  return [{ uses: undefined, steps: v.parse(compositeSchema, parse(textOf(file))).runs.steps }]
}

/** What follows each `uses:`, as it is written. */
const usesIn = (file: string) =>
  [...textOf(file).matchAll(/^ *(?:- )?uses: (.*)/gm)].map(([, reference]) => reference)

/** This repository, or another by full commit and with the version beside it. OWNER stands for anyone who uses a workflow. */
const ownOrPinned = new RegExp(
  String.raw`^(\./|OWNER/REPO/|${ownRepository}[/@]|[\w-]+/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)`,
)

/** By workflow, of its jobs: what they may do beyond reading the repository, or that they may not even do that. */
const toSignIn = { contents: 'read', 'id-token': 'write' }
const jobPermissions: Readonly<Record<string, Readonly<Record<string, Record<string, string>>>>> = {
  '.github/workflows/ci.yml': { required: {} },
  '.github/workflows/codeql.yml': { analyze: { contents: 'read', 'security-events': 'write' } },
  '.github/workflows/drift.yml': { propose: { contents: 'write', 'pull-requests': 'write' } },
  '.github/workflows/gate-matrix.yml': { gate: toSignIn, verdict: {} },
  '.github/workflows/live.yml': {
    gate: { contents: 'read', 'id-token': 'write' },
    conformance: { contents: 'read', 'id-token': 'write' },
    tell: { issues: 'write' },
  },
  '.github/workflows/release.yml': {
    attest: { attestations: 'write', 'id-token': 'write' },
    npm: { 'id-token': 'write' },
    publish: { contents: 'write' },
  },
  '.github/workflows/scorecard.yml': {
    analyze: { contents: 'read', 'id-token': 'write', 'security-events': 'write' },
  },
  'examples/attested-gate.yml': {
    gate: { 'id-token': 'write', attestations: 'write' },
    deploy: { contents: 'read', attestations: 'read' },
  },
  'examples/after-infrastructure.yml': { deploy: toSignIn },
  'examples/drift-check.yml': { drift: toSignIn },
  'examples/environment-with-approval.yml': { deploy: toSignIn },
  'examples/fleet.yml': { find: toSignIn, gates: toSignIn },
  'examples/gateway.yml': { deploy: toSignIn },
  'examples/matrix-of-regions.yml': { gates: toSignIn },
  'examples/plain-shell.yml': { deploy: toSignIn },
  'examples/plan-on-pull-requests.yml': { plan: { ...toSignIn, 'pull-requests': 'write' } },
  'examples/probe-the-app.yml': { deploy: toSignIn },
  'examples/temporary-grant.yml': { deploy: toSignIn },
}

test('the workflows with more permissions exist', () => {
  expect(files).toEqual(expect.arrayContaining(['.github/workflows/ci.yml', ...Object.keys(jobPermissions)]))
  expect(composites).not.toEqual([])
})

test('an action of one version has the same commit everywhere', () => {
  const pinned = [...files, ...composites, ...documents].flatMap(file =>
    [...textOf(file).matchAll(/uses: ([\w-]+\/[\w-]+)\S*@([0-9a-f]{40}) # (v\S+)/g)].map(
      ([, action, commit, version]) => ({ commit, name: `${action} ${version}` }),
    ),
  )
  const commits = Map.groupBy(pinned, ({ name }) => name)
  const several = [...commits].filter(([, uses]) => new Set(uses.map(({ commit }) => commit)).size > 1)

  expect(several.map(([name]) => name)).toEqual([])
})

test('the job of CI that branch rules require needs every other job, and always runs', () => {
  const { required, ...others } = workflow('.github/workflows/ci.yml').jobs

  expect(Object.keys(others)).not.toEqual([])
  expect(required?.needs.toSorted()).toEqual(Object.keys(others).toSorted())
  expect(required?.if).toBe('always()')
})

/** What CI checks too (dist), and what only advises: a finding or a new dependency may be right. */
const besideRequired = ['check-dist', 'codeql', 'dependency-review']

test('any other workflow that checks pull requests is required by name', () => {
  const checking = files.filter(
    file => file.startsWith('.github/') && Object.hasOwn(workflow(file).on, 'pull_request'),
  )
  const others = checking.filter(
    file => ![...besideRequired, 'ci'].some(name => file === `.github/workflows/${name}.yml`),
  )

  expect(others).toEqual(['.github/workflows/self-test.yml'])
  expect(textOf('CONTRIBUTING.md')).toContain(
    'the job `required` of CI and the job `The gate on the local cloud` of the self-test',
  )
  expect(textOf('.github/workflows/self-test.yml')).toContain('name: The gate on the local cloud')
})

test('documents pin actions as the workflows do', () => {
  const shown = documents.flatMap(usesIn)

  expect(shown).not.toEqual([])
  for (const reference of shown) expect(reference).toMatch(ownOrPinned)
})

describe.each(files)('%s', file => {
  test('can only read the repository, except for the jobs listed above', () => {
    const { permissions, jobs } = workflow(file)
    const ofJobs = Object.entries(jobs).flatMap(([name, job]) =>
      job.permissions === undefined ? [] : [[name, job.permissions]],
    )

    expect(permissions).toEqual({ contents: 'read' })
    expect(Object.fromEntries(ofJobs)).toEqual(jobPermissions[file] ?? {})
  })

  test('never runs on pull_request_target, where a fork could reach secrets', () => {
    expect(Object.keys(workflow(file).on)).not.toContain('pull_request_target')
  })
})

describe.each([...files, ...composites])('%s', file => {
  test('pins actions of other repositories by full commit, with the version beside it', () => {
    const used = jobsOf(file).flatMap(({ uses, steps }) =>
      [uses, ...steps.map(step => step.uses)].flatMap(reference => reference ?? []),
    )
    const written = usesIn(file)

    expect(written).toHaveLength(used.length)
    for (const reference of written) expect(reference).toMatch(ownOrPinned)
  })

  test('leaves no token in a checkout', () => {
    const checkouts = jobsOf(file).flatMap(({ steps }) =>
      steps.filter(({ uses }) => uses?.startsWith('actions/checkout@')),
    )

    for (const checkout of checkouts) expect(checkout.with['persist-credentials']).toBe(false)
  })

  // `steps.pin` reads a commit of descriptions.json, whose schema asks for a full one.
  test('pins checkouts of other repositories by full commit', () => {
    const checkouts = jobsOf(file).flatMap(({ steps }) =>
      steps.filter(
        ({ uses, with: { repository } }) => uses?.startsWith('actions/checkout@') && repository !== undefined,
      ),
    )

    for (const checkout of checkouts)
      expect(checkout.with.ref).toMatch(
        /^([0-9a-f]{40}|\$\{\{ (job\.workflow_sha|steps\.pin\.outputs\.commit) \}\})$/,
      )
  })

  test('passes expressions to a shell only through the environment', () => {
    const scripts = jobsOf(file).flatMap(({ steps }) => steps.flatMap(({ run }) => run ?? []))

    for (const script of scripts) expect(script).not.toContain('${{')
  })
})

test('zizmor checks every example, because it skips folders', () => {
  const { jobs } = workflow('.github/workflows/ci.yml')
  const inputs = Object.values(jobs)
    .flatMap(({ steps }) => steps)
    .filter(({ uses }) => uses?.startsWith('zizmorcore/'))
    .map(step => String(step.with.inputs).split(/\s+/))

  expect(inputs).toEqual([
    expect.arrayContaining(['.github', ...files.filter(file => file.startsWith('examples/'))]),
  ])
})
