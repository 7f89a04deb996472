import { answerFilterResults } from '../content-filter.ts'
import { dataEvent, obfuscationOf } from '../event-stream.ts'
import { type Completion, newCallId, promptResults, toolCall } from './completion.ts'
import { logprobsOf } from './logprobs.ts'

interface StreamOptions {
  include_usage?: boolean | null | undefined
  include_obfuscation?: boolean | null | undefined
}

/** A piece of a choice: its text, and the tokens that it consists of. */
interface Piece {
  delta: object
  tokens: readonly string[]
  finish_reason?: Completion['finishReason']
}

/** The first chunk reports only on the prompt and leaves its other fields empty, as in the service. */
export function chunksOf(completion: Completion, options: StreamOptions): string[] {
  const { id, created, model, system_fingerprint, usage, count, alternatives } = completion
  const isUsageWanted = options.include_usage === true
  const frame = { created, id, model, object: 'chat.completion.chunk', system_fingerprint }
  // With include_usage every chunk but the last has a usage of null.
  const chunk = (choices: unknown[], extra: object = {}) =>
    dataEvent({ choices, ...frame, ...(isUsageWanted && { usage: null }), ...extra })

  const pieceChunk = (index: number, { delta, tokens, finish_reason }: Piece) => {
    const isWord = tokens.length > 0 && completion.tool === undefined
    const choice = {
      content_filter_results: isWord ? answerFilterResults : {},
      delta,
      finish_reason: finish_reason ?? null,
      index,
      logprobs: alternatives === undefined || tokens.length === 0 ? null : logprobsOf(tokens, alternatives),
    }
    const padding = { obfuscation: obfuscationOf(tokens.join('')) }
    return chunk([choice], options.include_obfuscation === false ? {} : padding)
  }

  const choices = Array.from({ length: count }, (_, index) =>
    piecesOf(completion).map(piece => pieceChunk(index, piece)),
  )
  return [
    dataEvent({
      choices: [],
      created: 0,
      id: '',
      model: '',
      object: '',
      prompt_filter_results: promptResults,
      ...(isUsageWanted && { usage: null }),
    }),
    ...choices.flat(),
    ...(isUsageWanted ? [chunk([], { usage })] : []),
    'data: [DONE]',
  ]
}

function piecesOf(completion: Completion): Piece[] {
  const { generation, finishReason } = completion
  const [first, next] = completion.tool === undefined ? wordDeltas() : toolDeltas(completion, completion.tool)
  return [
    { delta: first, tokens: [] },
    ...generation.tokens.map(token => ({ delta: next(token), tokens: [token] })),
    { delta: {}, tokens: [], finish_reason: finishReason },
  ]
}

type Deltas = [first: object, next: (token: string) => object]

const wordDeltas = (): Deltas => [
  { content: '', refusal: null, role: 'assistant' },
  token => ({ content: token }),
]

function toolDeltas({ isLegacy }: Completion, tool: NonNullable<Completion['tool']>): Deltas {
  const role = { content: null, refusal: null, role: 'assistant' }
  if (isLegacy) {
    return [
      { ...role, function_call: { name: tool.name, arguments: '' } },
      token => ({ function_call: { arguments: token } }),
    ]
  }
  const growing = (token: string) =>
    tool.kind === 'function' ? { function: { arguments: token } } : { custom: { input: token } }
  return [
    { ...role, tool_calls: [{ index: 0, id: newCallId(), ...toolCall(tool, '') }] },
    token => ({ tool_calls: [{ index: 0, ...growing(token) }] }),
  ]
}
