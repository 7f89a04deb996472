import * as v from 'valibot'
import { invalidRequest, type Refusal } from './refusals.ts'

/** @throws Refusal 400 */
function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw unreadableBody()
  }
}

const unreadableBody = () => invalidRequest('We could not parse the JSON body of your request.', null, null)

/**
 * The body, checked by the schema. The first mistake is refused in the words of OpenAI's API.
 * @throws Refusal 400
 */
export function parseBody<Schema extends v.GenericSchema>(
  schema: Schema,
  body: string,
): v.InferOutput<Schema> {
  const parsed = v.safeParse(schema, parseJson(body))
  if (parsed.success) return parsed.output
  throw refusalOf(parsed.issues[0])
}

type KnownObject = v.LooseObjectSchema<v.ObjectEntries, undefined>

/**
 * The same for a schema that names every parameter. An unknown parameter is refused before anything else.
 * @throws Refusal 400
 */
export function parseKnown<Schema extends KnownObject>(
  schema: Schema,
  body: string,
  refuse: (unknown: readonly string[]) => Refusal,
): v.InferOutput<Schema> {
  const json = parseJson(body)
  const names = typeof json === 'object' && json !== null && !Array.isArray(json) ? Object.keys(json) : []
  const unknown = names.filter(name => !(name in schema.entries))
  if (unknown.length > 0) throw refuse(unknown)
  return parseBody(schema, body)
}

/** The wording of chat completions and embeddings. Many users quote it. */
export const unrecognizedArguments = (names: readonly string[]) =>
  invalidRequest(
    `Unrecognized request argument${names.length === 1 ? '' : 's'} supplied: ${names.toSorted().join(', ')}`,
    null,
    null,
  )

/** The wording of responses. */
export const unknownParameter = ([name = '']: readonly string[]) =>
  invalidRequest(`Unknown parameter: '${name}'.`, name, 'unknown_parameter')

/** What is wrong, and where. */
interface Finding {
  /** The type of valibot's issue: `max_value`, `picklist`, … */
  type: string
  input: unknown
  expected: string
  received: string
  requirement: unknown
  /** `messages[0].content`; empty for the body itself. */
  param: string
}

function refusalOf(issue: v.BaseIssue<unknown>): Refusal {
  const finding = findingOf(issue)
  if (finding.param === '') return unreadableBody()
  return (wordings[finding.type] ?? wrongType)(finding)
}

