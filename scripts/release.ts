import { execFileSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { readChangelog } from './changelog.ts'
import { isUnnamed, publishedFiles } from './name.ts'
import { repositoryRoot } from './tools.ts'

/**
 * Usage: node scripts/release.ts REF NOTES
 *
 * Fails if REF is not a tag that can be released. Otherwise writes the release notes to the file NOTES, and prints the outputs
 * for the next steps of the workflow.
 */

interface Source {
  /** The full ref that started the workflow. */
  ref: string
  /** Version in package.json. */
  packageVersion: string
  /** Version in local-cloud/package.json, the package that goes to npm. */
  cloudVersion: string
  changelog: string
  /** Text by path: the files that tell users and npm who publishes. */
  publisherFiles: Readonly<Record<string, string>>
  /** All tags of the repository, including this one. */
  tags: readonly string[]
}

interface Release {
  notes: string
  prerelease: boolean
  /** The tag to move to this release, such as `v1`; empty for a prerelease, and if a newer release of the major version has the tag. */
  majorTag: string
  /** The dist-tag on npm: `latest` only if no release of any major version is newer. */
  npmTag: string
}

/** Throws if the ref is not a version tag, if a version or the changelog disagrees with it, or if the placeholder OWNER is left. */
export function releaseOf(source: Source): Release {
  const { ref, packageVersion, cloudVersion, changelog, tags } = source
  const tag = /^refs\/tags\/(.+)$/.exec(ref)?.[1]
  const version = tag === undefined ? undefined : readTag(tag)
  if (tag === undefined || version === undefined)
    throw new Error(`${ref} is not a tag such as v1.2.3 or v1.2.3-rc.1.`)
  if (tag !== `v${packageVersion}`)
    throw new Error(`The tag is ${tag}, the version in package.json ${packageVersion}.`)
  if (cloudVersion !== packageVersion)
    throw new Error(`The version in local-cloud/package.json is ${cloudVersion}, not ${packageVersion}.`)

  const [unnamed] = Object.entries(source.publisherFiles).find(([, text]) => isUnnamed(text)) ?? []
  if (unnamed !== undefined)
    throw new Error(`${unnamed} still has the placeholder OWNER for the account that publishes.`)

  const section = readChangelog(changelog).find(candidate => candidate.version === packageVersion)
  if (!section?.body) throw new Error(`CHANGELOG.md has no entries for ${packageVersion}.`)
  if (section.date === '') throw new Error(`CHANGELOG.md has no date for ${packageVersion}.`)

  const newer = tags.map(readTag).filter(other => isNewer(other, version))
  const isNewestOfMajor = !newer.some(other => other?.major === version.major)
  return {
    notes: `${section.body}\n`,
    prerelease: version.isPrerelease,
    majorTag: !version.isPrerelease && isNewestOfMajor ? `v${version.major}` : '',
    npmTag: npmTagOf(version, newer.length === 0),
  }
}

/** npm refuses a dist-tag that reads as a range of versions, such as `v1.2`. */
function npmTagOf({ major, minor, isPrerelease }: Version, isNewest: boolean): string {
  if (isPrerelease) return 'next'
  return isNewest ? 'latest' : `latest-${major}.${minor}`
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

/** Whether `other` is a later release, and not a prerelease. */
function isNewer(other: Version | undefined, than: Version): boolean {
  if (other === undefined || other.isPrerelease) return false
  if (other.major !== than.major) return other.major > than.major
  return other.minor === than.minor ? other.patch > than.patch : other.minor > than.minor
}

function main([ref = '', notesFile = '']: readonly string[]): void {
  const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8')
  const versionIn = (path: string) =>
    v.parse(v.object({ version: v.string() }), JSON.parse(read(path))).version
  const { notes, prerelease, majorTag, npmTag } = releaseOf({
    ref,
    packageVersion: versionIn('package.json'),
    cloudVersion: versionIn('local-cloud/package.json'),
    changelog: read('CHANGELOG.md'),
    publisherFiles: Object.fromEntries(publishedFiles().map(path => [path, read(path)])),
    tags: execFileSync('git', ['tag', '--list'], { cwd: repositoryRoot, encoding: 'utf8' }).split('\n'),
  })
  writeFileSync(notesFile, notes)
  process.stdout.write(`prerelease=${prerelease}\nmajor-tag=${majorTag}\nnpm-tag=${npmTag}\n`)
}

if (import.meta.main) main(process.argv.slice(2))
