import { globSync, mkdtempSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { mustRun } from '../scripts/programs.ts'
import { repositoryRoot, temporaryFolder } from '../scripts/tools.ts'
import { readSteps, type ScriptStep, subjectsOf } from './release-workflow.ts'

/**
 * Usage: node rehearsal/release.ts [ACCOUNT AUTHOR VERSION]
 *
 * Plays a release in a clone of the last commit, as far as a machine goes that is not GitHub: names the publisher, sets the version, tags,
 * and runs what release.yml runs before it publishes. What would be published is left in a folder to look at.
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

  say('What release.yml does before it publishes:')
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
    throw new Error('What is attested is not what is in dist/.')
  // As a user would check the asset.
  await run('tar', ['--extract', '--file', join(assets, 'dist.tar.gz'), '--directory', assets])
  await run('bash', ['-c', `cd '${assets}' && sha256sum --check --quiet subjects.sha256`])

  say(`In ${out}:`)
  say('  assets/          dist.tar.gz, and dist/ that was in it')
  say(`  assets/subjects.sha256  what is attested, ${subjects.length} subjects`)
  say('  notes.md         the notes')
  for (const file of globSync('package/*.tgz', { cwd: out })) say(`  ${file}`)
  say(`  outputs          ${readFileSync(outputs, 'utf8').trim().replaceAll('\n', ', ')}`)
  say('What is left to a person and to GitHub is in CONTRIBUTING.md, under Release.')
}

function verifySteps(out: string): ScriptStep[] {
  const text = readFileSync(join(repositoryRoot, '.github/workflows/release.yml'), 'utf8')
  return readSteps(text, 'verify', { 'runner.temp': out })
}

await main(process.argv.slice(2))
