import type { JWK } from 'jose'
import { createSigningKey } from '../signing-key.ts'
import type { Workflow } from '../world.ts'
import { runClaims, subjectOf } from './claims.ts'

/** Life of an OIDC token, and how far it is valid back, in seconds (docs.github.com, OIDC reference). */
export const ID_TOKEN_LIFETIME = 300
const BACKDATED = 600

/** What an OIDC token says besides the claims about the run. */
interface IdTokenOptions {
  issuer: string
  audience: string
  /** Milliseconds since the epoch. */
  now: number
  lifetimeSeconds: number
}

/** Signs with the key that the local GitHub publishes. */
export interface IdTokenSigner {
  jwk: JWK
  sign(workflow: Workflow, options: IdTokenOptions): string
}

/** A key pair costs some 100 ms: one for all local clouds of a process. */
const signer = createSigner()

export const idTokenSigner = (): Promise<IdTokenSigner> => signer

async function createSigner(): Promise<IdTokenSigner> {
  const { jwk, sign } = await createSigningKey('github-1')
  return { jwk, sign: (workflow, options) => sign(claimsOf(workflow, options)) }
}

function claimsOf(workflow: Workflow, { issuer, audience, now, lifetimeSeconds }: IdTokenOptions) {
  const seconds = Math.floor(now / 1000)
  return {
    ...runClaims(workflow),
    iss: issuer,
    aud: audience,
    sub: subjectOf(workflow),
    jti: crypto.randomUUID(),
    iat: seconds,
    nbf: seconds - BACKDATED,
    exp: seconds + lifetimeSeconds,
  }
}
