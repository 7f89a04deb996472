import * as v from 'valibot'
import type { HttpReply } from '../http/client.ts'
import { parseJson } from '../text/json.ts'
import { wordingOf } from './failure.ts'

/** What an Azure error says, whichever of its shapes it has: in an envelope, without one, in an array, with more precise errors inside, as JSON in a message even; or Anthropic's. */
export interface ErrorBody {
  /** The service's own codes, the outermost first. */
  codes: readonly string[]
  /** All messages, or the text itself where it is no error in JSON. Long texts are cut. */
  message: string
  /** The parameter that the error is about. */
  param: string | undefined
  /** False for plain text, pages, and JSON that is no error. */
  structured: boolean
}

const text = v.fallback(v.optional(v.string()), undefined)

/** Some gateways and older services write their names with capitals: `Message`, `InnerError`. */
const lowerCased = v.pipe(
  v.record(v.string(), v.unknown()),
  v.transform(node =>
    Object.fromEntries(Object.entries(node).map(([name, value]) => [name.toLowerCase(), value])),
  ),
)
const fields = v.object({
  code: v.fallback(
    v.optional(v.pipe(v.union([v.string(), v.number()]), v.transform(String), v.nonEmpty())),
    undefined,
  ),
  message: text,
  param: text,
  error: v.optional(v.unknown()),
  innererror: v.optional(v.unknown()),
  details: v.optional(v.unknown()),
})

/** Anthropic's errors are marked as such, and have a type in place of a code. OpenAI's types are too coarse to be one. */
const anthropicError = v.object({ type: v.literal('error'), error: v.looseObject({ type: v.string() }) })

interface SingleError {
  code: string | undefined
  message: string | undefined
  param: string | undefined
}

/** Errors are nested some levels deep at most; what goes deeper is no error. */
const maxDepth = 8

export function readErrorBody(body: string): ErrorBody {
  const errors = errorsIn(parseJson(body), maxDepth)
  const messages = new Set(errors.flatMap(({ message }) => message ?? []))
  return {
    codes: errors.flatMap(({ code }) => code ?? []),
    message: wordingOf(messages.size === 0 ? body : [...messages].join(' ')),
    param: errors.find(({ param }) => param !== undefined)?.param,
    structured: errors.length > 0,
  }
}

function errorsIn(node: unknown, depth: number): SingleError[] {
  if (depth === 0) return []
  if (Array.isArray(node)) return node.flatMap(element => errorsIn(element, depth - 1))
  const object = v.safeParse(lowerCased, node)
  if (!object.success) return []
  const ofAnthropic = v.safeParse(anthropicError, object.output)
  if (ofAnthropic.success) {
    const { error } = ofAnthropic.output
    return errorsIn({ code: error.type, ...error }, depth - 1)
  }
  const { code, message, param, error, innererror, details } = v.parse(fields, object.output)
  const inMessage = errorsIn(parseJson(message ?? ''), depth - 1)
  const own = { code, message: inMessage.length > 0 ? undefined : message, param }
  const inner = [error, innererror, details].flatMap(child => errorsOfChild(child, depth - 1))
  return [...(code === undefined && message === undefined ? [] : [own]), ...inMessage, ...inner]
}

/** What is elsewhere an error of its own is a mere text here and there. */
function errorsOfChild(child: unknown, depth: number): SingleError[] {
  if (typeof child !== 'string') return errorsIn(child, depth)
  return [{ code: undefined, message: child, param: undefined }]
}

/** Names in a text that look like services' codes, for replies that were cut off or rewritten on the way. */
export function codesIn(text: string): readonly string[] {
  return text.match(/\b(?:[A-Z][a-z]+[A-Z][A-Za-z]*|[a-z]+(?:_[a-z]+)+)\b/g) ?? []
}

/** A page for people: a proxy, a firewall or a captive portal wrote it, not the service. */
export function isPage({ headers, body }: HttpReply): boolean {
  return /^text\/html\b/i.test(headers['content-type'] ?? '') || /^\s*<(!doctype html|html)\b/i.test(body)
}
