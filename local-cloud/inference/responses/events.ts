import { namedEvent, obfuscationOf } from '../event-stream.ts'
import { type OutputItem, type ResponseBody, textPart, unfinished } from './response.ts'

interface StreamEvent {
  type: string
  [field: string]: unknown
}

interface Spoken {
  /** The text, or the arguments, in pieces. */
  tokens: readonly string[]
  /** Whether pieces are padded. */
  isObfuscated: boolean
}

/** The stream of a response. */
export function eventsOf(response: ResponseBody, spoken: Spoken): string[] {
  const begun = { ...unfinished(response), status: 'in_progress' }
  const sequence: StreamEvent[] = [
    { type: 'response.created', response: response.background ? { ...begun, status: 'queued' } : begun },
    ...(response.background ? [{ type: 'response.queued', response: { ...begun, status: 'queued' } }] : []),
    { type: 'response.in_progress', response: begun },
    ...response.output.flatMap((item, index) => itemEvents(item, index, spoken)),
    { type: `response.${response.status}`, response },
  ]
  return sequence.map((event, sequence_number) => namedEvent(event.type, { ...event, sequence_number }))
}

function itemEvents(item: OutputItem, output_index: number, spoken: Spoken): StreamEvent[] {
  const added = (begun: object) => ({ type: 'response.output_item.added', output_index, item: begun })
  const done = { type: 'response.output_item.done', output_index, item }
  const place = { item_id: item.id, output_index }
  switch (item.type) {
    case 'reasoning':
      return [added(item), done]
    case 'message':
      return [
        added({ ...item, status: 'in_progress', content: [] }),
        ...messageEvents(item, { ...place, content_index: 0 }, spoken),
        done,
      ]
    case 'function_call':
      return [
        added({ ...item, status: 'in_progress', arguments: '' }),
        ...deltas('response.function_call_arguments.delta', place, spoken),
        {
          type: 'response.function_call_arguments.done',
          ...place,
          name: item.name,
          arguments: item.arguments,
        },
        done,
      ]
    case 'custom_tool_call':
      return [
        added({ ...item, status: 'in_progress', input: '' }),
        ...deltas('response.custom_tool_call_input.delta', place, spoken),
        { type: 'response.custom_tool_call_input.done', ...place, input: item.input },
        done,
      ]
  }
}

const deltas = (type: string, place: object, { tokens, isObfuscated }: Spoken): StreamEvent[] =>
  tokens.map(delta => ({ type, ...place, delta, ...padding(delta, isObfuscated) }))

const padding = (delta: string, isObfuscated: boolean) =>
  isObfuscated ? { obfuscation: obfuscationOf(delta) } : {}

function messageEvents(
  { content }: Extract<OutputItem, { type: 'message' }>,
  place: object,
  { tokens, isObfuscated }: Spoken,
): StreamEvent[] {
  const [part] = content
  const { text, logprobs } = part
  return [
    { type: 'response.content_part.added', ...place, part: textPart('') },
    ...tokens.map((delta, index) => ({
      type: 'response.output_text.delta',
      ...place,
      delta,
      logprobs: logprobs.slice(index, index + 1),
      ...padding(delta, isObfuscated),
    })),
    { type: 'response.output_text.done', ...place, text, logprobs },
    { type: 'response.content_part.done', ...place, part },
  ]
}