/** If there are alternatives, the client meant the one that failed last. */
function findingOf(issue: v.BaseIssue<unknown>, outer: readonly unknown[] = []): Finding {
  const keys = [...outer, ...(issue.path ?? []).map(({ key }) => key)]
  const depth = ({ path }: v.BaseIssue<unknown>) => path?.length ?? 0
  const inner = (issue.issues ?? []).filter(each => depth(each) > 0).sort((a, b) => depth(b) - depth(a))[0]
  if (inner !== undefined) return findingOf(inner, keys)
  const { type, input, expected, received, requirement } = issue
  const parts = keys.map(key => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
  return {
    type,
    input,
    expected: expected ?? '',
    received,
    requirement,
    param: parts.join('').replace(/^\./, ''),
  }
}

type Wording = (finding: Finding) => Refusal

const beyond =
  (side: 'below_min' | 'above_max', sign: '>=' | '<='): Wording =>
  ({ param, input, requirement }) => {
    // Counts are integers, sampling parameters decimals.
    const kind = /(^|\.)(n|seed|dimensions|top_logprobs|top_k|max_tool_calls|\w*tokens)$/.test(param)
      ? 'integer'
      : 'decimal'
    const where = side === 'below_min' ? 'below minimum value' : 'above maximum value'
    return invalidRequest(
      `Invalid '${param}': ${kind} ${where}. Expected a value ${sign} ${requirement}, but got ${input} instead.`,
      param,
      `${kind}_${side}_value`,
    )
  }

/** Lists have items, texts have characters. */
const tooLong: Wording = ({ param, input, requirement }) => {
  const [kind, aKind] = Array.isArray(input) ? ['array', 'an array'] : ['string', 'a string']
  const length = Array.isArray(input) || typeof input === 'string' ? input.length : 0
  return invalidRequest(
    `Invalid '${param}': ${kind} too long. Expected ${aKind} with maximum length ${requirement}, but got ${aKind} with length ${length} instead.`,
    param,
    `${kind}_above_max_length`,
  )
}

const notAmong: Wording = finding => {
  const { param, input, expected } = finding
  if (typeof input !== 'string') return wrongType({ ...finding, expected: 'string' })
  const supported = expected
    .replaceAll(/[()"]/g, '')
    .split(' | ')
    .map(value => `'${value}'`)
  return invalidRequest(
    `Invalid value: '${input}'. ${supported.length === 1 ? 'Value must be' : 'Supported values are:'} ${enumerated(supported)}.`,
    param,
    'invalid_value',
  )
}

const enumerated = (names: readonly string[]) =>
  names.length < 3 ? names.join(' and ') : `${names.slice(0, -1).join(', ')}, and ${names.at(-1)}`

const wordings: Readonly<Record<string, Wording>> = {
  min_value: beyond('below_min', '>='),
  max_value: beyond('above_max', '<='),
  max_length: tooLong,
  picklist: notAmong,
  variant: notAmong,
  literal: notAmong,
  max_entries: ({ param, requirement, received }) =>
    invalidRequest(
      `Invalid '${param}': object with too many properties. Expected an object with at most ${requirement} properties, but got an object with ${received} properties instead.`,
      param,
      'object_above_max_properties',
    ),
  non_empty: ({ param }) =>
    invalidRequest(
      `Invalid '${param}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
      param,
      'empty_array',
    ),
  regex: ({ param, requirement }) =>
    invalidRequest(
      `Invalid '${param}': string does not match pattern. Expected a string that matches the pattern '${requirement instanceof RegExp ? requirement.source : requirement}'.`,
      param,
      'invalid_value',
    ),
  integer: ({ param }) =>
    invalidRequest(
      `Invalid type for '${param}': expected an integer, but got a decimal number instead.`,
      param,
      'invalid_type',
    ),
}

function wrongType({ param, input, expected, received }: Finding): Refusal {
  if (received === 'undefined') {
    return invalidRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter')
  }
  return invalidRequest(
    `Invalid type for '${param}': expected ${typesIn(expected)}, but got ${typeName(input)} instead.`,
    param,
    'invalid_type',
  )
}

/** Puts valibot's `(string | Array)` into words. */
function typesIn(expected: string): string {
  const names = expected.replaceAll(/[()]/g, '').toLowerCase().split(' | ')
  const types = [...new Set(names.filter(name => name !== 'undefined' && name !== 'null'))]
  if (types.length < 2) return types[0] ?? ''
  const withArticle = types.map(name => (/^[aeiou]/.test(name) ? `an ${name}` : `a ${name}`))
  return `one of ${withArticle.slice(0, -1).join(', ')} or ${withArticle.at(-1)}`
}

function typeName(input: unknown): string {
  if (input === null) return 'null'
  if (Array.isArray(input)) return 'an array'
  return typeof input === 'object' ? 'an object' : `a ${typeof input}`
}

/** Absent and null mean the same. */
export const optional = <Schema extends v.GenericSchema>(schema: Schema) => v.nullish(schema)

/** A token budget of at least `least`. */
export const tokenCount = (least: number) => optional(v.pipe(v.number(), v.integer(), v.minValue(least)))

export const temperature = optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2)))
export const topP = optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)))

/** Text, or parts of these types. Only the text of the parts counts. */
export const partsOf = <const Types extends readonly string[]>(types: Types) =>
  v.union([v.string(), v.array(v.looseObject({ type: v.picklist(types), text: v.optional(v.string()) }))])

type Content = string | readonly { text?: string | undefined }[]

export function textOf(given: Content | null | undefined): string {
  if (given === null || given === undefined) return ''
  return typeof given === 'string' ? given : given.map(({ text }) => text ?? '').join('\n')
}
