import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { textOf } from '../bodies.ts'
import { type InputItem, messageItem } from './request.ts'

/** The items of a conversation: messages, calls and their outputs. */
export interface Item {
  id: string
  type: string
  [field: string]: unknown
}

export const newId = (prefix: string) => `${prefix}_${randomUUID().replaceAll('-', '')}`

const PREFIXES: Readonly<Record<string, string>> = {
  message: 'msg',
  reasoning: 'rs',
  function_call: 'fc',
  function_call_output: 'fco',
  custom_tool_call: 'ctc',
  custom_tool_call_output: 'ctco',
}

/** A request's item as it is stored: with an id, a type, and its text in parts. */
function keptItem(item: InputItem): Item {
  const type = typeof item.type === 'string' ? item.type : 'message'
  const id = 'id' in item && typeof item.id === 'string' ? item.id : newId(PREFIXES[type] ?? 'item')
  if (!v.is(messageItem, item)) return { ...item, id, type }
  const partType = item.role === 'assistant' ? 'output_text' : 'input_text'
  const content =
    typeof item.content === 'string'
      ? [{ type: partType, text: item.content, ...(partType === 'output_text' && { annotations: [] }) }]
      : item.content
  return { ...item, id, type, status: 'completed', content }
}

/** A bare text is the user's message. */
export const itemsIn = (input: string | readonly InputItem[] | null | undefined): Item[] => {
  if (input === null || input === undefined) return []
  return typeof input === 'string'
    ? [keptItem({ type: 'message', role: 'user', content: input })]
    : input.map(keptItem)
}

const texts = v.looseObject({
  content: v.optional(v.array(v.looseObject({ text: v.optional(v.string()) }))),
  output: v.optional(v.union([v.string(), v.array(v.looseObject({ text: v.optional(v.string()) }))])),
  arguments: v.optional(v.string()),
})

/** The text of an item that counts for the prompt. */
export function textOfItem(item: Item): string {
  const parsed = v.safeParse(texts, item)
  if (!parsed.success) return ''
  const { content, output, arguments: given } = parsed.output
  return [textOf(content), textOf(output), given ?? ''].filter(text => text !== '').join('\n')
}

const call = v.looseObject({ call_id: v.string(), name: v.string() })

/** Names of the tools that were called. */
export const usedTools = (items: readonly Item[]): string[] =>
  items.flatMap(item => (v.is(call, item) ? [item.name] : []))
