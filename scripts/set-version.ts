import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { released } from './changelog.ts'
import { repositoryRoot } from './tools.ts'

/**
 * Usage: node scripts/set-version.ts VERSION
 *
 * Gives the next release its number wherever that stands, and what is unreleased in CHANGELOG.md a section with today's date.
 */

const versioned = v.looseObject({ version: v.string() })
const lockfile = v.looseObject({
  version: v.string(),
  packages: v.looseObject({ '': versioned, 'local-cloud': versioned }),
})

/** The text of a package.json, or of the lockfile. @throws Error where it is neither */
export function withVersion(text: string, version: string): string {
  const document: unknown = JSON.parse(text)
  if (!v.is(versioned, document)) throw new Error('There is no version to change.')
  // A value that was checked and not parsed has its fields in the order of the file.
  const changed = v.is(lockfile, document)
    ? {
        ...document,
        version,
        packages: {
          ...document.packages,
          '': { ...document.packages[''], version },
          'local-cloud': { ...document.packages['local-cloud'], version },
        },
      }
    : { ...document, version }
  return `${JSON.stringify(changed, null, 2)}\n`
}

function main([version = '']: readonly string[]): void {
  if (!/^\d+\.\d+\.\d+(-[\w.]+)?$/.test(version))
    throw new Error(`"${version}" is no version. Usage: npm run set-version -- 1.2.3`)
  const change = (path: string, changed: (text: string) => string) => {
    const file = join(repositoryRoot, path)
    writeFileSync(file, changed(readFileSync(file, 'utf8')))
  }
  const day = new Date().toISOString().slice(0, 10)
  change('CHANGELOG.md', text => released(text, { version, day }))
  for (const path of ['package.json', 'local-cloud/package.json', 'package-lock.json'])
    change(path, text => withVersion(text, version))
}

if (import.meta.main) main(process.argv.slice(2))
