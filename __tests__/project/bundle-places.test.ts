import { appendFileSync, cpSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { buildGate } from '../../scripts/build.ts'
import { findByMaps } from '../../scripts/bundle-places.ts'
import { statements } from '../../scripts/raw-coverage.ts'
import { temporaryFolder } from '../../scripts/tools.ts'
import { textOf } from '../support/documents.ts'

/** Where the statements of the sources are in the bundle, by which processes of the action are counted. */

const rebuilt = temporaryFolder()
const bundle = temporaryFolder()

beforeAll(async () => {
  await buildGate(rebuilt, { maps: true })
  cpSync(rebuilt, bundle, { recursive: true })
})

test.each([
  ['src/core/text/instant.ts', 'const earliest =', /^Date\.UTC\(2e3\)/],
  ['src/core/failures/intermediary.ts', 'if (status < 400 ||', /^\(?\w+<400\|\|/],
])('in %s: `%s` is found by its first expression', (source, begin, minified) => {
  const code = textOf(source)
  const statement = statements(code).find(({ start }) => code.startsWith(begin, start))
  if (statement === undefined) throw new Error('The source has no such statement')
  const texts = findByMaps(rebuilt, bundle)(source, statement).map(({ url, offset }) =>
    readFileSync(fileURLToPath(url), 'utf8').slice(offset, offset + 20),
  )

  expect(texts).not.toEqual([])
  for (const text of texts) expect(text).toMatch(minified)
})

test('a bundle that differs from the build of the sources is refused', () => {
  appendFileSync(join(bundle, 'index.js'), '\n')
  expect(() => findByMaps(rebuilt, bundle)).toThrow('index.js is not what the sources build')
})
