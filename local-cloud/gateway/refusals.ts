import type { ServiceReply } from '../service.ts'

/**
 * Replies of API Management itself (learn.microsoft.com, "Error handling in API Management policies"; headers as gateways
 * were seen to send them).
 */

function refusal(statusCode: number, message: string, headers: Record<string, string> = {}): ServiceReply {
  return { status: statusCode, headers, body: { statusCode, message } }
}

/** @param realm where the API lies */
const challenge = (realm: string) => ({
  'www-authenticate': `AzureApiManagementKey realm="${realm}",name="api-key",type="header"`,
})

export const missingSubscriptionKey = (realm: string): ServiceReply =>
  refusal(
    401,
    'Access denied due to missing subscription key. Make sure to include subscription key when making requests to an API.',
    challenge(realm),
  )

export const wrongSubscriptionKey = (realm: string): ServiceReply =>
  refusal(
    401,
    'Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.',
    challenge(realm),
  )

/** Of the policies validate-jwt and validate-azure-ad-token. */
export const rejectedToken = (): ServiceReply => refusal(401, 'Invalid JWT.')

export const rateLimited = (seconds: number): ServiceReply =>
  refusal(429, `Rate limit is exceeded. Try again in ${seconds} seconds.`, { 'retry-after': String(seconds) })

export const noSuchOperation = (): ServiceReply => refusal(404, 'Resource not found')
