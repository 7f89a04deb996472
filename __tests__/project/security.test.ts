import { chmodSync, globSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { repositoryRoot } from '../../scripts/tools.ts'
import { codeBlocks, readDocument } from '../support/documents.ts'
import { ownRepository } from '../support/own-actions.ts'
import { runScript } from '../support/shell.ts'

/** The command of SECURITY.md that checks a release, with a `gh` that keeps how it was called. */

const [block] = codeBlocks(readDocument('SECURITY.md')).filter(({ language }) => language === 'sh')

let folder: string
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'key-less-gate-security-'))
})
afterEach(() => rmSync(folder, { recursive: true, force: true }))

/** @param unsigned a file that gh refuses */
async function verify(unsigned: string) {
  const calls = join(folder, 'calls')
  const gh = join(folder, 'gh')
  writeFileSync(gh, `#!/bin/sh\necho "$*" >> '${calls}'\ncase $* in *${unsigned}) exit 1 ;; esac\n`)
  chmodSync(gh, 0o755)
  const script = join(folder, 'verify.sh')
  writeFileSync(script, `cd '${repositoryRoot}'\n${block?.text}\n`)
  const { status } = await runScript(script, [], folder)
  return { status, calls: readFileSync(calls, 'utf8').trimEnd().split('\n') }
}

const shipped = globSync('dist/**/*', { cwd: repositoryRoot, withFileTypes: true })
  .filter(entry => entry.isFile())
  .map(({ parentPath, name }) => relative(repositoryRoot, join(parentPath, name)))

test('every file of dist/ is checked, for the workflow that signs releases, and for where it ran', async () => {
  const { status, calls } = await verify('nothing')

  expect(status).toBe(0)
  expect(shipped).toContain('dist/index.js')
  expect(calls.toSorted()).toEqual(
    shipped
      .map(
        file =>
          `attestation verify --repo ${ownRepository} --signer-workflow ${ownRepository}/.github/workflows/release.yml --deny-self-hosted-runners ${file}`,
      )
      .toSorted(),
  )
})

test.each(shipped)('it fails if %s is not signed', async file => {
  expect((await verify(file)).status).not.toBe(0)
})
