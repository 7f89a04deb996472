import { existsSync, readFileSync, writeFileSync } from 'node:fs'
import { Document, parse } from 'yaml'
import { builtInRoleId } from '../built-in-roles.ts'
import type { Seed } from '../world.ts'

/** Where editors find what a seed may hold. */
export const SCHEMA_ADDRESS =
  'https://raw.githubusercontent.com/OWNER/key-less-gate/v1/local-cloud/seed.schema.json'

const isJson = (file: string) => file.toLowerCase().endsWith('.json')

/**
 * The content of a seed file, not checked yet.
 * @throws Error that names the file, if it cannot be read or is neither JSON nor YAML
 */
export function readSeedFile(file: string): unknown {
  try {
    const text = readFileSync(file, 'utf8')
    return withoutSchema(isJson(file) ? JSON.parse(text) : parse(text))
  } catch (error) {
    throw new Error(
      `The seed ${file} cannot be read: ${error instanceof Error ? error.message : String(error)}`,
    )
  }
}

/** JSON names its schema in the document. */
function withoutSchema(seed: unknown): unknown {
  if (typeof seed !== 'object' || seed === null || !('$schema' in seed)) return seed
  const { $schema, ...others } = seed
  return others
}

/** @throws Error if the file exists, or cannot be written */
export function writeSeedFile(file: string, seed: Seed): void {
  if (existsSync(file)) throw new Error(`${file} is there already: it stays as it is.`)
  const text = isJson(file) ? jsonText(seed) : yamlText(seed)
  try {
    writeFileSync(file, text)
  } catch (error) {
    throw new Error(`${file} cannot be written: ${error instanceof Error ? error.message : String(error)}`)
  }
}

const jsonText = (seed: Seed) => `${JSON.stringify({ $schema: SCHEMA_ADDRESS, ...seed }, null, 2)}\n`

/** What a person needs to know of the parts that are changed first. */
const comments: Readonly<Record<string, string | undefined>> = {
  applications:
    'Who signs in. The first one is AZURE_CLIENT_ID; its credentials say which workflow runs may be it.',
  accounts: 'The first one is LOCAL_CLOUD_RESOURCE_ID.',
  roleAssignments: `Who may do what. To call models takes e.g. the role ${builtInRoleId('Cognitive Services User')}, Cognitive Services User.`,
  workflow:
    'The run whose tokens are signed: its repository, ref and environment are what credentials are compared with.',
} satisfies Partial<Record<keyof Seed, string>>

function yamlText(seed: Seed): string {
  const document = new Document(seed)
  document.commentBefore = ` yaml-language-server: $schema=${SCHEMA_ADDRESS}`
  const sections = Object.entries(seed).map(([name, value]) => {
    const pair = document.createPair(name, value)
    const comment = comments[name]
    const key = document.createNode(name)
    if (comment !== undefined) key.commentBefore = ` ${comment}`
    key.spaceBefore = true
    return Object.assign(pair, { key })
  })
  document.contents = Object.assign(document.createNode({}), { items: sections })
  return document.toString({ lineWidth: 0 })
}
