import { globSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mustRun } from '../scripts/programs.ts'
import { repositoryRoot, temporaryFolder } from '../scripts/tools.ts'
import { readSteps, type ScriptStep, subjectsOf } from './release-workflow.ts'

/**
 * Usage: node rehearsal/release.ts [ACCOUNT AUTHOR VERSION]
 *
 * Rehearses a release in a clone of the last commit, as far as that works outside GitHub: names the publisher, sets the version, tags,
 * and runs the steps of release.yml up to publishing. Leaves everything that would be published in a folder.
 */

const say = (line: string) => void process.stdout.write(`${line}\n`)

async function main([account = 'contoso', author = 'Contoso', version = '1.0.0']: readonly string[]) {
  const clone = join(temporaryFolder(), 'release')
  const out = mkdtempSync(join(tmpdir(), 'key-less-gate-release-'))
  const run = (program: string, args: readonly string[], env: NodeJS.ProcessEnv = {}) =>
    mustRun(program, args, { ...process.env, ...env }, clone)
  await mustRun('git', ['clone', '--quiet', repositoryRoot, clone], process.env)

  say(
    `Preparing ${version} as ${account}, from ${(await run('git', ['rev-parse', '--short', 'HEAD'])).trim()}`,
  )
  await run('npm', ['ci'])
  await run('npm', ['run', 'set-version', '--', version])
  await run('npm', ['run', 'name', '--', account, author])
  await run('npm', ['run', 'docs:check'])
  const developer = ['-c', `user.name=${author}`, '-c', 'user.email=release@contoso.example']
  await run('git', [...developer, 'commit', '--quiet', '--all', '--no-gpg-sign', '--message', version])
  await run('git', ['tag', `v${version}`])
  await run('npm', ['run', 'check-repository'])

  say('The steps of release.yml before it publishes:')
  const outputs = join(out, 'outputs')
  writeFileSync(outputs, '')
  const github = { GITHUB_REF: `refs/tags/v${version}`, GITHUB_OUTPUT: outputs }
  for (const { name, script, env } of verifySteps(out)) {
    await run('bash', ['-e', '-c', script], { ...github, ...env })
    say(`  ${name}`)
  }
  if ((await run('git', ['status', '--porcelain'])) !== '')
    throw new Error('The release changed its own sources.')

  const assets = join(out, 'assets')
  const subjects = subjectsOf(readFileSync(join(assets, 'subjects.sha256'), 'utf8'))
  const files = [
    ...globSync('dist/**', { cwd: clone }).filter(path => statSync(join(clone, path)).isFile()),
    'dist.tar.gz',
  ]
  if (
    subjects
      .map(({ name }) => name)
      .toSorted()
      .join() !== files.toSorted().join()
  )
    throw new Error('The attested files are not the files in dist/.')
  // Checks the asset as a user would.
  await run('tar', ['--extract', '--file', join(assets, 'dist.tar.gz'), '--directory', assets])
  await run('bash', ['-c', `cd '${assets}' && sha256sum --check --quiet subjects.sha256`])

  say(`In ${out}:`)
  say('  assets/          dist.tar.gz, and the dist/ unpacked from it')
  say(`  assets/subjects.sha256  the attested files, ${subjects.length} subjects`)
  say('  notes.md         the release notes')
  for (const file of globSync('package/*.tgz', { cwd: out })) say(`  ${file}`)
  say(`  outputs          ${readFileSync(outputs, 'utf8').trim().replaceAll('\n', ', ')}`)
  say('CONTRIBUTING.md lists, under Release, what a person and GitHub do.')
}

function verifySteps(out: string): ScriptStep[] {
  const text = readFileSync(join(repositoryRoot, '.github/workflows/release.yml'), 'utf8')
  return readSteps(text, 'verify', { 'runner.temp': out })
}

await main(process.argv.slice(2))
