import type { Http } from '../../core/http/client.ts'
import type { Clock, Log, Mask } from '../../core/ports.ts'
import { type Assertion, requestAssertion } from './oidc-token.ts'
import type { WorkflowRun } from './workflow-run.ts'

/** The job's OIDC token, kept and renewed before it ends: one serves every identity that the run signs in as. */
export interface Assertions {
  /** Asks for a token that somebody will need: the next `current` gets it, or what it failed with. Settles as it does. */
  ask(): Promise<void>
  /** @throws StepError `oidc-…` or a network code. */
  current(): Promise<Assertion>
  /** The token was found to be too old after all: the next one who asks gets another. */
  discard(): void
}

/** An exchange must fit into what is left of a token's life. */
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
    // Several tokens are asked for side by side: anyone who comes second takes the assertion that the first asked for.
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
