import type { Http } from '../../core/http/client.ts'
import { NetworkFailure } from '../../core/http/network-failure.ts'
import type { Clock } from '../../core/ports.ts'
import { scrubberOf } from '../../core/text/scrub.ts'
import { addressSecrets } from './address.ts'
import { type AppAnswer, answerOf, noAnswer } from './errors.ts'

/** A route of the user's own app that makes one model call as the app's own identity. */
export interface AppProbe {
  /** https, with its query. */
  url: string
  expect: RegExp | undefined
}

/** Firewalls in front of apps refuse requests without a user agent (OWASP CRS, 920320); caches must not answer. */
const headers = { accept: '*/*', 'cache-control': 'no-cache', 'user-agent': 'key-less-gate' }

/** Calls the app once. It sends no token, because the app has its own identity. */
export async function probeApp(
  { url, expect }: AppProbe,
  { http, clock }: { http: Http; clock: Pick<Clock, 'now'> },
): Promise<AppAnswer> {
  try {
    const reply = await http({ method: 'GET', url, headers })
    const scrub = scrubberOf(addressSecrets(url), '***')
    return answerOf(reply, { expect, scrub }, clock.now())
  } catch (error) {
    if (!(error instanceof NetworkFailure)) throw error
    return noAnswer(error)
  }
}
