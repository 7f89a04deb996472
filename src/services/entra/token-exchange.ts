import { ClientAssertionCredential } from '@azure/identity'
import * as v from 'valibot'
import { type Cloud, isPublicAuthority } from '../../azure/clouds.ts'
import { sdkOptionsWithPipeline } from '../../azure/sdk-transport.ts'
import { type Failure, localFailure, StepError, withHost } from '../../core/failures/failure.ts'
import { failureOfNetwork } from '../../core/failures/network.ts'
import type { Http, HttpReply } from '../../core/http/client.ts'
import { NetworkFailure } from '../../core/http/network-failure.ts'
import { restrictOrigins } from '../../core/http/wrappers.ts'
import { plain } from '../../core/text/untrusted.ts'
import { failureOfEntra } from './errors.ts'

export interface AccessToken {
  token: string
  /** Milliseconds since the epoch, by our clock: its life counts from its arrival. */
  expiresAt: number
}

interface Exchange {
  tenantId: string
  clientId: string
  cloud: Cloud
  /** Without `/.default`. */
  audience: string
  /** Further claims that a service asked for, as JSON. */
  claims: string | undefined
  getAssertion: () => Promise<string>
  http: Http
  now: () => number
}

/** The SDK has not checked what it returns: it would accept a number or a line break as an access token. */
const grantedToken = v.object({
  token: v.pipe(v.string(), v.regex(/^[\x21-\x7e]{1,65536}$/, 'The access token is none')),
  expiresOnTimestamp: v.pipe(v.number(), v.finite()),
})

/** Longer than any reply of Entra, in characters: the SDK parses everything it gets, several times. */
const longestReply = 262_144

/**
 * Exchanges the assertion for an access token. Each call makes a new credential: after throttling or a server error, a
 * credential answers from memory for up to an hour.
 * @throws StepError a code of hop entra, or a network code.
 */
export async function exchangeAssertion(exchange: Exchange): Promise<AccessToken> {
  const { tenantId, clientId, cloud, audience, claims } = exchange
  // The SDK's errors lose status, body and cause, so the real reply is remembered here.
  const seen = remember(restrictOrigins(exchange.http, cloud.authorityHost))
  const credential = new ClientAssertionCredential(tenantId, clientId, exchange.getAssertion, {
    ...sdkOptionsWithPipeline(seen.http),
    authorityHost: cloud.authorityHost,
    // The SDK would ask login.microsoftonline.com about an authority that Microsoft does not know, and refuse it.
    disableInstanceDiscovery: !isPublicAuthority(cloud.authorityHost),
  })
  try {
    const granted = await credential.getToken(
      `${audience}/.default`,
      claims === undefined ? {} : { claims, enableCae: true },
    )
    const { token, expiresOnTimestamp } = v.parse(grantedToken, granted)
    // The SDK counts from the wall clock, which may be corrected, and is not our clock.
    return { token, expiresAt: exchange.now() + expiresOnTimestamp - Date.now() }
  } catch (error) {
    const operation = `asking Entra for a token for ${audience}`
    throw new StepError(operation, refusalOf(seen.last(), error, exchange))
  }
}

function refusalOf(
  last: HttpReply | NetworkFailure | undefined,
  error: unknown,
  { now, cloud: { authorityHost } }: Exchange,
): Failure {
  if (last instanceof NetworkFailure) return failureOfNetwork(last)
  if (last !== undefined && last.status !== 200) return withHost(failureOfEntra(last, now()), authorityHost)
  const message = error instanceof Error ? error.message : String(error)
  // A 200 that the SDK cannot use: a proxy's page, or half a document.
  return {
    ...localFailure('entra-unavailable', `The reply was not understood: ${plain(message)}`),
    kind: 'transient',
  }
}

function remember(http: Http): { http: Http; last: () => HttpReply | NetworkFailure | undefined } {
  let last: HttpReply | NetworkFailure | undefined
  return {
    last: () => last,
    http: async request => {
      try {
        const reply = await http(request)
        last = reply
        return reply.body.length > longestReply ? { ...reply, body: '' } : reply
      } catch (error) {
        if (error instanceof NetworkFailure) last = error
        throw error
      }
    },
  }
}
