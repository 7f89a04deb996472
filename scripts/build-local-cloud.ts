import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot, runNode } from './tools.ts'

/** Compiles the local cloud into local-cloud/build, which is the content of its npm package and the source of the setup action's bundle. */
export function compileLocalCloud(): void {
  const out = join(repositoryRoot, 'local-cloud/build')
  rmSync(out, { recursive: true, force: true })
  runNode(['node_modules/typescript/bin/tsc', '-p', 'local-cloud/tsconfig.json'])
  chmodSync(join(out, 'local-cloud/cli.js'), 0o755)
}

if (import.meta.main) compileLocalCloud()
