import { toJsonSchema } from '@valibot/to-json-schema'
import * as v from 'valibot'
import { reportSchema } from '../src/report/schema.ts'

/** docs/report.schema.json, for programs that read the JSON report, and the table of docs/report.md, for people. */

const address = 'https://github.com/OWNER/key-less-gate/blob/v1/docs/report.schema.json'

/** The part of JSON Schema that describes the report. */
interface Node {
  type?: string
  const?: unknown
  enum?: readonly unknown[]
  description?: string
  properties?: Readonly<Record<string, Node>>
  required?: readonly string[]
  additionalProperties?: boolean | Node
  items?: Node
  anyOf?: readonly Node[]
}

const node: v.GenericSchema<unknown, Node> = v.looseObject({
  type: v.exactOptional(v.string()),
  enum: v.exactOptional(v.array(v.unknown())),
  description: v.exactOptional(v.string()),
  properties: v.exactOptional(
    v.record(
      v.string(),
      v.lazy(() => node),
    ),
  ),
  required: v.exactOptional(v.array(v.string())),
  additionalProperties: v.exactOptional(v.union([v.boolean(), v.lazy(() => node)])),
  items: v.exactOptional(v.lazy(() => node)),
  anyOf: v.exactOptional(v.array(v.lazy(() => node))),
})

function reportJsonSchema(): object {
  const { $schema, ...schema } = toJsonSchema(reportSchema, { target: 'draft-2020-12', errorMode: 'throw' })
  return {
    $schema,
    $id: address,
    title: 'Report of Key-less Gate',
    description:
      'The inputs, actions and results of one run of the gate. It can be the predicate of an attestation.',
    ...schema,
  }
}

export const reportSchemaFile = () => `${JSON.stringify(reportJsonSchema(), null, 2)}\n`

/** One row per field. */
export function reportFields(): string {
  const rows = rowsOf(v.parse(node, reportJsonSchema()), '')
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(['Field', 'Type', 'Meaning']), line(['---', '---', '---']), ...rows.map(line)].join('\n')
}

function rowsOf(schema: Node, path: string): string[][] {
  const own = schema.anyOf?.find(({ type }) => type !== 'null') ?? schema
  const fields = Object.entries(own.properties ?? {}).flatMap(([name, field]) => {
    const at = path === '' ? name : `${path}.${name}`
    const optional = own.required?.includes(name) ? '' : ', or absent'
    return [[`\`${at}\``, `${typeOf(field)}${optional}`, field.description ?? ''], ...rowsOf(field, at)]
  })
  return own.items === undefined ? fields : [...fields, ...rowsOf(own.items, `${path}[]`)]
}

/** Long lists of values are only in the schema. */
const mostValues = 8

function typeOf({ type, const: value, enum: values, anyOf, items }: Node): string {
  if (anyOf !== undefined) return anyOf.map(typeOf).join(' or ')
  if (value !== undefined) return `\`${String(value)}\``
  if (values !== undefined && values.length <= mostValues)
    return values.map(each => `\`${String(each)}\``).join(', ')
  if (values !== undefined) return 'code'
  return items === undefined ? (type ?? '') : `list of ${typeOf(items)}`
}
