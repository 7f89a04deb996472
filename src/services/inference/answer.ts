import * as v from 'valibot'
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
