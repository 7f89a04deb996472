import type { Http } from '../../core/http/client.ts'
import type { Clock, Log, Mask } from '../../core/ports.ts'
import { type Assertion, requestAssertion } from './oidc-token.ts'
import type { WorkflowRun } from './workflow-run.ts'

/** The job's OIDC token, kept, and renewed before it expires: one token serves every identity of the run. */
export interface Assertions {
  /** Requests a token that will be needed: the next `current` gets it, or its error. Settles when the request does. */
  ask(): Promise<void>
  /** @throws StepError `oidc-…` or a network code. */
  current(): Promise<Assertion>
  /** The token turned out to be too old: the next call gets a new one. */
  discard(): void
}

/** The remaining life of a token must be long enough for an exchange. */
const reserveMs = 60_000

export function createAssertions(
  run: WorkflowRun,
  audience: string,
  tools: { http: Http; clock: Clock; log: Log; mask: Mask },
): Assertions {
  let latest: Promise<Assertion> | undefined

  async function current(): Promise<Assertion> {
    const seen = latest
    const known = await seen
    if (known !== undefined && known.expiresAt - reserveMs > tools.clock.now()) return known
    // Several tokens are requested in parallel: the second request uses the assertion of the first.
    if (latest === seen || latest === undefined) {
      const fresh = requestAssertion(run, audience, tools)
      latest = fresh
      fresh.catch(() => {
        if (latest === fresh) latest = undefined
      })
    }
    return latest
  }

  let asked: Promise<Assertion> | undefined

  function takeAsked(): Promise<Assertion> | undefined {
    const taken = asked
    asked = undefined
    return taken
  }

  return {
    async ask() {
      asked = current()
      await asked
    },
    current: () => takeAsked() ?? current(),
    discard: () => {
      latest = undefined
    },
  }
}
