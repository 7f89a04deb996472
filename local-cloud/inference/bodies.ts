import * as v from 'valibot'
import { invalidRequest } from './refusals.ts'

/** @throws Refusal 400 */
export function parseJson(body: string): unknown {
  try {
    return JSON.parse(body)
  } catch {
    throw unreadableBody()
  }
}

const unreadableBody = () => invalidRequest('We could not parse the JSON body of your request.', null, null)

/**
 * The body as the schema describes it; the first thing wrong with it is refused in the words of OpenAI's API.
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

function refusalOf(issue: v.BaseIssue<unknown>) {
  const param = pathOf(issue)
  if (param === '') return unreadableBody()
  switch (issue.type) {
    case 'min_value':
      return invalidRequest(
        `Invalid '${param}': ${kindOf(issue)} below minimum value. Expected a value >= ${issue.requirement}, but got ${issue.input} instead.`,
        param,
        `${kindOf(issue)}_below_min_value`,
      )
    case 'max_value':
      return invalidRequest(
        `Invalid '${param}': ${kindOf(issue)} above maximum value. Expected a value <= ${issue.requirement}, but got ${issue.input} instead.`,
        param,
        `${kindOf(issue)}_above_max_value`,
      )
    case 'non_empty':
      return invalidRequest(
        `Invalid '${param}': empty array. Expected an array with minimum length 1, but got an empty array instead.`,
        param,
        'empty_array',
      )
    case 'integer':
      return invalidRequest(
        `Invalid type for '${param}': expected an integer, but got a decimal number instead.`,
        param,
        'invalid_type',
      )
    default:
      return issue.received === 'undefined'
        ? invalidRequest(`Missing required parameter: '${param}'.`, param, 'missing_required_parameter')
        : invalidRequest(
            `Invalid type for '${param}': expected ${issue.expected?.toLowerCase()}, but got ${typeName(issue.input)} instead.`,
            param,
            'invalid_type',
          )
  }
}

/** `messages[0].content`; empty for the body itself. */
function pathOf({ path }: v.BaseIssue<unknown>): string {
  const parts = (path ?? []).map(({ key }) => (typeof key === 'number' ? `[${key}]` : `.${String(key)}`))
  return parts.join('').replace(/^\./, '')
}

/** Token counts are integers, sampling parameters decimals: the limits of the first are whole and unbounded above. */
const kindOf = ({ path }: v.BaseIssue<unknown>) =>
  /tokens|dimensions/.test(String(path?.at(-1)?.key)) ? 'integer' : 'decimal'

function typeName(input: unknown): string {
  if (input === null) return 'null'
  if (Array.isArray(input)) return 'an array'
  return typeof input === 'object' ? 'an object' : `a ${typeof input}`
}

/** A field that may be absent or null, which mean the same. */
export const optional = <Schema extends v.GenericSchema>(schema: Schema) => v.nullish(schema)

/** A token budget of at least `least`. */
export const tokenCount = (least: number) => optional(v.pipe(v.number(), v.integer(), v.minValue(least)))

export const temperature = optional(v.pipe(v.number(), v.minValue(0), v.maxValue(2)))
export const topP = optional(v.pipe(v.number(), v.minValue(0), v.maxValue(1)))

/** Text, or parts of which those with text count. */
export const content = v.union([
  v.string(),
  v.array(v.looseObject({ type: v.string(), text: v.optional(v.string()) })),
])

export function textOf(given: v.InferOutput<typeof content> | null | undefined): string {
  if (given === null || given === undefined) return ''
  return typeof given === 'string' ? given : given.map(({ text }) => text ?? '').join('\n')
}
