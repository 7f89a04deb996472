import * as v from 'valibot'
import { ArmError, gatewayError, NotImplemented } from './errors.ts'
import type { Call } from './gateway.ts'

/** For members that a client sends back as it read them. It cannot change them; they are ignored, as in Azure. */
export const readOnly = v.optional(v.unknown())

/** Members of every resource that a client may send back. */
export const resourceEnvelope = {
  id: readOnly,
  name: readOnly,
  type: readOnly,
  etag: readOnly,
  systemData: readOnly,
}

/**
 * The JSON body of a request, checked by the operation's schema.
 * @throws ArmError 400 if it is not JSON, or does not fit
 * @throws NotImplemented for a member that the schema does not have: otherwise it would be accepted and lost
 */
export function readBody<Schema extends v.GenericSchema>(
  { request, operation }: Call,
  schema: Schema,
): v.InferOutput<Schema> {
  const result = v.safeParse(schema, parseJson(request.body))
  if (result.success) return result.output
  const { issues } = result
  const unknown = issues.find(isUnknownMember)
  if (unknown) throw new NotImplemented(`the property '${v.getDotPath(unknown)}' of ${operation}`)
  const [issue] = issues
  const path = v.getDotPath(issue)
  throw new ArmError(
    400,
    'InvalidRequestContent',
    `The request content is not valid: ${path === null ? '' : `'${path}': `}${issue.message}`,
  )
}

/** In a strict object, valibot expects `never` for an unknown member. */
const isUnknownMember = ({ type, expected }: v.BaseIssue<unknown>) =>
  type === 'strict_object' && expected === 'never'

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
