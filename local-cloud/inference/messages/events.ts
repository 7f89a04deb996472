import { namedEvent } from '../event-stream.ts'
import type { Generation } from '../model.ts'
import type { Block, Message } from './message.ts'

interface StreamEvent {
  type: string
  [field: string]: unknown
}

/** The stream of a message. Only the last event marks its end. */
export function eventsOf(message: Message, { tokens }: Generation): string[] {
  const { stop_reason, stop_sequence, usage } = message
  const begun = {
    ...message,
    content: [],
    stop_reason: null,
    // The first event has the counts that are known by then.
    usage: { ...usage, output_tokens: Math.min(1, usage.output_tokens) },
  }
  const sequence: StreamEvent[] = [
    { type: 'message_start', message: begun },
    ...message.content.flatMap((block, index) => blockEvents(block, index, tokens)),
    { type: 'message_delta', delta: { stop_reason, stop_sequence }, usage },
    { type: 'message_stop' },
  ]
  return sequence.map(event => namedEvent(event.type, event))
}

function blockEvents(block: Block, index: number, tokens: readonly string[]): StreamEvent[] {
  const [begun, deltas] = growing(block, tokens)
  return [
    { type: 'content_block_start', index, content_block: begun },
    ...(index === 0 ? [{ type: 'ping' }] : []),
    ...deltas.map(delta => ({ type: 'content_block_delta', index, delta })),
    { type: 'content_block_stop', index },
  ]
}

/** A block: its beginning, and what is added to it. */
function growing(block: Block, tokens: readonly string[]): [begun: object, deltas: object[]] {
  switch (block.type) {
    case 'thinking':
      return [
        { ...block, thinking: '', signature: '' },
        [
          { type: 'thinking_delta', thinking: block.thinking },
          { type: 'signature_delta', signature: block.signature },
        ],
      ]
    case 'text':
      return [{ ...block, text: '' }, tokens.map(text => ({ type: 'text_delta', text }))]
    case 'tool_use':
      return [
        { ...block, input: {} },
        ['', ...tokens].map(partial_json => ({ type: 'input_json_delta', partial_json })),
      ]
  }
}
