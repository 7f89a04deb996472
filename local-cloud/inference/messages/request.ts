import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { optional } from '../bodies.ts'
import { Refusal } from '../refusals.ts'

/** The request of Anthropic's Messages API: every parameter of the newest SDK (anthropic-sdk-python, types/message_create_params.py). */

const block = v.looseObject({
  type: v.string(),
  text: optional(v.string()),
  /** Fields of a `tool_use`. */
  id: optional(v.string()),
  name: optional(v.string()),
  /** Fields of a `tool_result`. */
  tool_use_id: optional(v.string()),
})

const content = v.union([v.string(), v.array(block)])

const message = v.looseObject({ role: v.picklist(['user', 'assistant']), content })

const tool = v.looseObject({
  name: v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_-]{1,128}$/)),
  type: optional(v.string()),
  description: optional(v.string()),
  input_schema: optional(v.record(v.string(), v.unknown())),
})

const toolChoice = v.variant('type', [
  v.looseObject({ type: v.picklist(['auto', 'any', 'none']) }),
  v.looseObject({ type: v.literal('tool'), name: v.string() }),
])

const LEAST_THINKING = 1024

const thinking = v.variant('type', [
  v.looseObject({ type: v.picklist(['disabled', 'adaptive']) }),
  v.looseObject({
    type: v.literal('enabled'),
    budget_tokens: v.pipe(v.number(), v.integer(), v.minValue(LEAST_THINKING)),
  }),
])

const jsonFormat = v.looseObject({
  type: v.literal('json_schema'),
  schema: v.record(v.string(), v.unknown()),
})

const asked = {
  model: v.string(),
  messages: v.pipe(v.array(message), v.nonEmpty()),
  cache_control: optional(v.looseObject({})),
  output_config: optional(v.looseObject({ effort: optional(v.string()), format: optional(jsonFormat) })),
  /** The first name of `output_config.format`. */
  output_format: optional(jsonFormat),
  speed: optional(v.string()),
  system: optional(content),
  thinking: optional(thinking),
  tool_choice: optional(toolChoice),
  tools: optional(v.array(tool)),
  user_profile_id: optional(v.string()),
  workspace_id: optional(v.string()),
}

const share = v.pipe(v.number(), v.minValue(0), v.maxValue(1))

export const messagesRequest = v.looseObject({
  ...asked,
  max_tokens: v.pipe(v.number(), v.integer(), v.minValue(1)),
  container: optional(v.unknown()),
  diagnostics: optional(v.looseObject({})),
  inference_geo: optional(v.string()),
  metadata: optional(v.looseObject({})),
  service_tier: optional(v.picklist(['auto', 'standard_only'])),
  stop_sequences: optional(v.array(v.string())),
  stream: optional(v.boolean()),
  temperature: optional(share),
  top_k: optional(v.pipe(v.number(), v.integer(), v.minValue(0))),
  top_p: optional(share),
})

export const countRequest = v.looseObject(asked)

export type CountRequest = v.InferOutput<typeof countRequest>
export type MessagesRequest = v.InferOutput<typeof messagesRequest>

export const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`

/**
 * The parsed request. Unknown parameters are refused first.
 * @throws Refusal in Anthropic's format
 */
export function parseMessages<Schema extends v.LooseObjectSchema<v.ObjectEntries, undefined>>(
  schema: Schema,
  body: string,
): v.InferOutput<Schema> {
  const json = parsedJson(body)
  const unknown = Object.keys(json).find(name => !(name in schema.entries))
  if (unknown !== undefined) throw invalidMessage(`${unknown}: Extra inputs are not permitted`)
  const parsed = v.safeParse(schema, json)
  if (parsed.success) return parsed.output
  const [issue] = parsed.issues
  const reason = issue.received === 'undefined' ? 'Field required' : issue.message
  throw invalidMessage(`${v.getDotPath(issue) ?? 'body'}: ${reason}`)
}

function parsedJson(body: string): object {
  try {
    const json: unknown = JSON.parse(body)
    if (typeof json === 'object' && json !== null && !Array.isArray(json)) return json
  } catch {
    // A body that is not JSON is not an object either.
  }
  throw invalidMessage('The request body is not valid JSON')
}

/** The request's id is in the body and in a header. */
export function invalidMessage(message: string): Refusal {
  const request_id = newId('req')
  return new Refusal({
    status: 400,
    headers: { 'request-id': request_id },
    body: { type: 'error', error: { type: 'invalid_request_error', message }, request_id },
  })
}
