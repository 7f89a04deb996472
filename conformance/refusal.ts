import * as v from 'valibot'

const said = v.object({
  code: v.fallback(v.optional(v.nullable(v.string())), undefined),
  message: v.fallback(v.string(), ''),
})
const envelope = v.object({ error: said })
const entraError = v.object({ error: v.string(), error_description: v.fallback(v.string(), '') })

/** The service's name for the error: `error.code`, Entra's AADSTS number, or nothing. */
export function refusalIn(document: unknown): { code: string; message: string } {
  const enveloped = v.safeParse(envelope, document)
  if (enveloped.success)
    return { code: enveloped.output.error.code ?? '', message: enveloped.output.error.message }
  const ofEntra = v.safeParse(entraError, document)
  if (ofEntra.success) {
    const { error, error_description: message } = ofEntra.output
    return { code: /^AADSTS\d+/.exec(message)?.[0] ?? error, message: message.split(/\s+Trace ID:/)[0] ?? '' }
  }
  const bare = v.safeParse(v.object({ code: v.string(), message: v.fallback(v.string(), '') }), document)
  return bare.success ? bare.output : { code: '', message: '' }
}
