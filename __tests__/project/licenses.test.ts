import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { stripTypeScriptTypes } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import { bundledFiles, licenseTexts } from '../../scripts/licenses.ts'
import { filesLike, textOf } from '../support/documents.ts'

describe('the licences of a bundle', () => {
  let folder: string
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'licenses-'))
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  function addPackage(path: string, files: Readonly<Record<string, string>>): void {
    const [name = '', version = '1.0.0', license = 'MIT'] = path.split(' ')
    const home = join(folder, 'node_modules', name)
    mkdirSync(home, { recursive: true })
    const metadata = JSON.stringify({ name: name.replace(/^.*node_modules\//, ''), version, license })
    for (const [file, text] of Object.entries({ 'package.json': metadata, ...files }))
      writeFileSync(join(home, file), text)
  }

  function textsOf(...modules: readonly object[]): string {
    const stats = join(folder, 'stats.json')
    writeFileSync(stats, JSON.stringify({ modules }))
    return licenseTexts(bundledFiles(stats))
  }

  const file = (path: string) => ({ nameForCondition: join(folder, path) })

  test('are those of every package with a file in it, once, in order', () => {
    addPackage('zebra', { LICENSE: 'Zebra may.' })
    addPackage('@scope/ape 2.1.0 Apache-2.0', { 'LICENSE.txt': 'Ape may.\r\n', NOTICE: 'Seen.' })
    addPackage('unused', { LICENSE: 'Unused may.' })

    expect(
      textsOf(
        file('node_modules/zebra/a.js'),
        file('node_modules/zebra/lib/b.js'),
        file('node_modules/@scope/ape/index.js'),
        file('src/index.js'),
        { nameForCondition: null },
      ),
    ).toBe('@scope/ape 2.1.0 (Apache-2.0)\n\nApe may.\n\nSeen.\n\n\nzebra 1.0.0 (MIT)\n\nZebra may.\n\n')
  })

  test('are found in merged modules, and in nested packages', () => {
    addPackage('outer', { LICENSE: 'Outer may.' })
    addPackage('outer/node_modules/inner 3.0.0 ISC', { LICENCE: 'Inner may.' })

    const texts = textsOf({ modules: [file('node_modules/outer/node_modules/inner/a.js')] })

    expect(texts).toContain('inner 3.0.0 (ISC)\n\nInner may.')
    expect(texts).not.toContain('Outer may.')
  })

  test('are required of every package', () => {
    addPackage('bare', {})

    expect(() => textsOf(file('node_modules/bare/a.js'))).toThrow('bare 1.0.0 (MIT) has no licence')
  })
})

describe('dist/licenses.txt', () => {
  const listed = [...textOf('dist/licenses.txt').matchAll(/^(\S+) (\d\S*) \(([^)]+)\)$/gm)].map(
    ([, name = '', version = '', license = '']) => ({ name, version, license }),
  )
  const lockfile = v.object({ packages: v.record(v.string(), v.object({ version: v.optional(v.string()) })) })
  const { packages } = v.parse(lockfile, JSON.parse(textOf('package-lock.json')))
  const imported = filesLike(/^src\/.*\.ts$/).flatMap(path =>
    [...stripTypeScriptTypes(textOf(path)).matchAll(/ from '((?:@[\w-]+\/)?[\w-]+)(?:\/[^']*)?'$/gm)].flatMap(
      ([, name]) => name ?? [],
    ),
  )

  test('has every package that the action is written against', () => {
    expect(imported).toContain('valibot')
    expect(listed.map(({ name }) => name)).toEqual(expect.arrayContaining(imported))
  })

  test('names the installed versions', () => {
    const locked = new Set(
      Object.entries(packages).map(
        ([path, { version }]) => `${path.replace(/^.*node_modules\//, '')} ${version}`,
      ),
    )

    expect(listed.filter(({ name, version }) => !locked.has(`${name} ${version}`))).toEqual([])
  })

  test('has none that would bind users of the action', () => {
    const free = ['MIT', 'ISC', '0BSD', 'BSD-2-Clause', 'BSD-3-Clause', 'Apache-2.0']

    expect(listed.filter(({ license }) => !free.includes(license))).toEqual([])
  })
})
