import { chmodSync, globSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { execute } from '../../scripts/programs.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { childEnvironment } from '../support/child-node.ts'

/** The command, with a program instead of act, and with none. What act itself makes of it, only a person with act sees. */

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'rehearsal-test-'))
})
afterEach(() => rmSync(folder, { recursive: true }))

/** @param act what a shell does in its place; undefined: there is none */
function rehearse(act: string | undefined, ...args: readonly string[]) {
  if (act !== undefined) {
    writeFileSync(join(folder, 'act'), `#!/bin/sh\n${act}\n`)
    chmodSync(join(folder, 'act'), 0o755)
  }
  const PATH = act === undefined ? folder : `${folder}${delimiter}${process.env.PATH}`
  return execute(
    process.execPath,
    ['rehearsal/cli.ts', ...args],
    { ...process.env, ...childEnvironment, PATH },
    repositoryRoot,
  )
}

test('without act it says so and fails', async () => {
  expect(await rehearse(undefined)).toMatchObject({
    status: 1,
    stdout: '',
    stderr: expect.stringContaining('act is not on the PATH, so nothing was rehearsed.'),
  })
})

test('act gets the workflow unchanged, with the gate of this repository and Azure under its own names', async () => {
  const act = [
    'cat .github/workflows/workflow.yml',
    // Values of variables, and what else a runner would give.
    'for word; do case $word in *=*) printf "%s\\n" "$word" ;; esac; done',
    'for word; do case $word in *key-less-gate@*) ls "$(echo "$word" | cut -d = -f 2)" ;; esac; done',
    'exit 1',
  ].join('\n')
  const { status, stdout } = await rehearse(act, 'examples/environment-with-approval.yml')

  expect(status).toBe(1)
  expect(stdout).toContain('# A person approves before the job does anything')
  expect(stdout).toMatch(/^AZURE_CLIENT_ID=[0-9a-f-]{36}$/m)
  expect(stdout).toMatch(/^HTTPS_PROXY=http:\/\/127\.0\.0\.1:\d+$/m)
  expect(stdout).toMatch(/^ACTIONS_ID_TOKEN_REQUEST_URL=https:\/\/127\.0\.0\.1:/m)
  expect(stdout).toMatch(/^action\.yml\ndist$/m)
  expect(stdout).toContain('RED    examples/environment-with-approval.yml')
  expect(stdout).toContain('0 green, 1 red, 0 not run')
})

test('live.yml is run in a copy of this repository, with stand-ins for what GitHub has, and npm around the proxy', async () => {
  const act = [
    'test -f conformance/cli.ts && git log -1 --format=%s',
    'for word; do case $word in npm_config_*|LIVE_*) printf "%s\\n" "$word" ;; esac; done',
    'for word; do case $word in actions/*@*) grep -h "run:" "$(echo "$word" | cut -d = -f 2)/action.yml" ;; esac; done',
    'echo "the modes" > body.md; gh issue list; gh issue create --title T --body-file body.md',
    'exit 1',
  ].join('\n')
  const { stdout } = await rehearse(act, '.github/workflows/live.yml')

  expect(stdout).toMatch(/^Deploy behind a gate$/m)
  expect(stdout).toMatch(/^LIVE_RESOURCE_ID=\/subscriptions\//m)
  const [, registry] = /^npm_config_registry=https?:\/\/([^/:\s]+)/m.exec(stdout) ?? []
  expect(registry).toBeDefined()
  expect(stdout).toContain(`npm_config_noproxy=${registry}\n`)
  expect(stdout).toContain('actions/setup-node was replaced by a stand-in: this machine has a Node')
  expect(stdout).toContain(
    'actions/upload-artifact was replaced by a stand-in: artifacts lie in a folder of this machine',
  )
  expect(stdout).toContain('       | the modes\n')
})

test('a file that has no workflow is not green', async () => {
  const { status, stdout, stderr } = await rehearse('echo "Job succeeded"', './README.md', 'README.md')

  expect({ status, stdout }).toEqual({ status: 1, stdout: '' })
  expect(stderr).toMatch(/^No workflow to rehearse is in \.\/README\.md\. There are: README\.md, examples\//)
})

test('no workflow comments from here: gh is a stand-in, and what it would post is shown', async () => {
  const act = 'echo "+ role" > plan.md; gh pr comment 7 --body-file plan.md; echo "Job succeeded"'
  const { status, stdout } = await rehearse(act, 'examples/plan-on-pull-requests.yml')

  expect(status).toBe(0)
  expect(stdout).toContain('gh was replaced by a stand-in: this is what it would post\n       | + role\n')
})

test('a run of act without any job is not green', async () => {
  const { status, stdout } = await rehearse('exit 0', 'examples/drift-check.yml')

  expect({ status, last: stdout.trim().split('\n').at(-1) }).toEqual({
    status: 1,
    last: '0 green, 1 red, 0 not run',
  })
})

test('a workflow that cannot run is named, with what is missing, and is not a failure', async () => {
  const { status, stdout } = await rehearse(
    'exit 1',
    'examples/matrix-of-regions.yml',
    'examples/temporary-grant.yml',
  )

  expect(status).toBe(0)
  expect(stdout).toContain('not run  examples/matrix-of-regions.yml, because of\n')
  expect(stdout).toContain('concurrency.queue: act does not know it')
  expect(stdout).toContain('0 green, 0 red, 2 not run')
})

const kindsOfPipelines = [
  'An azd template',
  'An evaluation',
  'Agents',
  'A RAG deploy',
  'A script with a sleep',
  'Reader alone',
]

test('the workflow of the README, live.yml and the steps for pipelines that people have are among them, and every variable has a value', async () => {
  const { stdout } = await rehearse(
    'echo "Job succeeded"; for name in deploy evaluate test-agents; do echo "$name.sh has begun."; done',
  )

  expect(stdout).toContain('green  README.md')
  // It is green once it has told, in an issue, what was made to differ.
  expect(stdout).toContain('RED    .github/workflows/live.yml')
  for (const kind of kindsOfPipelines) expect(stdout).toContain(`  docs/from-what-you-have.md, ${kind}`)
  expect(stdout).not.toContain('no value is known')
  // How many cannot be run depends on whether the machine has az and gh.
  const [, green, notRun] = /^(\d+) green, 1 red, (\d+) not run$/m.exec(stdout) ?? []
  const examples = globSync('examples/*.yml', { cwd: repositoryRoot })
  expect(Number(green) + Number(notRun)).toBe(1 + examples.length + kindsOfPipelines.length)
})
