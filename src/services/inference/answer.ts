import * as v from 'valibot'
import { firstIssueOnly, parseJson } from '../../core/text/json.ts'

/** What a model answered, read from a 200. */
export interface Answer {
  /** Empty where it said nothing: its answer is no text, or its budget was spent on reasoning. */
  text: string
  /** The budget ended before the answer did. */
  cutShort: boolean
  model: string | undefined
  /** What came instead of text, in a few words: `an embedding of 1536 dimensions`. */
  instead?: string
  /** Length of the vector, of an embedding. */
  dimensions?: number
  /** The deployment behind it, of an agent. */
  runsOn?: string
}

const withError = v.object({ error: v.nonNullish(v.unknown()) })

/** @returns undefined where the body is not what the schema says, or holds an error beside the answer. */
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
