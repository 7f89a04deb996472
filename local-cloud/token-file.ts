import type { Clock } from './clock.ts'
import type { IdTokenSigner } from './github/id-token.ts'
import type { Workflow } from './world.ts'

/** Audience of the assertions that Entra takes in AzureCloud. */
const AUDIENCE = 'api://AzureADTokenExchange'

/**
 * Seconds that the token in the file is valid: as long as the one that a pod gets, because SDKs remember it for up to ten minutes.
 * What the issuer gives to a job is valid for five minutes.
 */
const LIFETIME_SECONDS = 3600
/** A token that is no older can be remembered for as long again. */
const FRESH_MS = 600_000
/** How long a change of the world's workflow takes to reach the file. */
const RENEWAL_MS = 10_000

interface TokenFileOptions {
  clock: Clock
  issuer: string
  sign: IdTokenSigner['sign']
  /** The run that the token is about, which may change. */
  workflow(): Workflow
  /** Replaces the content of the file. */
  write(token: string): void
}

interface TokenFile {
  /** Writes another token if the present one is no longer fresh, or is about another run. */
  renew(): void
  stop(): void
}

/** Keeps an OIDC token of the job in a file, and renews it. */
export function keepTokenFile({ clock, issuer, sign, workflow, write }: TokenFileOptions): TokenFile {
  let signed = { workflow: '', at: 0 }

  // Signing takes milliseconds, and a test may move the clock a hundred times: a fresh token stays.
  function renew(): void {
    const now = clock.now()
    const run = workflow()
    const key = JSON.stringify(run)
    if (signed.workflow === key && now - signed.at < FRESH_MS) return
    signed = { workflow: key, at: now }
    write(sign(run, { issuer, audience: AUDIENCE, now, lifetimeSeconds: LIFETIME_SECONDS }))
  }

  renew()
  const renewal = setInterval(renew, RENEWAL_MS).unref()
  return { renew, stop: () => clearInterval(renewal) }
}
