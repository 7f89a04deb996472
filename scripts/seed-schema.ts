import { toJsonSchema } from '@valibot/to-json-schema'
import { worldSchema } from '../local-cloud/world.ts'

/** The JSON Schema of a seed of the local cloud: what a person may write, for editors and for programs. */
export function seedSchemaFile(): string {
  const { $schema, ...schema } = toJsonSchema(worldSchema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    // What it cannot say: that GUIDs become lower case, and that a credential has a subject or an expression, not both.
    ignoreActions: ['to_lower_case', 'check'],
  })
  const title = 'Seed of the local cloud'
  const description =
    'What the local cloud of Key-less Gate starts with: tenants, identities, resources, roles, and a workflow run.'
  return `${JSON.stringify({ $schema, title, description, ...schema }, null, 2)}\n`
}
