import { toJsonSchema } from '@valibot/to-json-schema'
import { worldSchema } from '../local-cloud/world.ts'

/** The JSON Schema of a seed of the local cloud: what a person may write, for editors and for programs. */
export function seedSchemaFile(): string {
  const { $schema, ...schema } = toJsonSchema(worldSchema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    // The one thing that it cannot say: GUIDs become lower case, which is no matter of what may be written.
    ignoreActions: ['to_lower_case'],
  })
  const title = 'Seed of the local cloud'
  const description =
    'What the local cloud of Key-less Gate starts with: tenants, identities, resources, roles, and a workflow run.'
  return `${JSON.stringify({ $schema, title, description, ...schema }, null, 2)}\n`
}
