import * as v from 'valibot'
import { notImplemented } from '../../service.ts'
import type { Deployment } from '../../world.ts'
import { complaintAbout } from '../json-schema/strict.ts'
import { invalidRequest, Refusal } from '../refusals.ts'
import { type Item, textOfItem } from './items.ts'
import { allowedChoice, customTool, functionTool, namedChoice, type ResponseRequest } from './request.ts'

/** Requests whose parameters are each valid, but not together. */

/**
 * @throws Refusal 400 for parameters that do not go together or that the model does not take, 501 for those that would change the
 * answer in a way that the local cloud does not have
 */
export function checkResponse(request: ResponseRequest, deployment: Deployment): void {
  const { input, prompt, previous_response_id, conversation, background, store } = request
  if (
    [input, prompt, previous_response_id, conversation].every(given => given === undefined || given === null)
  ) {
    throw invalidRequest("Missing required parameter: 'input'.", 'input', 'missing_required_parameter')
  }
  if (previous_response_id && conversation) {
    throw invalidRequest(
      "Mutually exclusive parameters. Ensure you are only providing one of: 'previous_response_id' or 'conversation'.",
      null,
      'mutually_exclusive_parameters',
    )
  }
  if (background === true && store === false) {
    throw invalidRequest("Background mode requires 'store' to be true.", 'background', null)
  }
  checkModel(request, deployment)
  checkFormat(request)
  checkTools(request)
  checkHere(request)
}

function checkModel(request: ResponseRequest, { reasoning, model }: Deployment): void {
  const unsupported = (name: string, code: string | null) =>
    invalidRequest(`Unsupported parameter: '${name}' is not supported with this model.`, name, code)
  if (reasoning) {
    for (const name of ['temperature', 'top_p'] as const) {
      if ((request[name] ?? 1) !== 1) throw unsupported(name, null)
    }
  } else if (typeof request.reasoning?.effort === 'string' && model.format === 'OpenAI') {
    throw unsupported('reasoning.effort', 'unsupported_parameter')
  }
}

function checkFormat({ text }: ResponseRequest): void {
  if (text?.format?.type !== 'json_schema' || text.format.strict === false) return
  const complaint = complaintAbout(text.format.schema)
  if (complaint === undefined) return
  throw invalidRequest(
    `Invalid schema for response_format '${text.format.name}': ${complaint}`,
    'text.format.schema',
    'invalid_json_schema',
  )
}

/** @throws Refusal if the request asks for JSON and no message mentions it */
export function requireMentionOfJson({ text, instructions }: ResponseRequest, items: readonly Item[]): void {
  if (text?.format?.type !== 'json_object') return
  if ([instructions ?? '', ...items.map(textOfItem)].some(said => /json/i.test(said))) return
  throw invalidRequest(
    "Response input messages must contain the word 'json' in some form to use 'text.format' of type 'json_object'.",
    'input',
    null,
  )
}

function checkTools({ tools, tool_choice }: ResponseRequest): void {
  for (const [index, tool] of (tools ?? []).entries()) {
    if (!v.is(functionTool, tool) || tool.strict !== true) continue
    const complaint = complaintAbout(tool.parameters)
    if (complaint === undefined) continue
    throw invalidRequest(
      `Invalid schema for function '${tool.name}': ${complaint}`,
      `tools[${index}].parameters`,
      'invalid_function_parameters',
    )
  }
  const offered = (tools ?? []).map(tool =>
    v.is(functionTool, tool) || v.is(customTool, tool) ? tool.name : tool.type,
  )
  const wanted = wantedTools(tool_choice)
  const missing = wanted.find(name => !offered.includes(name))
  if (missing !== undefined) {
    throw invalidRequest(`Tool choice '${missing}' not found in 'tools' parameter.`, 'tool_choice', null)
  }
  if (tool_choice === 'required' && offered.length === 0) {
    throw invalidRequest(
      "Tool choice 'required' must be specified with 'tools' parameter.",
      'tool_choice',
      null,
    )
  }
}

/** The names of the tools that a choice allows. The name of a built-in tool is its type. */
export function wantedTools(choice: ResponseRequest['tool_choice']): string[] {
  if (choice === undefined || choice === null || typeof choice === 'string') return []
  if (v.is(namedChoice, choice)) return [choice.name]
  if (v.is(allowedChoice, choice)) return choice.tools.map(({ type, name }) => name ?? type)
  return [choice.type]
}

/** In the model's input, each output needs its call, and each call its output. */
export function checkCalls(items: readonly Item[]): void {
  const calls = ofType(items, /^(function|custom_tool)_call$/)
  const outputs = ofType(items, /^(function|custom_tool)_call_output$/)
  for (const [id, type] of outputs) {
    if (calls.has(id)) continue
    const what = type === 'function_call_output' ? 'function call' : 'custom tool call'
    throw invalidRequest(`No tool call found for ${what} output with call_id ${id}.`, 'input', null)
  }
  for (const [id, type] of calls) {
    if (outputs.has(id)) continue
    const what = type === 'function_call' ? 'function call' : 'custom tool call'
    throw invalidRequest(`No tool output found for ${what} ${id}.`, 'input', null)
  }
}

const ofType = (items: readonly Item[], types: RegExp) =>
  new Map(items.flatMap(({ type, call_id }) => (types.test(type) ? [[String(call_id), type]] : [])))

/** The answer would have to show these. */
function checkHere(request: ResponseRequest): void {
  const names = [
    'access_programs',
    'agent_reference',
    'context_management',
    'image',
    'moderation',
    'prompt',
  ] as const
  const asked = names.find(name => request[name] !== undefined && request[name] !== null)
  if (asked !== undefined) throw new Refusal(notImplemented(`the parameter ${asked} of responses`))
}
