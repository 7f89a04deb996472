import { notImplemented } from '../service.ts'
import type { Deployment } from '../world.ts'
import { instanceOf } from './json-schema/instance.ts'
import { NoInstance } from './json-schema/no-instance.ts'
import { answerOf } from './model.ts'
import { Refusal } from './refusals.ts'

/** The format that the request asks for. */
export type Format = { kind: 'text' } | { kind: 'json-object' } | { kind: 'json-schema'; schema: unknown }

/**
 * The deployment's answer in that format. If the seed's answer is JSON, it stays as it is.
 * @throws Refusal 501 if no instance of the schema is found
 */
export function answerIn(deployment: Deployment, format: Format): string {
  const answer = answerOf(deployment)
  if (format.kind === 'text' || isJson(answer)) return answer
  return format.kind === 'json-object' ? JSON.stringify({ answer }) : instanceText(format.schema)
}

/**
 * An instance of a schema, written as a model writes it.
 * @throws Refusal 501
 */
export function instanceText(schema: unknown): string {
  try {
    return JSON.stringify(instanceOf(schema))
  } catch (error) {
    if (!(error instanceof NoInstance)) throw error
    throw new Refusal(notImplemented(error.what, 'No instance of the JSON Schema could be made.'))
  }
}

function isJson(text: string): boolean {
  try {
    return typeof JSON.parse(text) === 'object'
  } catch {
    return false
  }
}
