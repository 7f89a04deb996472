import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { repositoryRoot } from '../../scripts/tools.ts'

const filesIn = (folder: string) => readdirSync(join(repositoryRoot, folder)).map(file => `${folder}/${file}`)
const files = [...filesIn('.github/workflows'), ...filesIn('examples')].filter(path => path.endsWith('.yml'))

const workflowSchema = v.object({
  on: v.record(v.string(), v.unknown()),
  permissions: v.record(v.string(), v.string()),
  jobs: v.record(
    v.string(),
    v.object({
      permissions: v.optional(v.record(v.string(), v.string())),
      uses: v.optional(v.string()),
      steps: v.optional(v.array(v.object({ uses: v.optional(v.string()), run: v.optional(v.string()) })), []),
    }),
  ),
})

const source = (file: string) => readFileSync(join(repositoryRoot, file), 'utf8')
const workflow = (file: string) => v.parse(workflowSchema, parse(source(file)))

/** By workflow, of its jobs: what they may do beyond reading the repository, or that they may not even do that. */
const toSignIn = { contents: 'read', 'id-token': 'write' }
const jobPermissions: Readonly<Record<string, Readonly<Record<string, Record<string, string>>>>> = {
  '.github/workflows/gate-matrix.yml': { gate: toSignIn, verdict: {} },
  'examples/attested-gate.yml': {
    gate: { 'id-token': 'write', attestations: 'write' },
    deploy: { contents: 'read', attestations: 'read' },
  },
  'examples/matrix-of-regions.yml': { gates: toSignIn },
}

test('there are workflows', () => {
  expect(files).toEqual(
    expect.arrayContaining([
      '.github/workflows/ci.yml',
      '.github/workflows/self-test.yml',
      ...Object.keys(jobPermissions),
    ]),
  )
})

describe.each(files)('%s', file => {
  test('may read the repository and, but for the jobs that sign in, do nothing else', () => {
    const { permissions, jobs } = workflow(file)
    const ofJobs = Object.entries(jobs).flatMap(([name, job]) =>
      job.permissions === undefined ? [] : [[name, job.permissions]],
    )

    expect(permissions).toEqual({ contents: 'read' })
    expect(Object.fromEntries(ofJobs)).toEqual(jobPermissions[file] ?? {})
  })

  test('never runs on pull_request_target, where a fork would meet secrets', () => {
    expect(Object.keys(workflow(file).on)).not.toContain('pull_request_target')
  })

  test('uses what is of this repository, or of others by full commit and with the version beside it', () => {
    const used = Object.values(workflow(file).jobs).flatMap(({ uses, steps }) =>
      [uses, ...steps.map(step => step.uses)].flatMap(reference => reference ?? []),
    )
    const written = [...source(file).matchAll(/^ *(?:- )?uses: (.*)/gm)].map(([, reference]) => reference)

    expect(written).toHaveLength(used.length)
    for (const reference of written)
      expect(reference).toMatch(
        /^(\.\/|OWNER\/key-less-gate[/@]|[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/,
      )
  })

  test('gives no text of an expression to a shell but through the environment', () => {
    const scripts = Object.values(workflow(file).jobs).flatMap(({ steps }) =>
      steps.flatMap(({ run }) => run ?? []),
    )

    for (const script of scripts) expect(script).not.toContain('${{')
  })
})
