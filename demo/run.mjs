// Runs on whatever Node the user has, before anything is installed: hence plain JavaScript without a dependency.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
// The runtime of the action, `node24`, comes as a package.
const node24 = join(root, 'node_modules/node/bin/node')

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error) process.stderr.write(`${command}: ${error.message}\n`)
  return status ?? 1
}

if (!existsSync(node24)) {
  process.stdout.write('Installing what the demo needs (npm ci) …\n')
  const status = run(process.platform === 'win32' ? 'npm.cmd' : 'npm', ['ci', '--loglevel=error'])
  if (status !== 0) process.exit(status)
}
process.exit(run(node24, [join(root, 'demo/demo.ts')]))
