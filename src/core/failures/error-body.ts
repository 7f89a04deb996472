import * as v from 'valibot'
import { parseErrorJson } from '../text/json.ts'
import { wordingOf } from '../text/wording.ts'

/**
 * The content of an error reply, in any of its shapes: with or without an envelope, in an array, with more precise errors inside,
 * as JSON in a message, in Anthropic's form, or as a list of findings of a model server (vLLM, Mistral).
 */
export interface ErrorBody {
  /** The service's own codes, outermost first. */
  codes: readonly string[]
  /** All messages, or the text itself if it is not an error in JSON. Long texts are cut. */
  message: string
  /** The parameter that the error is about. */
  param: string | undefined
  /** False for plain text, pages, and JSON that is not an error. */
  structured: boolean
}

const text = v.fallback(v.optional(v.string()), undefined)

/** Some gateways and older services capitalise their names: `Message`, `InnerError`. */
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
  message: v.optional(v.unknown()),
  param: text,
  error: v.optional(v.unknown()),
  innererror: v.optional(v.unknown()),
  details: v.optional(v.unknown()),
  detail: v.optional(v.unknown()),
})

/** One finding of a model server that validates requests (pydantic): the place, and the problem. */
const schemaFinding = v.object({
  type: text,
  loc: v.array(v.union([v.string(), v.number()])),
  msg: v.string(),
})

/** Anthropic's errors are marked as such, and have a type instead of a code. OpenAI's types are too coarse to serve as one. */
const anthropicError = v.object({ type: v.literal('error'), error: v.looseObject({ type: v.string() }) })

interface SingleError {
  code: string | undefined
  message: string | undefined
  param: string | undefined
}

/** Errors are nested a few levels deep at most; anything deeper is not an error. */
const maxDepth = 8

export function readErrorBody(body: string): ErrorBody {
  const errors = errorsIn(parseErrorJson(body), maxDepth)
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
  const finding = v.safeParse(schemaFinding, object.output)
  if (finding.success) return [errorOfFinding(finding.output)]
  const { code, param, error, innererror, details, detail, ...others } = v.parse(fields, object.output)
  const message = typeof others.message === 'string' ? others.message : undefined
  const inMessage = errorsIn(message === undefined ? others.message : parseErrorJson(message), depth - 1)
  const quoted = message === undefined || inMessage.length > 0 ? [] : errorsIn(quotedJson(message), depth - 1)
  const own = { code, message: inMessage.length > 0 ? undefined : message, param }
  const inner = [error, innererror, details, detail].flatMap(child => errorsOfChild(child, depth - 1))
  return [...(code === undefined && message === undefined ? [] : [own]), ...inMessage, ...quoted, ...inner]
}

/** Gateways quote the error of the service behind them after their own words. */
const quotedJson = (message: string) => parseErrorJson(/\{[\s\S]*\}/.exec(message)?.[0] ?? '')

const containers: ReadonlySet<unknown> = new Set(['body', 'query', 'path', 'header'])

/** The last part of `loc` is the parameter. */
function errorOfFinding({ type, loc, msg }: v.InferOutput<typeof schemaFinding>): SingleError {
  const param = loc.findLast(part => typeof part === 'string' && !containers.has(part))
  return { code: type, message: msg, param: param?.toString() }
}

/** Some services have a plain text instead of an error object. */
function errorsOfChild(child: unknown, depth: number): SingleError[] {
  if (typeof child !== 'string') return errorsIn(child, depth)
  return [{ code: undefined, message: child, param: undefined }]
}

/**
 * The service's names for the error: its codes, or if there are none or they only repeat the status, names in the message that
 * look like codes.
 */
export const namesOf = ({ codes, message }: ErrorBody): readonly string[] =>
  codes.some(code => /\D/.test(code)) ? codes : codesIn(message)

/** Names in a text that look like services' codes, for replies that were truncated or rewritten in between. */
export function codesIn(text: string): readonly string[] {
  return text.match(/\b(?:[A-Z][a-z]+[A-Z][A-Za-z]*|[a-z]+(?:_[a-z]+)+)\b/g) ?? []
}
