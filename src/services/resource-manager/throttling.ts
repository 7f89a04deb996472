/**
 * The longest that a request waits for a throttled Resource Manager, milliseconds in all.
 *
 * Reads are limited to 25 a second for each principal and subscription, and who is refused is told to wait ten seconds for a
 * chance that is no better (request-limits-and-throttling). The unluckiest of a thousand gates, of three to five reads each, is
 * served when all others have been: within some three minutes.
 */
export const throttledBudgetMs = 5 * 60_000
