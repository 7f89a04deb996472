import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { readChangelog } from './changelog.ts'
import { repositoryRoot } from './tools.ts'

/**
 * Usage: node scripts/release.ts REF NOTES
 *
 * Fails where REF is no tag that may be released. Otherwise writes the release's notes to the file NOTES, and prints the outputs
 * that the workflow goes on with.
 */

interface Source {
  /** The full ref that the workflow runs on. */
  ref: string
  /** Of package.json. */
  packageVersion: string
  changelog: string
  /** The page that tells users which action to name. */
  readme: string
  /** Of the repository, this one among them. */
  tags: readonly string[]
}

interface Release {
  notes: string
  prerelease: boolean
  /** The tag to move to this release, such as `v1`; empty where a newer release of the major version has it, and for a prerelease. */
  majorTag: string
}

/** Throws where the ref is no tag, the version or the changelog does not agree with it, or OWNER stands for who publishes. */
export function releaseOf({ ref, packageVersion, changelog, readme, tags }: Source): Release {
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1]
  const version = tag === undefined ? undefined : readTag(tag)
  if (tag === undefined || version === undefined)
    throw new Error(`${ref} is no tag such as v1.2.3 or v1.2.3-rc.1.`)
  if (tag !== `v${packageVersion}`)
    throw new Error(`The tag is ${tag}, the version in package.json ${packageVersion}.`)

  if (readme.includes('OWNER/'))
    throw new Error('OWNER still stands in README.md for the account that publishes.')

  const section = readChangelog(changelog).find(candidate => candidate.version === packageVersion)
  if (!section?.body) throw new Error(`CHANGELOG.md says nothing of ${packageVersion}.`)
  if (section.date === '') throw new Error(`CHANGELOG.md has no date for ${packageVersion}.`)

  const isNewest = !tags.some(other => isNewer(readTag(other), version))
  return {
    notes: `${section.body}\n`,
    prerelease: version.isPrerelease,
    majorTag: !version.isPrerelease && isNewest ? `v${version.major}` : '',
  }
}

interface Version {
  major: number
  minor: number
  patch: number
  isPrerelease: boolean
}

function readTag(tag: string): Version | undefined {
  const match = /^v(\d+)\.(\d+)\.(\d+)(-[\w.]+)?$/.exec(tag)
  if (match === null) return undefined
  const [major = 0, minor = 0, patch = 0] = match.slice(1, 4).map(Number)
  return { major, minor, patch, isPrerelease: match[4] !== undefined }
}

/** Whether `other` is a release of the same major version, and a later one. */
function isNewer(other: Version | undefined, than: Version): boolean {
  if (other === undefined || other.isPrerelease || other.major !== than.major) return false
  return other.minor === than.minor ? other.patch > than.patch : other.minor > than.minor
}

function main([ref = '', notesFile = '']: readonly string[]): void {
  const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8')
  const { notes, prerelease, majorTag } = releaseOf({
    ref,
    packageVersion: v.parse(v.object({ version: v.string() }), JSON.parse(read('package.json'))).version,
    changelog: read('CHANGELOG.md'),
    readme: read('README.md'),
    tags: execFileSync('git', ['tag', '--list'], { cwd: repositoryRoot, encoding: 'utf8' }).split('\n'),
  })
  writeFileSync(notesFile, notes)
  process.stdout.write(`prerelease=${prerelease}\nmajor-tag=${majorTag}\n`)
}

if (import.meta.main) main(process.argv.slice(2))
