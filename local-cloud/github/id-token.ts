import { generateKeyPair, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { exportJWK, type JWK } from 'jose'
import type { Workflow } from '../world.ts'
import { runClaims, subjectOf } from './claims.ts'

/** Life of an OIDC token, and how far it is valid back, in seconds (docs.github.com, OIDC reference). */
export const ID_TOKEN_LIFETIME = 300
const BACKDATED = 600

const KEY_ID = 'github-1'

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
  /** Not asynchronous: after a move of the clock there is a valid token at once. */
  sign(workflow: Workflow, options: IdTokenOptions): string
}

/** A key pair costs some 100 ms: one for all local clouds of a process. */
const signer = createSigner()

export const idTokenSigner = (): Promise<IdTokenSigner> => signer

async function createSigner(): Promise<IdTokenSigner> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const head = encoded({ alg: 'RS256', typ: 'JWT', kid: KEY_ID })
  return {
    jwk: { ...(await exportJWK(publicKey)), kid: KEY_ID, use: 'sig', alg: 'RS256' },
    sign(workflow, options) {
      const signed = `${head}.${encoded(claimsOf(workflow, options))}`
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
    },
  }
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

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
