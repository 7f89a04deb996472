import { invalidRequest } from './refusals.ts'

/**
 * The parts of a form, by name (RFC 7578). The body is already text, so a file can only be recognised by its beginning.
 * @throws Refusal if it is no form
 */
export function partsOf(contentType: string, body: string): ReadonlyMap<string, string> {
  const boundary = /^multipart\/form-data;.*boundary="?([^";]+)"?/i.exec(contentType)?.[1]
  if (boundary === undefined) throw invalidRequest('Could not parse multipart form', null, null)
  const parts = body.split(`--${boundary}`).slice(1, -1)
  return new Map(
    parts.flatMap(part => {
      const [, head = '', content = ''] = /^\r\n(.*?)\r\n\r\n(.*)\r\n$/s.exec(part) ?? []
      const name = /content-disposition:[^\r\n]*[; ]name="([^"]*)"/i.exec(head)?.[1]
      return name === undefined ? [] : [[name, content] as const]
    }),
  )
}
