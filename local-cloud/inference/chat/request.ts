import * as v from 'valibot'
import { optional, partsOf, temperature, tokenCount, topP } from '../bodies.ts'

/** The request of chat completions: every parameter of the official description and of the newest SDK. */

const penalty = optional(v.pipe(v.number(), v.minValue(-2), v.maxValue(2)))

const content = partsOf(['text', 'image_url', 'input_audio', 'file', 'refusal'])

/** Allowed names of functions and schemas. */
const name = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_-]+$/), v.maxLength(64))

const jsonObject = v.record(v.string(), v.unknown())

export const metadata = optional(
  v.pipe(
    v.record(v.pipe(v.string(), v.maxLength(64)), v.pipe(v.string(), v.maxLength(512))),
    v.maxEntries(16),
  ),
)

const functionCall = v.looseObject({ name: v.string(), arguments: v.string() })

const toolCall = v.variant('type', [
  v.looseObject({ id: v.string(), type: v.literal('function'), function: functionCall }),
  v.looseObject({ id: v.string(), type: v.literal('custom'), custom: v.looseObject({ name: v.string() }) }),
])

const message = v.variant('role', [
  v.looseObject({ role: v.picklist(['system', 'developer', 'user']), content }),
  v.looseObject({
    role: v.literal('assistant'),
    content: optional(content),
    refusal: optional(v.string()),
    tool_calls: optional(v.pipe(v.array(toolCall), v.nonEmpty())),
    function_call: optional(functionCall),
    audio: optional(v.looseObject({ id: v.string() })),
  }),
  v.looseObject({ role: v.literal('tool'), content, tool_call_id: v.string() }),
  v.looseObject({ role: v.literal('function'), content: optional(content), name: v.string() }),
])

const functionTool = v.looseObject({
  name,
  description: optional(v.string()),
  parameters: optional(jsonObject),
  strict: optional(v.boolean()),
})

const tool = v.variant('type', [
  v.looseObject({ type: v.literal('function'), function: functionTool }),
  v.looseObject({
    type: v.literal('custom'),
    custom: v.looseObject({
      name,
      description: optional(v.string()),
      format: optional(v.looseObject({ type: v.picklist(['text', 'grammar']) })),
    }),
  }),
])

const named = v.looseObject({ name: v.string() })

const toolChoice = v.union([
  v.picklist(['none', 'auto', 'required']),
  v.variant('type', [
    v.looseObject({ type: v.literal('function'), function: named }),
    v.looseObject({ type: v.literal('custom'), custom: named }),
    v.looseObject({
      type: v.literal('allowed_tools'),
      allowed_tools: v.looseObject({
        mode: v.picklist(['auto', 'required']),
        tools: v.array(
          v.looseObject({ type: v.string(), function: v.optional(named), custom: v.optional(named) }),
        ),
      }),
    }),
  ]),
])

const responseFormat = v.variant('type', [
  v.looseObject({ type: v.literal('text') }),
  v.looseObject({ type: v.literal('json_object') }),
  v.looseObject({
    type: v.literal('json_schema'),
    json_schema: v.looseObject({
      name,
      description: optional(v.string()),
      schema: optional(jsonObject),
      strict: optional(v.boolean()),
    }),
  }),
])

export const chatRequest = v.looseObject({
  model: optional(v.string()),
  messages: v.pipe(v.array(message), v.nonEmpty()),
  audio: optional(v.looseObject({})),
  data_sources: optional(v.array(v.looseObject({ type: v.string() }))),
  frequency_penalty: penalty,
  function_call: optional(v.union([v.picklist(['none', 'auto']), named])),
  functions: optional(v.pipe(v.array(functionTool), v.nonEmpty(), v.maxLength(128))),
  logit_bias: optional(v.record(v.string(), v.pipe(v.number(), v.minValue(-100), v.maxValue(100)))),
  logprobs: optional(v.boolean()),
  max_completion_tokens: tokenCount(1),
  max_tokens: tokenCount(1),
  metadata,
  modalities: optional(v.array(v.picklist(['text', 'audio']))),
  moderation: optional(v.looseObject({})),
  n: optional(v.pipe(v.number(), v.integer(), v.minValue(1), v.maxValue(128))),
  parallel_tool_calls: optional(v.boolean()),
  prediction: optional(v.looseObject({ type: v.literal('content'), content })),
  presence_penalty: penalty,
  prompt_cache_key: optional(v.string()),
  prompt_cache_options: optional(v.looseObject({})),
  prompt_cache_retention: optional(v.string()),
  reasoning_effort: optional(v.picklist(['none', 'minimal', 'low', 'medium', 'high', 'xhigh'])),
  response_format: optional(responseFormat),
  safety_identifier: optional(v.string()),
  seed: optional(v.pipe(v.number(), v.integer())),
  service_tier: optional(v.picklist(['auto', 'default', 'flex', 'scale', 'priority'])),
  stop: optional(v.union([v.string(), v.pipe(v.array(v.string()), v.nonEmpty(), v.maxLength(4))])),
  store: optional(v.boolean()),
  stream: optional(v.boolean()),
  stream_options: optional(
    v.looseObject({ include_usage: optional(v.boolean()), include_obfuscation: optional(v.boolean()) }),
  ),
  temperature,
  tool_choice: optional(toolChoice),
  tools: optional(v.pipe(v.array(tool), v.nonEmpty(), v.maxLength(128))),
  top_logprobs: optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20))),
  top_p: topP,
  user: optional(v.string()),
  user_security_context: optional(v.looseObject({})),
  verbosity: optional(v.picklist(['low', 'medium', 'high'])),
  web_search_options: optional(v.looseObject({})),
})

export type ChatRequest = v.InferOutput<typeof chatRequest>
export type ChatMessage = ChatRequest['messages'][number]
