import fc from 'fast-check'
import type { Failure } from '../../src/core/failures/failure.ts'
import type { HttpReply } from '../../src/core/http/client.ts'
import { hostileText, unprintable } from './hostile-text.ts'

export const replyOf = (
  status: number,
  body: string | object,
  headers: Record<string, string> = {},
): HttpReply => ({
  status,
  headers,
  body: typeof body === 'string' ? body : JSON.stringify(body),
})

/** Replies of nobody in particular: any status, bodies in every shape, and out of shape. */
export function anyReply(
  shapes: ReadonlyArray<(code: string, message: string) => object>,
): fc.Arbitrary<HttpReply> {
  const code = fc.oneof(
    hostileText,
    fc.constantFrom('constructor', '__proto__', 'toString', 'hasOwnProperty', ''),
  )
  const body = fc.oneof(
    hostileText,
    fc.json(),
    fc
      .tuple(fc.constantFrom(...shapes), code, hostileText)
      .map(([shape, ...said]) => JSON.stringify(shape(...said))),
  )
  const header = fc.oneof(
    hostileText,
    fc.constantFrom('10', '-1', 'NaN', '1e400', 'Wed, 21 Oct 2015 07:28:00 GMT', ''),
  )
  const headers = fc.dictionary(
    fc.constantFrom('retry-after', 'retry-after-ms', 'x-ms-request-id', 'apim-request-id'),
    header,
  )
  return fc.record({ status: fc.integer({ min: 100, max: 599 }), headers, body })
}

/** Nothing in a refusal can hide, span lines, or be without end; and its code is one that is known. */
export function expectHarmless(failure: Failure, known: readonly string[]): void {
  expect(known).toContain(failure.code)
  expect(['wait', 'throttled', 'transient', 'fatal']).toContain(failure.kind)
  if (failure.retryAfterMs !== undefined) expect(failure.retryAfterMs).toBeGreaterThanOrEqual(0)
  const { message, serviceCode = '', ids } = failure.said
  for (const text of [message, serviceCode, ...Object.values(ids), ...Object.values(failure.details ?? {})]) {
    expect(text).not.toMatch(unprintable)
    expect(text).not.toContain('##[')
    expect([...text].length).toBeLessThanOrEqual(1200)
  }
}
