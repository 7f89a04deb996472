import { chmodSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { repositoryRoot, runNode } from './tools.ts'

/** Builds the npm package of the local cloud, before it is packed. */

const out = join(repositoryRoot, 'local-cloud/build')
rmSync(out, { recursive: true, force: true })
runNode(['node_modules/typescript/bin/tsc', '-p', 'local-cloud/tsconfig.json'])
chmodSync(join(out, 'local-cloud/cli.js'), 0o755)
