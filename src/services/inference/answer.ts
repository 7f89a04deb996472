import * as v from 'valibot'
import type { HttpReply } from '../../core/http/client.ts'
import { firstIssueOnly, parseJson } from '../../core/text/json.ts'

/** What a model answered, read from a 200. */
export interface Answer {
  /** Empty if there is none: the answer is not text, or reasoning used up its budget. */
  text: string
  /** The budget ended before the answer did. */
  cutShort: boolean
  model: string | undefined
  /** What came instead of text, in a few words: `an embedding of 1536 dimensions`. */
  instead?: string
  /** Length of the vector, if it is an embedding. */
  dimensions?: number
  /** The deployment behind it, if it is an agent. */
  runsOn?: string
}

const withError = v.object({ error: v.nonNullish(v.unknown()) })

/** @returns undefined if the body does not match the schema, or contains an error next to the answer. */
export function readJsonAnswer<T extends v.GenericSchema>(
  schema: T,
  body: string,
  read: (value: v.InferOutput<T>) => Answer | undefined,
): Answer | undefined {
  const json = parseJson(body)
  if (v.is(withError, json)) return undefined
  const result = v.safeParse(schema, json, firstIssueOnly)
  return result.success ? read(result.output) : undefined
}

/** Answers that name the second in which they were made. Other objects, such as agents, name the time of their own creation. */
const datedAnswer = v.union([
  v.object({ object: v.picklist(['chat.completion', 'text_completion']), created: v.number() }),
  v.pipe(
    v.object({ object: v.literal('response'), created_at: v.number() }),
    v.transform(({ created_at }) => ({ created: created_at })),
  ),
])

/** Longer than any request, and than the difference of clocks that accept each other's tokens. */
const oldMs = 10 * 60_000
/** Some model servers write 0, or another impossible time. */
const earliestMs = Date.UTC(2023)

/**
 * Whether the answer was made long before the reply was sent, so that it came from a cache. API Management's semantic cache
 * (llm-semantic-cache-lookup) has no documented header that says so.
 */
export function isRemembered({ headers, body }: Pick<HttpReply, 'headers' | 'body'>): boolean {
  const dated = v.safeParse(datedAnswer, parseJson(body), firstIssueOnly)
  if (!dated.success) return false
  const madeAt = dated.output.created * 1000
  // Without a date of the sender nothing is compared, because the runner's clock may be wrong.
  return madeAt >= earliestMs && Date.parse(headers.date ?? '') - madeAt > oldMs
}

/** Answers whose id is unique. Other objects, such as agents, have the same id in every reply. */
const namedAnswer = v.union([
  v.object({
    object: v.picklist(['chat.completion', 'text_completion', 'response']),
    id: v.pipe(v.string(), v.minLength(16)),
  }),
  v.object({ type: v.literal('message'), id: v.pipe(v.string(), v.minLength(16)) }),
])

/** The unique id of an answer. Short ids are ignored, because some model servers draw them from a few hundred. */
export function idOfAnswer(body: string): string | undefined {
  const named = v.safeParse(namedAnswer, parseJson(body), firstIssueOnly)
  return named.success ? named.output.id : undefined
}
