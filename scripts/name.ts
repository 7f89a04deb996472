import { execFileSync, spawnSync } from 'node:child_process'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot } from './tools.ts'

/**
 * Usage: node scripts/name.ts ACCOUNT AUTHOR
 *
 * Replaces the placeholder everywhere with the GitHub account that publishes the action and with its author. Until then a release
 * is refused. Then regenerates the generated files.
 */

interface Publisher {
  account: string
  author: string
}

/** The placeholder for both. Outside paths of this repository it is an example in documents, such as the owner of a user's repository. */
const placeholder = 'OWNER'
const places: ReadonlyArray<readonly [RegExp, (publisher: Publisher) => string]> = [
  [new RegExp(`\\b${placeholder}/key-less-gate\\b`, 'g'), ({ account }) => `${account}/key-less-gate`],
  [new RegExp(`(?<=\\s)@${placeholder}\\b`, 'g'), ({ account }) => `@${account}`],
  [new RegExp(`^author: ${placeholder}$`, 'gm'), ({ author }) => `author: ${JSON.stringify(author)}`],
]

/** Whether a text still has the placeholder for the publisher. */
export const isUnnamed = (text: string): boolean => places.some(([pattern]) => text.search(pattern) >= 0)

export const named = (text: string, publisher: Publisher): string =>
  places.reduce((so, [pattern, value]) => so.replace(pattern, () => value(publisher)), text)

/** Files that users, GitHub and npm read. Tests read the publisher from the local cloud's package.json. */
export function publishedFiles(): string[] {
  const tracked = execFileSync('git', ['ls-files', '-z'], { cwd: repositoryRoot, encoding: 'utf8' }).split(
    '\0',
  )
  return tracked.filter(
    path =>
      /\.(md|ya?ml|json|ts|mjs|js|sh|bicep|tf)$|CODEOWNERS$/.test(path) && !/^(__tests__|dist)\//.test(path),
  )
}

function main([account = '', author = '']: readonly string[]): void {
  if (!/^[A-Za-z0-9](?:-?[A-Za-z0-9]){0,38}$/.test(account) || account === placeholder)
    throw new Error(`"${account}" is not a name of a GitHub account. Usage: npm run name -- ACCOUNT "AUTHOR"`)
  if (author.trim() === '' || /[\r\n]/.test(author))
    throw new Error('The author is missing. Usage: npm run name -- ACCOUNT "AUTHOR"')
  for (const path of publishedFiles()) {
    const file = join(repositoryRoot, path)
    const text = readFileSync(file, 'utf8')
    if (isUnnamed(text)) writeFileSync(file, named(text, { account, author: author.trim() }))
  }
  for (const script of ['build', 'docs']) {
    const { status } = spawnSync('npm', ['run', script], { cwd: repositoryRoot, stdio: 'inherit' })
    if (status !== 0) throw new Error(`npm run ${script} failed.`)
  }
}

if (import.meta.main) main(process.argv.slice(2))
