import type { Deployment } from '../../world.ts'
import { type Generation, tokenize } from '../model.ts'
import type { Tool } from '../tools.ts'
import { newId } from './request.ts'

const THOUGHT = 'Whatever is asked, the answer is the same.'
/** The service recognises its own thinking by it. Clients only send it back. */
const SIGNATURE = 'EqQBCgIYAhIM1gbcDa9GJwZA2b3hGgxBdjrkzLoky3dl1pk'

/** The model's result. */
interface Made {
  generation: Generation
  tool: Tool | undefined
  /** Whether the answer begins with a thinking block. */
  thinks: boolean
}

export type Message = ReturnType<typeof describeMessage>
export type Block = Message['content'][number]

export function describeMessage({ model }: Deployment, { generation, tool, thinks }: Made) {
  const { text, truncated, stoppedBy, promptTokens, outputTokens } = generation
  return {
    id: newId('msg'),
    type: 'message',
    role: 'assistant',
    model: model.name,
    content: [
      ...(thinks ? [{ type: 'thinking' as const, thinking: THOUGHT, signature: SIGNATURE }] : []),
      ...(tool === undefined ? words(text) : [toolUse(tool, text)]),
    ],
    stop_reason: truncated ? 'max_tokens' : tool === undefined ? endOf(stoppedBy) : 'tool_use',
    stop_sequence: stoppedBy ?? null,
    usage: {
      input_tokens: promptTokens,
      cache_creation_input_tokens: 0,
      cache_read_input_tokens: 0,
      output_tokens: outputTokens + (thinks ? tokenize(THOUGHT).length : 0),
    },
  }
}

const endOf = (stoppedBy: string | undefined) => (stoppedBy === undefined ? 'end_turn' : 'stop_sequence')

const words = (text: string) => (text === '' ? [] : [{ type: 'text' as const, text }])

/** Arguments that the budget cut off are left out. */
function toolUse({ name }: Tool, text: string) {
  return { type: 'tool_use' as const, id: newId('toolu'), name, input: inputIn(text) }
}

function inputIn(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return {}
  }
}
