import * as v from 'valibot'

const said = v.object({
  code: v.fallback(v.optional(v.nullable(v.string())), undefined),
  message: v.fallback(v.string(), ''),
})
const text = v.fallback(v.string(), '')
const envelope = v.object({ error: said })
const entraError = v.object({ error: v.string(), error_description: v.fallback(v.string(), '') })

interface Refusal {
  /** The service's name for the error: `error.code`, Entra's AADSTS number, or nothing. */
  code: string
  message: string
  /** The error of OAuth beside Entra's number, such as `invalid_client`. */
  oauth?: string
}

export function refusalIn(document: unknown): Refusal {
  const enveloped = v.safeParse(envelope, document)
  if (enveloped.success)
    return { code: enveloped.output.error.code ?? '', message: enveloped.output.error.message }
  const ofEntra = v.safeParse(entraError, document)
  if (ofEntra.success) {
    const { error, error_description: message } = ofEntra.output
    return {
      code: /^AADSTS\d+/.exec(message)?.[0] ?? '',
      message: message.split(/\s+Trace ID:/)[0] ?? '',
      oauth: error,
    }
  }
  const bare = v.safeParse(v.object({ code: text, message: text }), document)
  return bare.success ? bare.output : { code: '', message: '' }
}
