import * as v from 'valibot'
import { type Failure, localFailure, StepError } from '../../core/failures/failure.ts'
import { firstIssueOnly, parseJson } from '../../core/text/json.ts'
import { plain } from '../../core/text/untrusted.ts'

/**
 * Checks a reply that the SDK accepts too easily: it takes a page without entries, or a proxy's page, for an empty list.
 * @throws StepError of kind transient
 */
export function parseReply<T extends v.GenericSchema>(
  operation: string,
  body: string | null | undefined,
  schema: T,
): v.InferOutput<T> {
  const result = v.safeParse(schema, parseJson(body ?? ''), firstIssueOnly)
  if (result.success) return result.output
  throw new StepError(operation, unreadableReply(result.issues[0].message))
}

/** A success that is not an answer: the next try may get one. */
export function unreadableReply(message: string): Failure {
  return {
    ...localFailure('resource-manager-unavailable', `The reply was not understood: ${plain(message)}`),
    kind: 'transient',
  }
}
