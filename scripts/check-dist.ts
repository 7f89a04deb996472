import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { build } from './build.ts'
import { repositoryRoot, temporaryFolder } from './tools.ts'

/** Fails if dist/ differs by a byte from a build of the sources and the installed packages. */

const committed = join(repositoryRoot, 'dist')
const rebuilt = join(temporaryFolder(), 'dist')
await build(rebuilt)

const files = new Set([...filesIn(committed), ...filesIn(rebuilt)])
const differing = [...files].filter(file => !sameBytes(join(committed, file), join(rebuilt, file)))
for (const file of differing) process.stdout.write(`dist/${file} differs from a build of the sources.\n`)
if (differing.length > 0) {
  process.stdout.write('Run `npm run build` and commit dist/.\n')
  process.exitCode = 1
}

function filesIn(folder: string): string[] {
  if (!existsSync(folder)) return []
  return readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(path =>
    statSync(join(folder, path)).isFile(),
  )
}

function sameBytes(one: string, other: string): boolean {
  return existsSync(one) && existsSync(other) && readFileSync(one).equals(readFileSync(other))
}
