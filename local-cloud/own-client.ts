import { createRemoteJWKSet, customFetch, type JWTVerifyGetKey } from 'jose'
import { type Agent, request } from 'undici'
import type { Send } from './gateway/index.ts'

/**
 * The keys of the local GitHub, fetched over the network and then remembered, as Entra does: a fault that hits
 * GitHub's `oidc.keys` makes it answer AADSTS50166.
 */
export function issuerKeys(github: string, dispatcher: Agent): JWTVerifyGetKey {
  return createRemoteJWKSet(new URL(`${github}/.well-known/jwks`), {
    async [customFetch](url, { signal }) {
      const { statusCode, body } = await request(url, { dispatcher, signal })
      return new Response(await body.text(), { status: statusCode })
    },
  })
}

/** Over the wire, as a gateway and what stands behind it are apart: each hop is in the journal. */
export const sender =
  (dispatcher: Agent): Send =>
  async (url, { body, ...outgoing }) => {
    const reply = await request(url, { dispatcher, ...outgoing, body: body === '' ? null : body })
    const flat = Object.entries(reply.headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(', ') : value]],
    )
    const received = Buffer.from(await reply.body.arrayBuffer())
    return { status: reply.statusCode, headers: Object.fromEntries(flat), body: received }
  }
