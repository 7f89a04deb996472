import { cpSync, globSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { minify } from '@swc/core'
import * as v from 'valibot'
import { compileLocalCloud } from './build-local-cloud.ts'
import { hashesFile, sourceHashes } from './bundle-sources.ts'
import { compileModulesAtOnce } from './eager-modules.ts'
import { bundledFiles, licenseTexts } from './licenses.ts'
import { repositoryRoot, runNode, temporaryFolder } from './tools.ts'

/**
 * Bundles the gate into `out`, which is emptied first, and the setup action of the local cloud below. The same sources and
 * packages give the same bytes, wherever they lie.
 */
export async function build(out: string): Promise<void> {
  const bundled = await buildGate(out)
  compileLocalCloud()
  for (const [entry, name] of [
    ['cli.js', 'cli'],
    ['setup/index.js', 'setup'],
  ] as const) {
    bundled.push(...(await bundle(`local-cloud/build/local-cloud/${entry}`, join(out, 'local-cloud', name))))
  }
  writeFileSync(join(out, hashesFile), sourceHashes(bundled))
}

/**
 * Bundles the gate alone into `out`, which is emptied first.
 * @param maps Whether source maps are left: of the compiler in build/, of the bundler beside each file as `FILE.map`, and of the minifier
 *   as FILE with the ending `minifiedMap`
 * @returns the paths of all files of which something is in the bundle
 */
export async function buildGate(out: string, { maps = false }: BundleOptions = {}): Promise<string[]> {
  rmSync(join(repositoryRoot, 'build'), { recursive: true, force: true })
  rmSync(out, { recursive: true, force: true })
  const compiler = ['node_modules/typescript/bin/tsc', '-p', 'tsconfig.build.json']
  runNode([...compiler, ...(maps ? ['--sourceMap'] : [])])
  copyPrunable('@actions/core')
  copyPrunable('@azure/arm-authorization')
  // Found from the copy of the package that imports it.
  copyPrunable('@azure/identity')
  copyPrunable('@azure/msal-node')
  leaveOutJsonwebtoken()
  const bundled = await bundle('build/src/index.js', out, { maps })
  writeFileSync(join(out, 'post.js'), postEntry)
  return bundled
}

/** Ending of the map from a minified file to what was minified. */
export const minifiedMap = '.min.map'

interface BundleOptions {
  maps?: boolean
}

/** The same bundle, which goes by the file that was started. */
const postEntry = `import './index.js'\n`

const packages = join(repositoryRoot, 'node_modules')
const copies = join(repositoryRoot, 'build/node_modules')

/**
 * Puts a copy of a package beside the compiled sources, which says of itself that its modules do nothing when they are loaded. That
 * is so, but the package does not tell, and the bundler would keep what nobody uses: of the toolkit an HTTP stack three times the gate.
 * Of a package that comes as ES modules too, those are taken: the others bring all that it stands on a second time.
 */
function copyPrunable(name: string): void {
  const copy = join(copies, name)
  cpSync(join(packages, name), copy, { recursive: true })
  const manifest = join(copy, 'package.json')
  const told = v.parse(
    v.looseObject({ main: v.optional(v.string()), module: v.optional(v.string()) }),
    JSON.parse(readFileSync(manifest, 'utf8')),
  )
  writeFileSync(manifest, JSON.stringify({ ...told, main: told.module ?? told.main, sideEffects: false }))
}

/**
 * MSAL signs the assertions of client certificates with it. The gate has GitHub's assertion and no certificate, and loading the package
 * takes an eighth of the time until GitHub's reply.
 */
function leaveOutJsonwebtoken(): void {
  const user = join(copies, '@azure/msal-node/dist/client/ClientAssertion.mjs')
  const code = readFileSync(user, 'utf8')
  const without = code.replace(/^import jwt from 'jsonwebtoken';$/m, noJsonwebtoken)
  if (without === code) throw new Error(`${user} takes jsonwebtoken in another way by now`)
  writeFileSync(user, without)
}

const noJsonwebtoken = `const jwt = { sign() { throw new Error('jsonwebtoken is not in this bundle'); } };`

/** Resolves to the paths of all files of which something is in the bundle. */
async function bundle(entry: string, out: string, { maps = false }: BundleOptions = {}): Promise<string[]> {
  const statsFile = join(temporaryFolder(), 'stats.json')
  runNode([
    ...['node_modules/@vercel/ncc/dist/ncc/cli.js', 'build', entry, '--out', out],
    ...['--target', 'es2024', '--no-cache', '--quiet', '--stats-out', statsFile],
    ...(maps ? ['--source-map', '--no-source-map-register'] : []),
  ])
  // ncc's own --license misses every ES module, and its --minify every file but the entry.
  const files = bundledFiles(statsFile).map(file => file.replace(copies, packages))
  writeFileSync(join(out, 'licenses.txt'), licenseTexts(files))
  takeBuiltInsDirectly(join(out, 'index.js'))
  leaveOutOwnFolder(out)
  for (const file of globSync(join(out, '*.js'))) await minifyFile(file, { maps })
  // A helper of the interactive browser sign-in, which no workflow can use.
  rmSync(join(out, 'xdg-open'), { force: true })
  return files
}

/**
 * For each module of Node's own, ncc makes a `require` first, which looks at the folders above the bundle. Node hands them out as well,
 * which saves one part in twenty-five of the time before the first request.
 */
function takeBuiltInsDirectly(entry: string): void {
  const code = readFileSync(entry, 'utf8')
  const direct = code.replaceAll(
    '__WEBPACK_EXTERNAL_createRequire(import.meta.url)("',
    'process.getBuiltinModule("',
  )
  if (direct === code) throw new Error(`${entry}: ncc loads built-in modules in another way by now`)
  // The line stays, so that source maps fit.
  const rest = direct.replace(/^import \{ createRequire as __WEBPACK_EXTERNAL_createRequire \}.*/, '')
  writeFileSync(entry, rest.includes('__WEBPACK_EXTERNAL_createRequire') ? direct : rest)
}

/**
 * Before anything else, ncc works out in which folder the bundle lies, for packages that read files beside them, and V8 makes the
 * first address for that. None of ours reads any.
 */
function leaveOutOwnFolder(out: string): void {
  const entry = join(out, 'index.js')
  const code = readFileSync(entry, 'utf8')
  const without = code.replace(/^.*\b__nccwpck_require__\.ab = .*$/m, '')
  if (without === code) throw new Error(`${entry}: ncc finds its folder in another way by now`)
  writeFileSync(entry, without)
  const reader = globSync(join(out, '*.js')).find(file =>
    /\b__nccwpck_require__\.ab\b/.test(readFileSync(file, 'utf8')),
  )
  if (reader !== undefined) throw new Error(`${reader} needs the folder of the bundle`)
}

async function minifyFile(file: string, { maps = false }: BundleOptions): Promise<void> {
  const minified = await minify(readFileSync(file, 'utf8'), {
    module: true,
    compress: true,
    mangle: true,
    // One other character, and V8 keeps the file with two bytes for each: it reads those more slowly.
    format: { comments: false, asciiOnly: true },
    sourceMap: maps,
  })
  const { code, map } = compileModulesAtOnce(minified)
  writeFileSync(file, code)
  if (map !== undefined) writeFileSync(`${file}${minifiedMap}`, map)
}

if (import.meta.main) await build(resolve(repositoryRoot, 'dist'))
