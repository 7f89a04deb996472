import * as v from 'valibot'
import { optional, partsOf, temperature, tokenCount, topP } from '../bodies.ts'
import { metadata } from '../chat/request.ts'

/** The request of responses: every parameter of the official description and of the newest SDK. */

const LEAST_OUTPUT_TOKENS = 16

/** The schema of an object depends on its `type`. The fields are known for some types only. */
const typeIn = (input: unknown) =>
  typeof input === 'object' && input !== null && 'type' in input ? input.type : undefined

const content = partsOf([
  'input_text',
  'input_image',
  'output_text',
  'refusal',
  'input_file',
  'input_audio',
  'computer_screenshot',
  'summary_text',
])

export const messageItem = v.looseObject({
  type: v.optional(v.literal('message'), 'message'),
  role: v.picklist(['assistant', 'system', 'developer', 'user']),
  content,
})

const output = v.union([v.string(), v.array(v.looseObject({ type: v.string() }))])

const knownItems = {
  function_call: v.looseObject({
    type: v.literal('function_call'),
    call_id: v.string(),
    name: v.string(),
    arguments: v.string(),
  }),
  function_call_output: v.looseObject({
    type: v.literal('function_call_output'),
    call_id: v.string(),
    output,
  }),
  custom_tool_call: v.looseObject({
    type: v.literal('custom_tool_call'),
    call_id: v.string(),
    name: v.string(),
    input: v.string(),
  }),
  custom_tool_call_output: v.looseObject({
    type: v.literal('custom_tool_call_output'),
    call_id: v.string(),
    output,
  }),
  item_reference: v.looseObject({ type: v.literal('item_reference'), id: v.string() }),
}

const otherItem = v.looseObject({
  type: v.picklist([
    'message',
    'function_call',
    'function_call_output',
    'custom_tool_call',
    'custom_tool_call_output',
    'item_reference',
    'reasoning',
    'compaction',
    'computer_call',
    'computer_call_output',
    'web_search_call',
    'file_search_call',
    'image_generation_call',
    'code_interpreter_call',
    'local_shell_call',
    'local_shell_call_output',
    'shell_call',
    'shell_call_output',
    'apply_patch_call',
    'apply_patch_call_output',
    'mcp_list_tools',
    'mcp_approval_request',
    'mcp_approval_response',
    'mcp_call',
  ]),
})

const isKnownItem = (type: unknown): type is keyof typeof knownItems =>
  typeof type === 'string' && Object.hasOwn(knownItems, type)

export const inputItem = v.lazy(input => {
  const type = typeIn(input)
  if (type === undefined || type === null || type === 'message') return messageItem
  return isKnownItem(type) ? knownItems[type] : otherItem
})

/** Allowed names of functions and schemas. */
const name = v.pipe(v.string(), v.regex(/^[a-zA-Z0-9_-]+$/), v.maxLength(64))

const jsonObject = v.record(v.string(), v.unknown())

export const functionTool = v.looseObject({
  type: v.literal('function'),
  name,
  description: optional(v.string()),
  parameters: optional(jsonObject),
  strict: optional(v.boolean()),
})

export const customTool = v.looseObject({
  type: v.literal('custom'),
  name,
  description: optional(v.string()),
  format: optional(v.looseObject({ type: v.picklist(['text', 'grammar']) })),
})

const builtInTool = v.looseObject({ type: v.string() })

const tool = v.lazy(input => {
  const type = typeIn(input)
  if (type === 'function') return functionTool
  return type === 'custom' ? customTool : builtInTool
})

export const namedChoice = v.looseObject({ type: v.picklist(['function', 'custom']), name: v.string() })

export const allowedChoice = v.looseObject({
  type: v.literal('allowed_tools'),
  mode: v.picklist(['auto', 'required']),
  tools: v.array(v.looseObject({ type: v.string(), name: v.optional(v.string()) })),
})

const toolChoice = v.lazy(input => {
  const type = typeIn(input)
  if (typeof input === 'string') return v.picklist(['none', 'auto', 'required'])
  if (type === 'function' || type === 'custom') return namedChoice
  return type === 'allowed_tools' ? allowedChoice : builtInTool
})

const textFormat = v.variant('type', [
  v.looseObject({ type: v.literal('text') }),
  v.looseObject({ type: v.literal('json_object') }),
  v.looseObject({
    type: v.literal('json_schema'),
    name,
    description: optional(v.string()),
    schema: jsonObject,
    strict: optional(v.boolean()),
  }),
])

export const responseRequest = v.looseObject({
  model: v.string(),
  input: optional(v.union([v.string(), v.array(inputItem)])),
  access_programs: optional(v.unknown()),
  agent_reference: optional(v.unknown()),
  background: optional(v.boolean()),
  context_management: optional(v.unknown()),
  conversation: optional(v.union([v.string(), v.looseObject({ id: v.string() })])),
  image: optional(v.unknown()),
  include: optional(
    v.array(
      v.picklist([
        'file_search_call.results',
        'web_search_call.results',
        'web_search_call.action.sources',
        'message.input_image.image_url',
        'computer_call_output.output.image_url',
        'code_interpreter_call.outputs',
        'reasoning.encrypted_content',
        'message.output_text.logprobs',
      ]),
    ),
  ),
  instructions: optional(v.string()),
  max_output_tokens: tokenCount(LEAST_OUTPUT_TOKENS),
  max_tool_calls: optional(v.pipe(v.number(), v.integer(), v.minValue(1))),
  metadata,
  moderation: optional(v.unknown()),
  parallel_tool_calls: optional(v.boolean()),
  previous_response_id: optional(v.string()),
  prompt: optional(v.unknown()),
  prompt_cache_key: optional(v.string()),
  prompt_cache_options: optional(v.looseObject({})),
  prompt_cache_retention: optional(v.string()),
  reasoning: optional(
    v.looseObject({
      context: optional(v.string()),
      effort: optional(v.picklist(['none', 'minimal', 'low', 'medium', 'high', 'xhigh'])),
      generate_summary: optional(v.picklist(['auto', 'concise', 'detailed'])),
      mode: optional(v.string()),
      summary: optional(v.picklist(['auto', 'concise', 'detailed'])),
    }),
  ),
  safety_identifier: optional(v.string()),
  service_tier: optional(v.picklist(['auto', 'default', 'flex', 'scale', 'priority'])),
  store: optional(v.boolean()),
  stream: optional(v.boolean()),
  stream_options: optional(v.looseObject({ include_obfuscation: optional(v.boolean()) })),
  temperature,
  text: optional(
    v.looseObject({
      format: optional(textFormat),
      verbosity: optional(v.picklist(['low', 'medium', 'high'])),
    }),
  ),
  tool_choice: optional(toolChoice),
  tools: optional(v.pipe(v.array(tool), v.maxLength(128))),
  top_logprobs: optional(v.pipe(v.number(), v.integer(), v.minValue(0), v.maxValue(20))),
  top_p: topP,
  truncation: optional(v.picklist(['auto', 'disabled'])),
  user: optional(v.string()),
})

export type ResponseRequest = v.InferOutput<typeof responseRequest>
export type InputItem = v.InferOutput<typeof inputItem>
