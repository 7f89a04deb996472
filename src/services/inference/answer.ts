import * as v from 'valibot'
import { parseJson } from '../../core/text/json.ts'
import type { Api } from './apis/index.ts'

/** What a model answered, read from a 200. */
export interface Answer {
  /** Empty where there is none: embeddings, or a budget spent on reasoning. */
  text: string
  /** The budget ended before the answer did. */
  cutShort: boolean
  model: string | undefined
  /** Length of the vector, of an embedding. */
  dimensions?: number
}

const chatCompletion = v.object({
  model: v.optional(v.string()),
  choices: v.pipe(
    v.array(
      v.object({
        finish_reason: v.nullish(v.string()),
        message: v.object({ content: v.nullish(v.string()), refusal: v.nullish(v.string()) }),
      }),
    ),
    v.minLength(1),
  ),
})

const response = v.object({
  model: v.optional(v.string()),
  status: v.picklist(['completed', 'incomplete']),
  incomplete_details: v.nullish(v.object({ reason: v.optional(v.string()) })),
  output: v.array(
    v.object({
      type: v.string(),
      content: v.optional(v.array(v.object({ type: v.string(), text: v.optional(v.string()) }))),
    }),
  ),
})

const message = v.object({
  type: v.literal('message'),
  model: v.optional(v.string()),
  stop_reason: v.nullish(v.string()),
  content: v.array(v.object({ type: v.string(), text: v.optional(v.string()) })),
})

const embeddings = v.object({
  model: v.optional(v.string()),
  data: v.pipe(v.array(v.object({ embedding: v.pipe(v.array(v.number()), v.minLength(1)) })), v.minLength(1)),
})

/** @returns undefined where the body is no answer of this API: half a document, a proxy's page, an error under a 200. */
export function readAnswer(api: Api, body: string): Answer | undefined {
  const json = parseJson(body)
  if (api === 'responses') return parse(response, json, answerOfResponse)
  if (api === 'embeddings') return parse(embeddings, json, answerOfEmbedding)
  if (api === 'messages') return parse(message, json, answerOfMessage)
  return parse(chatCompletion, json, answerOfChat)
}

function parse<T extends v.GenericSchema>(
  schema: T,
  json: unknown,
  read: (value: v.InferOutput<T>) => Answer,
): Answer | undefined {
  const result = v.safeParse(schema, json)
  return result.success ? read(result.output) : undefined
}

function answerOfEmbedding({ data, model }: v.InferOutput<typeof embeddings>): Answer {
  return { text: '', cutShort: false, model, dimensions: data[0]?.embedding.length ?? 0 }
}

function answerOfChat({ choices, model }: v.InferOutput<typeof chatCompletion>): Answer {
  const [choice] = choices
  return {
    text: choice?.message.content ?? choice?.message.refusal ?? '',
    cutShort: choice?.finish_reason === 'length',
    model,
  }
}

function answerOfResponse({ output, status, model }: v.InferOutput<typeof response>): Answer {
  const parts = output.filter(({ type }) => type === 'message').flatMap(({ content }) => content ?? [])
  return {
    text: parts.map(({ text }) => text ?? '').join(''),
    cutShort: status === 'incomplete',
    model,
  }
}

/** Blocks of other types are thoughts and tools. */
function answerOfMessage({ content, stop_reason, model }: v.InferOutput<typeof message>): Answer {
  const texts = content.filter(({ type }) => type === 'text').map(({ text }) => text ?? '')
  return { text: texts.join(''), cutShort: stop_reason === 'max_tokens', model }
}
