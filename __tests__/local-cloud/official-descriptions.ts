import { existsSync, readFileSync } from 'node:fs'
import { Ajv, type ValidateFunction } from 'ajv'
import * as v from 'valibot'
import { readPin } from '../../scripts/descriptions.ts'
import { inDescriptions } from './descriptions-folder.ts'
import type { Exchange } from './resource-manager/fixture.ts'

/** Official API descriptions of Resource Manager's providers (OpenAPI 2.0). */
export const specification = inDescriptions('azure-rest-api-specs/specification/')

/** A file in one of the folders that are pinned, by its name. */
export function pinnedFile(name: string): URL {
  const { folders } = readPin()
  const candidates = folders.map(folder => inDescriptions(`azure-rest-api-specs/${folder}/${name}`))
  return candidates.find(file => existsSync(file)) ?? inDescriptions(`azure-rest-api-specs/${name}`)
}

const parameter = v.looseObject({
  name: v.optional(v.string()),
  in: v.optional(v.string()),
  $ref: v.optional(v.string()),
})
const operation = v.looseObject({
  parameters: v.optional(v.array(parameter), []),
  responses: v.record(v.string(), v.looseObject({ schema: v.optional(v.unknown()) })),
})
const description = v.looseObject({
  info: v.looseObject({ version: v.string() }),
  paths: v.record(v.string(), v.looseObject({})),
})

/** One operation of a description, ready to compare with. */
interface Operation {
  method: string
  path: RegExp
  queryParameters: ReadonlySet<string>
  version: string
  body: ValidateFunction | undefined
  responses: ReadonlyMap<string, ValidateFunction | undefined>
}

function readJson(url: URL): unknown {
  return JSON.parse(readFileSync(url, 'utf8'))
}

const files = [
  'authorization-RoleAssignmentsCalls.json',
  'authorization-RoleDefinitionsCalls.json',
  'authorization-DenyAssignmentCalls.json',
  'cognitiveservices.json',
]

export function loadOfficial(): Operation[] {
  const ajv = new Ajv({ strict: false, validateFormats: false, validateSchema: false, allErrors: true })
  return files.flatMap(file => operationsOf(ajv, pinnedFile(file)))
}

function operationsOf(ajv: Ajv, file: URL): Operation[] {
  addWithReferences(ajv, file)
  const { paths, info } = v.parse(description, readJson(file))
  return Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods)
      .filter(([method]) => method !== 'parameters')
      .map(([method, declared]) => toOperation(ajv, file, info.version, path, method, declared)),
  )
}

/** A file goes in under its own address, so that its relative references lead to the other files. */
function addWithReferences(ajv: Ajv, file: URL): void {
  if (ajv.schemas[file.href] !== undefined) return
  const document = readJson(file)
  ajv.addSchema(v.parse(v.looseObject({}), document), file.href)
  for (const [, reference = ''] of JSON.stringify(document).matchAll(/"\$ref":"([^"#]+)#/g)) {
    addWithReferences(ajv, new URL(reference, file))
  }
}

function toOperation(
  ajv: Ajv,
  file: URL,
  version: string,
  path: string,
  method: string,
  declared: unknown,
): Operation {
  const { parameters, responses } = v.parse(operation, declared)
  const resolved = parameters.map(each => resolveParameter(file, each))
  const validatorOf = (schema: unknown) =>
    schema === undefined
      ? undefined
      : ajv.compile({ $id: `${file.href}?${crypto.randomUUID()}`, ...absolute(schema, file) })
  return {
    method: method.toUpperCase(),
    path: pathPattern(path),
    queryParameters: new Set(
      resolved.filter(({ in: place }) => place === 'query').map(({ name = '' }) => name),
    ),
    version,
    body: validatorOf(resolved.find(({ in: place }) => place === 'body')?.schema),
    responses: new Map(
      Object.entries(responses).map(([status, { schema }]) => [status, validatorOf(schema)]),
    ),
  }
}

/** The reference that a response or body schema is, made independent of the file that it stands in. */
function absolute(schema: unknown, file: URL): { $ref: string } {
  const { $ref } = v.parse(v.looseObject({ $ref: v.string() }), schema)
  return { $ref: new URL($ref, file).href }
}

function resolveParameter(
  file: URL,
  declared: v.InferOutput<typeof parameter>,
): v.InferOutput<typeof parameter> {
  if (declared.$ref === undefined) return declared
  const target = new URL(declared.$ref, file)
  const [, ...steps] = decodeURIComponent(target.hash).split('/')
  target.hash = ''
  let found: unknown = readJson(target)
  for (const step of steps) found = v.parse(v.looseObject({}), found)[step]
  return v.parse(parameter, found)
}

/** A scope, and the path of a parent resource, may be several segments; names and types may not. */
function pathPattern(path: string): RegExp {
  const pattern = path
    .replaceAll('.', String.raw`\.`)
    .replace('{parentResourcePath}/', '(?:[^{}]*/)?')
    .replace('/{scope}', '(?:/.+)?')
    .replaceAll(/\{[^}]+\}/g, '[^/]+')
  return new RegExp(`^${pattern}$`, 'i')
}

/** What of a request and its reply is not as described; empty where all is. */
export function violations(official: readonly Operation[], exchange: Exchange): string[] {
  const { method, url, status, body, requestBody } = exchange
  const path = decodeURIComponent(url.pathname).replaceAll(/\/\/+/g, '/').replace('/./', '/')
  const described = official.find(candidate => candidate.method === method && candidate.path.test(path))
  if (!described) return [`${method} ${path} is not described`]
  const responseKey = described.responses.has(String(status)) ? String(status) : 'default'
  if (responseKey === 'default' && status < 400) return [`status ${status} is not described`]
  const unknownQuery = [...url.searchParams.keys()].filter(name => !described.queryParameters.has(name))
  return [
    ...unknownQuery.map(name => `query parameter ${name} is not described`),
    ...(url.searchParams.get('api-version') === described.version ? [] : ['api-version is another']),
    ...failuresOf(described.body, requestBody === '' ? undefined : JSON.parse(requestBody)),
    ...failuresOf(described.responses.get(responseKey), body),
  ]
}

/** OpenAPI 2.0 has no null; Azure writes it for what is not set, which is as if it were absent. */
function failuresOf(validate: ValidateFunction | undefined, value: unknown): string[] {
  if (validate === undefined) return value === undefined ? [] : ['a body where none is described']
  if (value === undefined) return ['no body where one is described']
  validate(JSON.parse(JSON.stringify(value, (_key, inner) => (inner === null ? undefined : inner))))
  return (validate.errors ?? []).map(({ instancePath, message }) => `${instancePath}: ${message}`)
}
