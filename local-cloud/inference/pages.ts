import { invalidRequest } from './refusals.ts'

const MOST = 100

interface Named {
  id: string
}

/**
 * One page of a list, by `limit`, `order`, `after` and `before`. By default the newest come first. After the last item comes an
 * empty page: Python clients ask for it, whatever `has_more` says.
 * @param oldestFirst the whole list
 * @throws Refusal 400
 */
export function pageOf<T extends Named>(oldestFirst: readonly T[], query: URLSearchParams) {
  const limit = limitOf(query.get('limit'))
  const order = query.get('order') ?? 'desc'
  if (order !== 'asc' && order !== 'desc') {
    throw invalidRequest(
      `Invalid value: '${order}'. Supported values are: 'asc' and 'desc'.`,
      'order',
      'invalid_value',
    )
  }
  const ordered = order === 'asc' ? oldestFirst : oldestFirst.toReversed()
  const after = query.get('after')
  const before = query.get('before')
  const start = after === null ? 0 : ordered.findIndex(({ id }) => id === after) + 1
  const end = before === null ? ordered.length : ordered.findIndex(({ id }) => id === before)
  const within = ordered.slice(start, Math.max(end, start))
  const data = before === null ? within.slice(0, limit) : within.slice(-limit)
  return {
    object: 'list',
    data,
    first_id: data[0]?.id ?? null,
    last_id: data.at(-1)?.id ?? null,
    has_more: within.length > limit,
  }
}

function limitOf(text: string | null): number {
  const limit = Number(text ?? 20)
  if (Number.isInteger(limit) && limit >= 1 && limit <= MOST) return limit
  throw invalidRequest(
    `Invalid 'limit': integer out of range. Expected a value from 1 to ${MOST}, but got ${text} instead.`,
    'limit',
    'invalid_value',
  )
}
