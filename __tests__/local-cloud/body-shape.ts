/** Members whose content differs from resource to resource, so that only their presence says something. */
const OPAQUE = new Set(['capabilities', 'endpoints', 'permissions', 'callRateLimit', 'systemData', 'sku'])

/**
 * What must agree between a recorded body and ours: the names of all members; of errors the code, and the message
 * without what stands in quotes, ids and scopes. Of a list, its first item.
 */
export function shapeOf(value: unknown, name = ''): unknown {
  if (OPAQUE.has(name)) return 'present'
  if (Array.isArray(value)) return value.slice(0, 1).map(item => shapeOf(item))
  if (typeof value === 'object' && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, shapeOf(inner, key)]))
  }
  if (name === 'code') return value
  if (name === 'message')
    return String(value).replaceAll(/'[^']*'|[0-9a-f]{32}|[0-9a-f]{8}-[0-9a-f-]{27}/g, '…')
  return 'present'
}
