import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'

interface BundledModule {
  nameForCondition?: string | null | undefined
  modules?: BundledModule[] | undefined
}

const bundledModule: v.GenericSchema<BundledModule> = v.object({
  nameForCondition: v.nullish(v.string()),
  /** Modules that the bundler merged into this one. */
  modules: v.optional(v.array(v.lazy(() => bundledModule))),
})

const statsSchema = v.object({ modules: v.array(bundledModule) })

const packageSchema = v.object({ name: v.string(), version: v.string(), license: v.string() })

/** Paths of all files that contribute to the bundle, from the bundler's statistics. */
export function bundledFiles(statsFile: string): string[] {
  const { modules } = v.parse(statsSchema, JSON.parse(readFileSync(statsFile, 'utf8')))
  return modules.flatMap(moduleFiles)
}

/** The licences of all packages that the files belong to. */
export function licenseTexts(files: readonly string[]): string {
  const folders = new Set(files.flatMap(packageFolder))
  return [...folders].map(licenseText).toSorted().join('\n')
}

function moduleFiles({ nameForCondition, modules = [] }: BundledModule): string[] {
  return [...(nameForCondition ? [nameForCondition] : []), ...modules.flatMap(moduleFiles)]
}

/** The folder of the package that a file belongs to; none for our own files. */
export function packageFolder(file: string): string[] {
  const folder = /^.*[\\/]node_modules[\\/](?:@[^\\/]+[\\/])?[^\\/]+/.exec(file)?.[0]
  return folder === undefined ? [] : [folder]
}

function licenseText(folder: string): string {
  const { name, version, license } = v.parse(
    packageSchema,
    JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')),
  )
  const files = readdirSync(folder).filter(file => /^(licen[cs]e|notice)/i.test(file))
  if (files.length === 0) throw new Error(`${name} ${version} (${license}) has no licence text`)
  const texts = files
    .toSorted()
    .map(file => readFileSync(join(folder, file), 'utf8').replaceAll('\r\n', '\n').trim())
  return [`${name} ${version} (${license})`, ...texts, ''].join('\n\n')
}
