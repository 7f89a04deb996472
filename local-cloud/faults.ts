import * as v from 'valibot'
import type { ServiceName } from './service.ts'

/** Up to the limit of a timer. */
const milliseconds = v.pipe(v.number(), v.minValue(0), v.maxValue(2 ** 31 - 1))
const count = v.pipe(v.number(), v.integer(), v.minValue(0))

/** Milliseconds. Clocks are off by less. */
const CENTURY = 100 * 365 * 86_400_000

/**
 * Headers that can be sent. Others would turn every reply with them into a failure of the local cloud (RFC 9110, 5.1 and 5.5).
 */
const headers = v.record(
  v.pipe(v.string(), v.regex(/^[\w!#$%&'*+.^`|~-]+$/, 'Is no name of a header')),
  v.pipe(v.string(), v.regex(/^[\t\x20-\x7e\x80-\xff]*$/, 'Is no value of a header')),
)

const faultEffect = v.variant('kind', [
  v.strictObject({
    kind: v.literal('reply'),
    status: v.pipe(v.number(), v.integer(), v.minValue(200), v.maxValue(599)),
    headers: v.exactOptional(headers),
    /** A string is sent as it is, anything else as JSON. */
    body: v.exactOptional(v.unknown()),
  }),
  /** Waits by the clock of the cloud, then handles the request. */
  v.strictObject({ kind: v.literal('delay'), ms: milliseconds }),
  /** Breaks the connection: before the first byte, after the headers, or in the middle of the body. */
  v.strictObject({ kind: v.literal('reset'), when: v.picklist(['before', 'headers', 'body']) }),
  /** Never answers. */
  v.strictObject({ kind: v.literal('hang') }),
  /** Sends the real reply one byte at a time, `ms` apart. */
  v.strictObject({ kind: v.literal('drip'), ms: milliseconds }),
  /** Sends the first `bytes` of the real body as if that were all. */
  v.strictObject({ kind: v.literal('truncate'), bytes: count }),
  /** Sends the real reply with these headers instead of its own. */
  v.strictObject({ kind: v.literal('headers'), headers }),
  /** Sends the real reply with another value at this path of its JSON; a path can continue into the claims of a token. */
  v.strictObject({
    kind: v.literal('edit'),
    path: v.array(v.union([v.string(), count])),
    /** Absent: the value is removed. */
    value: v.exactOptional(v.unknown()),
  }),
  /** Answers by a clock that is off by `ms`; negative means behind: what it checks, what it issues, and its Date. */
  v.strictObject({
    kind: v.literal('skew'),
    ms: v.pipe(v.number(), v.minValue(-CENTURY), v.maxValue(CENTURY)),
  }),
])

const serviceName = v.picklist([
  'github',
  'entra',
  'managed-identity',
  'resource-manager',
  'graph',
  'inference',
  'app',
  'gateway',
])

/** A fault, as tests write it and the control endpoint accepts it. */
export const faultSchema = v.strictObject({
  name: v.string(),
  service: v.exactOptional(serviceName),
  /** Operation name of the route; absent: every operation. */
  operation: v.exactOptional(v.string()),
  /** Compared with path, query and body; case does not matter. */
  containing: v.exactOptional(v.string()),
  /** How many matching requests pass first; default 0. */
  skip: v.exactOptional(count),
  /** How many are hit; default: all. */
  times: v.exactOptional(count),
  /**
   * True: the request takes effect first, and only its reply is lost or changed. Default false. Effects that send part of the
   * real reply (drip, truncate, headers, edit, skew, a reset that is not `before`) always let the request take effect.
   */
  afterEffect: v.exactOptional(v.boolean()),
  effect: faultEffect,
})

export type Fault = v.InferOutput<typeof faultSchema>
/** What a fault does to a matching request. Times are milliseconds. */
export type FaultEffect = Fault['effect']

/** What a fault is compared with. */
interface FaultTarget {
  service: ServiceName
  operation: string
  /** Path, query and body. */
  text: string
}

export interface Faults {
  add(fault: Fault): void
  clear(): void
  /** The fault that hits this request, counted as used; undefined if there is none. */
  take(request: FaultTarget): Fault | undefined
}

export function createFaults(): Faults {
  let active: Array<{ fault: Fault; skipped: number; hits: number }> = []
  return {
    add(fault) {
      active.push({ fault, skipped: 0, hits: 0 })
    },
    clear() {
      active = []
    },
    take(request) {
      for (const entry of active) {
        const { fault } = entry
        if (!matches(fault, request) || entry.hits >= (fault.times ?? Number.POSITIVE_INFINITY)) continue
        if (entry.skipped < (fault.skip ?? 0)) {
          entry.skipped += 1
          continue
        }
        entry.hits += 1
        return fault
      }
      return undefined
    },
  }
}

function matches(fault: Fault, { service, operation, text }: FaultTarget): boolean {
  if (fault.service !== undefined && fault.service !== service) return false
  if (fault.operation !== undefined && fault.operation !== operation) return false
  return fault.containing === undefined || text.toLowerCase().includes(fault.containing.toLowerCase())
}
