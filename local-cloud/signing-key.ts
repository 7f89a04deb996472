import { generateKeyPair, type KeyObject, sign } from 'node:crypto'
import { promisify } from 'node:util'
import { exportJWK, type JWK } from 'jose'

/** The key of an issuer, with which it signs tokens by RS256. */
export interface SigningKey {
  /** What the issuer publishes. */
  jwk: JWK
  publicKey: KeyObject
  /**
   * A token with these claims. Not asynchronous: after a move of the clock there is a valid one at once, and tokens that are asked
   * for together do not wait for each other's signature.
   */
  sign(claims: object): string
}

/** Makes a key, which costs some 100 ms. */
export async function createSigningKey(kid: string): Promise<SigningKey> {
  const { privateKey, publicKey } = await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
  const head = encoded({ alg: 'RS256', typ: 'JWT', kid })
  return {
    jwk: { ...(await exportJWK(publicKey)), kid, use: 'sig', alg: 'RS256' },
    publicKey,
    sign(claims) {
      const signed = `${head}.${encoded(claims)}`
      return `${signed}.${sign('sha256', Buffer.from(signed), privateKey).toString('base64url')}`
    },
  }
}

const encoded = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')
