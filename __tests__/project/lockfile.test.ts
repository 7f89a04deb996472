import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { repositoryRoot } from '../../scripts/tools.ts'

const read = (path: string) => readFileSync(join(repositoryRoot, path), 'utf8')

const lockfile = v.object({
  packages: v.record(
    v.string(),
    v.object({
      resolved: v.optional(v.string()),
      integrity: v.optional(v.string()),
      optional: v.optional(v.boolean(), false),
      optionalDependencies: v.optional(v.record(v.string(), v.string()), {}),
    }),
  ),
})

const packages = Object.entries(v.parse(lockfile, JSON.parse(read('package-lock.json'))).packages)
const installed = packages.filter(([path]) => path !== '')

test('the lock file pins by its hash every package that is not for one platform only', () => {
  expect(installed.filter(([, { integrity, optional }]) => integrity === undefined && !optional)).toEqual([])
})

test('the lock file knows the packages of every platform: without one of them, npm ci refuses to work', () => {
  const paths = packages.map(([path]) => path)
  const wanted = packages.flatMap(([, { optionalDependencies }]) => Object.keys(optionalDependencies))

  expect(wanted.filter(name => !paths.some(path => path.endsWith(`node_modules/${name}`)))).toEqual([])
})

test('the lock file names no registry, and npm keeps it that way', () => {
  expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  expect(read('.npmrc').split('\n')).toContain('omit-lockfile-registry-resolved=true')
})
