import type { RunRecord } from '../../gate/record.ts'
import { runtimeLine } from '../../gate/runtime/words.ts'
import type { AppOutcome } from '../../services/app/errors.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from './explanation.ts'
import { waitLonger } from './inference/denial.ts'

/** Possible causes of the app's last answer, and what to do about them. */
interface Cause {
  why: string
  fixes: (record: RunRecord) => Fix[]
}

const readLog = advice(
  "Read the app's own log at the time of the last probe: it shows what happened to the app's call, and which identity made it.",
  "The app's log",
)

const checkIdentity = advice(
  'Find out which identity the app signs in as. If it has several, its setting AZURE_CLIENT_ID must name the one that holds the role; without it the SDK uses the system-assigned one, or none. The role must be on the resource that the app calls, or above it. A role that is held through a group reaches a managed identity only with its next token, up to a day later.',
  "The app's identity",
)

const openRoute = advice(
  "Exempt the route from the app's authentication (App Service and Container Apps: `globalValidation.excludedPaths`), allow the runner in its access restrictions, or put the required key into the query of `probe-url`, from a secret.",
  'If the route itself requires a sign-in',
)

const refused: Cause = {
  why: "Either the model refused the app and the app passes that on, or the route refuses the gate. In the first case the role of the app's identity is missing or not live yet, or the app signs in as another identity than the one that holds the role.",
  fixes: record => [checkIdentity, ...waitLonger({ record }), openRoute],
}

const absent: Cause = {
  why: 'There is nothing at this address, or the app does not run: while an app is being deployed, or is stopped, the platform answers 404 for it.',
  fixes: record => [
    advice(
      'Open the address that the deploy printed: check that the path is right, and that traffic goes to the revision that has the route.',
    ),
    ...waitLonger({ record }),
  ],
}

const redirected: Cause = {
  why: 'The route redirects its callers, usually to a log-in page. The gate does not follow redirects, because the target says nothing about the app.',
  fixes: () => [
    openRoute,
    advice(
      'Give the address that it redirects to as `probe-url`.',
      'If it is another form of the same address, such as one with a slash at the end',
    ),
  ],
}

const busy: Cause = {
  why: 'The app, or the model behind it, gets too many requests. The gate asked again when the reply said so, as far as `propagation-timeout` allows.',
  fixes: record => waitLonger({ record }),
}

const unexpected: Cause = {
  why: 'The route answers, but the answer does not show that the model did: error pages, log-in pages and pages of starting apps have status 200 too.',
  fixes: record => [
    advice(
      'Let the route return what the model said as JSON or text, return another status than 2xx if the call failed, and forbid caching. Set `probe-expect` to what the answer must match.',
    ),
    readLog,
    ...waitLonger({ record }),
  ],
}

const failing: Cause = {
  why: 'The app does not start, or it hides a refused call behind its own error.',
  fixes: record => [readLog, checkIdentity, ...waitLonger({ record })],
}

const unreachable: Cause = {
  why: 'The app sent no answer: its name or its certificate does not exist yet, it does not run, it takes longer than `request-timeout`, or the runner cannot reach it.',
  fixes: record => [
    advice(
      'Open the address from the network of the runner. An app without public access needs a runner in its own network.',
    ),
    readLog,
    ...waitLonger({ record }),
  ],
}

const notUnderstood: Cause = {
  why: "The route does not accept the gate's request: a GET without a body and without a token.",
  fixes: () => [
    advice('Give the app a route for the probe that makes one call to the model for each GET.'),
    readLog,
  ],
}

const byOutcome: ReadonlyMap<AppOutcome, Cause> = new Map([
  ['unexpected', unexpected],
  ['HTTP 401', refused],
  ['HTTP 403', refused],
  ['HTTP 404', absent],
  ['HTTP 429', busy],
])

/** The app's identity may be one of those whose roles the gate read. Only the app knows which one. */
function knownOfIdentity({ runtimePrincipals }: RunRecord): string {
  if (runtimePrincipals.length === 0)
    return "Nothing is known about the app's identity: name it in `runtime-principals`, and the gate checks its roles."
  return paragraph('Known from roles:', ...runtimePrincipals.slice(0, maxListed).map(runtimeLine))
}

/** Nobody reads more than this in one paragraph. */
const maxListed = 5

/** The last answer says most: the gate waited out those before it. */
function causeOf({ record }: Pick<ExplainContext, 'record'>): Cause {
  const last = record.app?.probes.at(-1)?.outcome ?? 'HTTP 401'
  const known = byOutcome.get(last)
  if (known !== undefined) return known
  const status = Number(/^HTTP (\d+)$/.exec(last)?.[1])
  if (Number.isNaN(status)) return unreachable
  if (status === 408 || status >= 500) return failing
  return status < 400 ? redirected : notUnderstood
}

export const appProbeExplanations: Pick<Explanations<'production'>, 'probe-failed'> = {
  'probe-failed': {
    title: "The app's own call to the model is not proven",
    about: paragraph(
      'The route of `probe-url` did not answer 2xx `consecutive-successes` times in a row within its own `propagation-timeout`.',
      "The gate keeps asking while the replies are those of an app that is starting or whose role is not live: no name, no connection, a placeholder's certificate, no answer in time, 401, 403, 404, 408, 429, 5xx, and a 2xx that does not match `probe-expect` or, without it, is a page, reports an error or comes from a cache.",
      'A redirect and any other status end the wait at once.',
    ),
    why: told =>
      paragraph(
        causeOf(told).why,
        knownOfIdentity(told.record),
        'The models answered the pipeline itself: its access is proven, that of the app is not.',
      ),
    unlike:
      "`access-denied` is a refusal of the pipeline's own call, before any probe. This code is only about the app's identity.",
    fixes: told => causeOf(told).fixes(told.record),
  },
}
