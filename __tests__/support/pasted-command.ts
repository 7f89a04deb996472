import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, rmdirSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Runs a printed command in a real shell that finds no programs: the command's own, such as `az`, only says what it was given.
 * @returns its words, after it was seen that nothing else ran and nothing was left behind.
 */
export function argumentsOf({ text }: { text: string }): string[] {
  const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-command-'))
  const [program = ''] = /^\w+/.exec(text) ?? []
  const script = `PATH=/nowhere\n${program}() { printf '%s\\0' "$@"; }\n${text}\n`
  const { status, stdout, stderr } = spawnSync('sh', ['-c', script], { cwd: folder, encoding: 'utf8' })
  expect({ status, stderr, left: readdirSync(folder) }).toEqual({ status: 0, stderr: '', left: [] })
  rmdirSync(folder)
  return stdout.split('\0').slice(0, -1)
}

/** What a command says after an option. */
export const valueAfter = (option: string, words: readonly string[]): string | undefined =>
  words[words.indexOf(option) + 1]
