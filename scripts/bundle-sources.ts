import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import * as v from 'valibot'
import { packageFolder } from './licenses.ts'
import { repositoryRoot } from './tools.ts'

/** What `dist/` was built from, and whether that is what is there now. Told by content alone, so that any copy of the repository can tell. */

/** In dist/, so that it is committed and checked with what it speaks of. */
export const hashesFile = 'sources.sha256'

/** Relative to the repository: what decides how the sources become a bundle. */
const settings = [
  ...['tsconfig.json', 'tsconfig.build.json', 'local-cloud/tsconfig.json'],
  ...['scripts/build.ts', 'scripts/build-local-cloud.ts', 'scripts/licenses.ts', 'scripts/bundle-sources.ts'],
]
const buildTools = ['typescript', '@vercel/ncc', '@swc/core'].map(name => `node_modules/${name}`)

const lockSchema = v.object({ packages: v.record(v.string(), v.unknown()) })

/**
 * One line for each source file, setting and locked package that has a part in the bundle: `HASH  NAME`, by name. Files that no
 * bundle holds have none, so they do not make it stale.
 * @param bundled absolute paths of what is in the bundles; files of ours as tsc has compiled them
 * @throws Error where the source of one is not found
 */
export function sourceHashes(bundled: readonly string[]): string {
  const names = new Set([...settings, ...[...bundled, ...buildTools.map(inRepository)].map(sourceName)])
  const hashOf = createHasher()
  return [...names]
    .toSorted()
    .map(name => {
      const hash = hashOf(name)
      if (hash === undefined) throw new Error(`The bundle has a part whose source is not found: ${name}`)
      return `${hash}  ${name}\n`
    })
    .join('')
}

/** The names of what was changed, or has gone, since `hashes` were taken. */
export function changedSources(hashes: string): string[] {
  const hashOf = createHasher()
  return hashes
    .split('\n')
    .filter(line => line !== '')
    .flatMap(line => {
      const [hash, name = line] = line.split('  ')
      return hashOf(name) === hash ? [] : [name]
    })
}

let isFresh = false

/** @throws Error where dist/ was not built from the sources that are there */
export function requireFreshBundle(): void {
  if (isFresh) return
  const file = join(repositoryRoot, 'dist', hashesFile)
  const changed = existsSync(file) ? changedSources(readFileSync(file, 'utf8')) : [`dist/${hashesFile}`]
  if (changed.length > 0)
    throw new Error(
      `dist/ was not built from the present sources, so nothing would be proven of them: run \`npm run build\`. Changed: ${changed.join(', ')}`,
    )
  isFresh = true
}

const inRepository = (path: string) => join(repositoryRoot, path)

/** A package is named as it is in the lock file, which knows the hash of its content. */
const lockPrefix = 'package-lock.json#'

function sourceName(bundled: string): string {
  const [folder] = packageFolder(bundled)
  const path = relative(repositoryRoot, folder ?? bundled)
    .split(sep)
    .join('/')
  if (folder !== undefined) return lockPrefix + path
  return path.replace(/^(local-cloud\/)?build\//, '').replace(/\.js$/, '.ts')
}

/** Finds the hash of a source by its name; undefined where there is none of that name. */
function createHasher(): (name: string) => string | undefined {
  const lock = readFileSync(inRepository('package-lock.json'), 'utf8')
  const { packages } = v.parse(lockSchema, JSON.parse(lock))
  return name => {
    if (!name.startsWith(lockPrefix))
      return existsSync(inRepository(name)) ? sha256(readFileSync(inRepository(name))) : undefined
    const locked = packages[name.slice(lockPrefix.length)]
    return locked === undefined ? undefined : sha256(JSON.stringify(locked))
  }
}

const sha256 = (content: string | Buffer) => createHash('sha256').update(content).digest('hex')
