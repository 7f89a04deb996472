import type { ServiceReply } from '../service.ts'
import { ArmError } from './errors.ts'
import { type Call, queryParameter } from './gateway.ts'

/**
 * A page of a list. The next page has the same path, and a token for its beginning.
 * @param size items per page
 */
export function page(
  { request }: Call,
  items: readonly unknown[],
  { origin, size }: { origin: string; size: number },
): ServiceReply {
  const start = startOf(request.url)
  const end = start + size
  const value = items.slice(start, end)
  if (end >= items.length) return { status: 200, body: { value } }
  const next = new URL(`${origin}${request.url.pathname}${request.url.search}`)
  for (const key of [...next.searchParams.keys()]) {
    if (key.toLowerCase() === '$skiptoken') next.searchParams.delete(key)
  }
  next.searchParams.set('$skipToken', String(end))
  return { status: 200, body: { value, nextLink: next.href } }
}

function startOf(url: URL): number {
  const token = queryParameter(url, '$skipToken') ?? '0'
  if (/^\d+$/.test(token)) return Number(token)
  throw new ArmError(400, 'InvalidSkipToken', `The skip token '${token}' is invalid.`)
}

/**
 * The number of items that the client wants at most.
 * @throws ArmError 400 if it is not a number of items
 */
export function wantedSize({ request }: Call, most: number): number {
  const wanted = queryParameter(request.url, '$top') ?? String(most)
  if (/^[1-9]\d*$/.test(wanted)) return Math.min(Number(wanted), most)
  throw new ArmError(400, 'InvalidTop', `The value '${wanted}' of $top is invalid.`)
}
