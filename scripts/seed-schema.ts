import { toJsonSchema } from '@valibot/to-json-schema'
import { SCHEMA_ADDRESS } from '../local-cloud/cli/seed-file.ts'
import { worldSchema } from '../local-cloud/world.ts'

export const seedSchemaPath = 'local-cloud/seed.schema.json'

/** The JSON Schema of a seed of the local cloud, for editors and programs. */
export function seedSchemaFile(): string {
  const { $schema, properties, ...schema } = toJsonSchema(worldSchema, {
    target: 'draft-2020-12',
    typeMode: 'input',
    // The schema cannot express that GUIDs become lower case, and that a credential has either a subject or an expression.
    ignoreActions: ['to_lower_case', 'check'],
  })
  const whole = {
    $schema,
    $id: SCHEMA_ADDRESS,
    title: 'Seed of the local cloud',
    description:
      'What the local cloud of Key-less Gate starts with: tenants, identities, resources, roles, and a workflow run.',
    ...schema,
    // By which JSON names the schema of its document.
    properties: { $schema: { type: 'string' }, ...properties },
  }
  return `${JSON.stringify(whole, null, 2)}\n`
}
