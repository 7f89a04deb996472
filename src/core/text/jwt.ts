import * as v from 'valibot'
import { firstIssueOnly, parseJson } from './json.ts'

/** JSON Web Tokens, read without checking the signature: claims are shown and compared here, never trusted. */

/** @returns undefined if the token is opaque, or its payload does not match the schema. */
export function readClaims<T extends v.GenericSchema>(
  schema: T,
  token: string,
): v.InferOutput<T> | undefined {
  const payload = token.split('.')[1]
  if (payload === undefined) return undefined
  const claims = v.safeParse(
    schema,
    parseJson(Buffer.from(payload, 'base64url').toString('utf8')),
    firstIssueOnly,
  )
  return claims.success ? claims.output : undefined
}

/** Masks a JWT and each of its parts: the runner masks only whole values, and the payload alone shows all claims. */
export function maskJwt(mask: (secret: string) => void, token: string): void {
  mask(token)
  const [, payload, signature] = token.split('.')
  for (const part of [payload, signature]) if (part !== undefined && part.length > 8) mask(part)
}
