import { join } from 'node:path'
import { changedSources, sourceHashes } from '../../scripts/bundle-sources.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { textOf } from '../support/documents.ts'

const built = textOf('dist/sources.sha256')

test('dist/ was built from the present sources', () => {
  expect(changedSources(built)).toEqual([])
})

test.each([
  ...['src/index.ts', 'src/step/post.ts', 'local-cloud/cli.ts', 'local-cloud/setup/index.ts'],
  ...['built-in-roles/roles.json', 'tsconfig.build.json', 'scripts/build.ts'],
  ...['package-lock.json#node_modules/@azure/identity', 'package-lock.json#node_modules/@vercel/ncc'],
])('%s is part of the bundle, and is named after a change', name => {
  const before = built
    .split('\n')
    .map(line => (line.endsWith(`  ${name}`) ? `${'0'.repeat(64)}  ${name}` : line))
    .join('\n')

  expect(changedSources(before)).toEqual([name])
})

test('a removed file is named, and so is a malformed line', () => {
  const hash = '0'.repeat(64)

  expect(changedSources(`${hash}  src/gone.ts\n${hash}  package-lock.json#gone\n?\n`)).toEqual([
    'src/gone.ts',
    'package-lock.json#gone',
    '?',
  ])
})

test('a file outside the bundle has no line', () => {
  const hashes = sourceHashes([join(repositoryRoot, 'build/src/index.js')])

  expect(hashes).toMatch(/^\w{64} {2}src\/index\.ts$/m)
  expect(hashes).not.toContain('src/step/post.ts')
})

test('the order and number of bundled files make no difference', () => {
  const [one, other] = ['build/src/index.js', 'local-cloud/build/local-cloud/cli.js'].map(path =>
    join(repositoryRoot, path),
  ) as [string, string]

  expect(sourceHashes([other, one, other])).toBe(sourceHashes([one, other]))
})

test('a part without a source is an error', () => {
  expect(() => sourceHashes([join(repositoryRoot, 'build/src/no-such.js')])).toThrow('src/no-such.ts')
})
