import { execFileSync } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot, temporaryFolder } from './tools.ts'

/**
 * Fails if the last commit would make users download too much or too little, or if a tracked file names a
 * place that exists on only one machine.
 */

const megabyte = 1_000_000
const maximumDownload = 3 * megabyte
/** Limit for the gate, without the setup action of the local cloud. */
const maximumDist = 2 * megabyte
const downloaded = ['LICENSE', 'README.md', 'action.yml', 'dist', 'local-cloud']

/** Package registries and absolute paths. The home folder of a hosted runner is allowed, because it is the same for everybody. */
const privatePlace =
  /registry\.(npmjs|yarnpkg)|npm\.pkg\.github|(?<![\w.*/}-])\/(root|work|Users|home\/(?!runner\b)[\w-]+)\//

const problems = [...downloadProblems(), ...privatePlaceProblems()]
for (const problem of problems) process.stdout.write(`${problem}\n`)
if (problems.length > 0) process.exitCode = 1

/** A runner downloads an archive of the commit. .gitattributes leaves out the files that only developers need. */
function downloadProblems(): string[] {
  const folder = temporaryFolder()
  execFileSync('tar', ['-x', '-C', folder], { input: git('archive', 'HEAD') })

  const entries = readdirSync(folder).toSorted()
  if (entries.join() !== downloaded.join()) {
    return [`A runner must download ${downloaded.join(', ')}, but would download ${entries.join(', ')}.`]
  }
  return [
    ...tooLarge('What a runner downloads', folderSize(folder), maximumDownload),
    ...tooLarge(
      "The gate's part of dist/",
      folderSize(join(folder, 'dist')) - folderSize(join(folder, 'dist/local-cloud')),
      maximumDist,
    ),
  ]
}

function tooLarge(what: string, size: number, maximum: number): string[] {
  return size > maximum ? [`${what} has ${size} bytes, more than ${maximum}.`] : []
}

/** Bytes of all files in the folder and below it. */
function folderSize(folder: string): number {
  const entries = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map(path =>
    statSync(join(folder, path)),
  )
  return entries.filter(entry => entry.isFile()).reduce((sum, file) => sum + file.size, 0)
}

/** Without dist/: other people's code may name such places, and check-dist shows that no path of ours gets into it. */
function privatePlaceProblems(): string[] {
  const paths = git('ls-files', '-z', '--', ':!dist').toString().split('\0')
  return paths
    .filter(path => path !== '' && existsSync(join(repositoryRoot, path)))
    .flatMap(path => {
      const lines = readFileSync(join(repositoryRoot, path), 'utf8').split('\n')
      return lines.flatMap((line, index) =>
        privatePlace.test(line) ? [`${path}:${index + 1} names a registry or a path of one machine.`] : [],
      )
    })
}

function git(...args: readonly string[]): Buffer {
  return execFileSync('git', args, { cwd: repositoryRoot, maxBuffer: 100 * megabyte })
}
