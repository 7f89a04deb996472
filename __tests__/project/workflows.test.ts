import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'
import { repositoryRoot } from '../../scripts/tools.ts'

const folder = join(repositoryRoot, '.github/workflows')
const files = readdirSync(folder)

const workflowSchema = v.object({
  on: v.record(v.string(), v.unknown()),
  permissions: v.record(v.string(), v.string()),
  jobs: v.record(v.string(), v.object({ steps: v.array(v.object({ uses: v.optional(v.string()) })) })),
})

const source = (file: string) => readFileSync(join(folder, file), 'utf8')
const workflow = (file: string) => v.parse(workflowSchema, parse(source(file)))

test('there are workflows', () => {
  expect(files).toEqual(expect.arrayContaining(['ci.yml', 'self-test.yml']))
})

describe.each(files)('%s', file => {
  test('may read the repository and do nothing else', () => {
    expect(workflow(file).permissions).toEqual({ contents: 'read' })
    expect(source(file).match(/^\s*permissions:/gm)).toHaveLength(1)
  })

  test('never runs on pull_request_target, where a fork would meet secrets', () => {
    expect(Object.keys(workflow(file).on)).not.toContain('pull_request_target')
  })

  test('uses actions of this repository, or of others by full commit and with the version beside it', () => {
    const used = Object.values(workflow(file).jobs).flatMap(({ steps }) =>
      steps.flatMap(({ uses }) => uses ?? []),
    )
    const written = [...source(file).matchAll(/uses: (.*)/g)].map(([, reference]) => reference)

    expect(written).toHaveLength(used.length)
    for (const reference of written)
      expect(reference).toMatch(/^(\.\/|[\w-]+\/[\w./-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$)/)
  })
})
