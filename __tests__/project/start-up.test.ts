import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { repositoryRoot } from '../support/scenario.ts'

/** What is loaded before the first request: an SDK takes longer than the reply that hides the loading of it. */

const staticImport = /^(?:import|export)\s(?!type\s)(?:[^'"]*\sfrom\s)?['"]([^'"]+)['"]/gm

/** Packages that the module loads by itself or through others, dynamic imports left out. */
function packagesOf(path: string, seen = new Set<string>()): Set<string> {
  const packages = new Set<string>()
  if (seen.has(path)) return packages
  seen.add(path)
  for (const [, specifier = ''] of readFileSync(path, 'utf8').matchAll(staticImport)) {
    if (!specifier.startsWith('.')) packages.add(specifier)
    else for (const each of packagesOf(resolve(dirname(path), specifier), seen)) packages.add(each)
  }
  return packages
}

test('an SDK is loaded while a reply is awaited, and never at the start', () => {
  const packages = [...packagesOf(resolve(repositoryRoot, 'src/index.ts'))]

  expect(packages).toContain('valibot')
  expect(packages.filter(name => name.startsWith('@azure/') || name === '@actions/github')).toEqual([])
})

test('the module that holds an SDK is seen to do so', () => {
  const client = resolve(repositoryRoot, 'src/services/resource-manager/client.ts')

  expect([...packagesOf(client)]).toContain('@azure/arm-authorization')
})
