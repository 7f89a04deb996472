import * as v from 'valibot'
import { ArmError, gatewayError } from './errors.ts'
import type { Call } from './gateway.ts'

/**
 * The JSON body of a request, in the form that the operation wants.
 * @throws ArmError 400 for what is no JSON, and for JSON of another form
 */
export function readBody<Schema extends v.GenericSchema>(
  { request }: Call,
  schema: Schema,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, parseJson(request.body))
  if (result.success) return result.output
  const [issue] = result.issues
  const path = v.getDotPath(issue)
  throw new ArmError(
    400,
    'InvalidRequestContent',
    `The request content is not valid: ${path === null ? '' : `'${path}': `}${issue.message}`,
  )
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw gatewayError(
      400,
      'InvalidRequestContent',
      `The request content was invalid and could not be deserialized: '${reason}'.`,
    )
  }
}
