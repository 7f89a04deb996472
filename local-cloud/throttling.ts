import { gatewayError } from './resource-manager/errors.ts'

/**
 * Throttling as Resource Manager does it since 2024: one token bucket for each subscription, service principal and kind of
 * operation (learn.microsoft.com, "Understand how Azure Resource Manager throttles requests", request-limits-and-throttling).
 * Not imitated: the limits of a whole tenant and of all principals of a subscription together (fifteen times as much), and
 * those of the resource providers behind.
 */

/** What a caller may spend: one token a request. */
interface TokenBucket {
  /** The most tokens that it holds, and what it holds at first. */
  size: number
  /** Tokens that come back each second, until it is full. */
  refillPerSecond: number
}

export type Operations = 'reads' | 'writes' | 'deletes'
export type Throttling = Readonly<Record<Operations, TokenBucket>>

/** The limits of a subscription, as the same page gives them; those of free and trial subscriptions are lower. */
export const PUBLISHED_THROTTLING: Throttling = {
  reads: { size: 250, refillPerSecond: 25 },
  writes: { size: 200, refillPerSecond: 10 },
  deletes: { size: 200, refillPerSecond: 10 },
}

/** By which of its limits Resource Manager counts a request. */
export function operationsOf(method: string): Operations {
  if (method === 'GET' || method === 'HEAD') return 'reads'
  return method === 'DELETE' ? 'deletes' : 'writes'
}

/** Name of the header that says how much of a limit is left. */
export function remainingHeader(owner: 'subscription' | 'tenant', operations: Operations): string {
  return `x-ms-ratelimit-remaining-${owner}-${operations}`
}

/** Whose request it is, and what it is counted as. */
interface Spending {
  subscriptionId: string
  principalId: string
  operations: Operations
}

interface Throttle {
  /**
   * Takes the token that a request costs.
   * @returns how many are left
   * @throws ArmError 429 where there is none
   */
  spend(spending: Spending): number
}

/** @param now milliseconds since the epoch, never going back */
export function createThrottle(limits: Throttling, now: () => number): Throttle {
  const levels = new Map<string, { tokens: number; at: number }>()
  return {
    spend(spending) {
      const { subscriptionId, principalId, operations } = spending
      const { size, refillPerSecond } = limits[operations]
      const key = `${subscriptionId} ${principalId} ${operations}`
      const at = now()
      const last = levels.get(key) ?? { tokens: size, at }
      const tokens = Math.min(size, last.tokens + ((at - last.at) / 1000) * refillPerSecond)
      const isThrottled = tokens < 1
      const left = isThrottled ? tokens : tokens - 1
      levels.set(key, { tokens: left, at })
      if (isThrottled) throw throttled(spending, Math.ceil((size - tokens) / refillPerSecond))
      return Math.floor(left)
    },
  }
}

/**
 * The words of replies seen in 2026. For reads they all said ten seconds. That is how long the bucket above takes to fill: Resource
 * Manager makes its callers wait until then, not until the next token.
 */
function throttled({ subscriptionId, principalId, operations }: Spending, seconds: number) {
  return gatewayError(
    429,
    'SubscriptionRequestsThrottled',
    `Number of '${operations.slice(0, -1)}' requests for subscription '${subscriptionId}' actor '${principalId}' ` +
      `exceeded. Please try again after '${seconds}' seconds after additional tokens are available. ` +
      'Refer to https://aka.ms/arm-throttling for additional information.',
    { 'retry-after': String(seconds), [remainingHeader('subscription', operations)]: '0' },
  )
}
