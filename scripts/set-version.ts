import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { released } from './changelog.ts'
import { repositoryRoot } from './tools.ts'

/**
 * Usage: node scripts/set-version.ts VERSION
 *
 * Sets the version of the next release everywhere, and turns the unreleased entries of CHANGELOG.md into a section with today's date.
 */

const versioned = v.looseObject({ version: v.string() })
const lockfile = v.looseObject({
  version: v.string(),
  packages: v.looseObject({ '': versioned, 'local-cloud': versioned }),
})

/** The new text of a package.json or of the lockfile. @throws Error if it is neither */
export function withVersion(text: string, version: string): string {
  const document: unknown = JSON.parse(text)
  if (!v.is(versioned, document)) throw new Error('The file has no version to change.')
  // Checked, not parsed: so the fields keep the order of the file.
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
    throw new Error(`"${version}" is not a version. Usage: npm run set-version -- 1.2.3`)
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
