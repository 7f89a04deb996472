/**
 * The longest that a request waits for a throttled Resource Manager; milliseconds in total.
 *
 * Reads are limited to 25 a second for each principal and subscription. A refused caller is told to wait ten seconds, and then
 * has no better chance (request-limits-and-throttling). The unluckiest of a thousand gates, with three to five reads each, is
 * served after all others: within some three minutes.
 */
export const throttledBudgetMs = 5 * 60_000
