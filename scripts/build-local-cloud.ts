import { chmodSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { seedSchemaFile } from './seed-schema.ts'
import { repositoryRoot, runNode } from './tools.ts'

/** Builds the npm package of the local cloud, before it is packed. */

const out = join(repositoryRoot, 'local-cloud/build')
rmSync(out, { recursive: true, force: true })
runNode(['node_modules/typescript/bin/tsc', '-p', 'local-cloud/tsconfig.json'])
writeFileSync(join(out, 'seed.schema.json'), seedSchemaFile())
chmodSync(join(out, 'local-cloud/cli.js'), 0o755)
