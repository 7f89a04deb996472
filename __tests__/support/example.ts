import type { DiagnosisCode, diagnosisCodes, Hop } from '../../src/core/failures/codes.ts'
import type { HttpReply } from '../../src/core/http/client.ts'

/**
 * How a diagnosis code shows itself, one example for each: tests classify it, and docs/diagnosis.md shows it. Replies are as services
 * sent them; ids and names in them were replaced.
 */
export type Example =
  | { reply: HttpReply; source: string }
  /** No reply came: what the network stack said. `proxy` where it was the proxy that failed. */
  | { network: { code: string; message: string; proxy?: string }; source: string }
  /** The action finds it without any reply that says so: how, as a sentence for the docs. A scenario of the hop produces it. */
  | { own: string }

/** Every code of a hop has its example: the compiler sees to it. */
export type Examples<H extends Hop> = Record<(typeof diagnosisCodes)[H][number], Example>
export type AllExamples = Record<DiagnosisCode, Example>

/** A reply as JSON, or as text where it is none. */
export function answered(
  status: number,
  body: string | object,
  source: string,
  headers: Record<string, string> = {},
): Example {
  return {
    reply: { status, headers, body: typeof body === 'string' ? body : JSON.stringify(body) },
    source,
  }
}
