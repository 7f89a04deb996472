import { createHash } from 'node:crypto'
import { existsSync, readFileSync } from 'node:fs'
import { join, relative, sep } from 'node:path'
import * as v from 'valibot'
import { packageFolder } from './licenses.ts'
import { repositoryRoot } from './tools.ts'

/** Records the sources that `dist/` was built from, and checks whether they changed. It compares content only, so it works in any copy of the repository. */

/** In dist/, so that it is committed and checked together with the bundle. */
export const hashesFile = 'sources.sha256'

/** Files that decide how the sources become a bundle. Relative to the repository. */
const settings = [
  ...['tsconfig.json', 'tsconfig.build.json', 'local-cloud/tsconfig.json'],
  ...['scripts/build.ts', 'scripts/build-local-cloud.ts', 'scripts/licenses.ts', 'scripts/bundle-sources.ts'],
]
const buildTools = ['typescript', '@vercel/ncc', '@swc/core'].map(name => `node_modules/${name}`)

const lockSchema = v.object({ packages: v.record(v.string(), v.unknown()) })

/**
 * One line for each source file, setting and locked package in the bundle: `HASH  NAME`, sorted by name. Files outside the bundle
 * have no line, so a change in them does not make it stale.
 * @param bundled absolute paths of the bundled files; for our own files, those that tsc compiled
 * @throws Error if the source of one is not found
 */
export function sourceHashes(bundled: readonly string[]): string {
  const names = new Set([...settings, ...[...bundled, ...buildTools.map(inRepository)].map(sourceName)])
  const hashOf = createHasher()
  return [...names]
    .toSorted()
    .map(name => {
      const hash = hashOf(name)
      if (hash === undefined) throw new Error(`The bundle has a part without a source: ${name}`)
      return `${hash}  ${name}\n`
    })
    .join('')
}

/** The names of files that were changed or removed since `hashes` was written. */
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

/** @throws Error if the sources changed since dist/ was built */
export function requireFreshBundle(): void {
  if (isFresh) return
  const file = join(repositoryRoot, 'dist', hashesFile)
  const changed = existsSync(file) ? changedSources(readFileSync(file, 'utf8')) : [`dist/${hashesFile}`]
  if (changed.length > 0)
    throw new Error(
      `dist/ was not built from the present sources, so tests of it prove nothing: run \`npm run build\`. Changed: ${changed.join(', ')}`,
    )
  isFresh = true
}

const inRepository = (path: string) => join(repositoryRoot, path)

/** A package has the name that it has in the lock file, which also has the hash of its content. */
const lockPrefix = 'package-lock.json#'

function sourceName(bundled: string): string {
  const [folder] = packageFolder(bundled)
  const path = relative(repositoryRoot, folder ?? bundled)
    .split(sep)
    .join('/')
  if (folder !== undefined) return lockPrefix + path
  return path.replace(/^(local-cloud\/)?build\//, '').replace(/\.js$/, '.ts')
}

/** Finds the hash of a source by its name; undefined if no source has that name. */
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
