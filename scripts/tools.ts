import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** Absolute path, without a slash at the end. */
export const repositoryRoot = dirname(import.meta.dirname)

/**
 * Runs the Node of this process with `args` in the repository's root, with the same output. If that fails, it has printed why,
 * and this process ends at once with the same code.
 */
export function runNode(args: readonly string[], environment: Readonly<Record<string, string>> = {}): void {
  const { status, error } = spawnSync(process.execPath, args, {
    cwd: repositoryRoot,
    stdio: ['ignore', 'inherit', 'inherit'],
    env: { ...process.env, ...environment },
  })
  if (error) throw error
  if (status !== 0) process.exit(status ?? 1)
}

/** A new folder that is removed when this process ends, no matter how. */
export function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-'))
  process.on('exit', () => rmSync(folder, { recursive: true, force: true }))
  return folder
}
