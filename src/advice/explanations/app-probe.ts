import type { RunRecord } from '../../gate/record.ts'
import { runtimeLine } from '../../gate/runtime/words.ts'
import type { AppOutcome } from '../../services/app/errors.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from './explanation.ts'
import { waitLonger } from './inference/denial.ts'

/** What may stand behind the last answer of the app, and what to do about it. */
interface Cause {
  why: string
  fixes: (record: RunRecord) => Fix[]
}

const readLog = advice(
  "Read the app's own log of the time of the last probe: it says what the app itself met, and as which identity it asked.",
  "The app's log",
)

const checkIdentity = advice(
  'See which identity the app signs in as. Where it has several, its setting AZURE_CLIENT_ID has to name the one that holds the role; without it the system-assigned one is taken, or none. The role has to be on the resource that the app calls, or above it. One that is held through a group reaches a managed identity with its next token only, up to a day later.',
  "The app's identity",
)

const openRoute = advice(
  "Take it out of the app's authentication (App Service and Container Apps: `globalValidation.excludedPaths`), let the runner through its access restrictions, or put the key that it asks for into the query of `probe-url`, from a secret.",
  'If it is the route that asks anyone who calls it to sign in',
)

const refused: Cause = {
  why: "The app passes on that the model refused it, or the route refuses the gate. In the first case the role of the app's identity is missing, is not live yet, or the app signs in as another identity than the one that holds it.",
  fixes: record => [checkIdentity, ...waitLonger({ record }), openRoute],
}

const absent: Cause = {
  why: 'There is nothing at this address, or the app does not run: while it is being deployed, and where it is stopped, the platform answers 404 in its place.',
  fixes: record => [
    advice(
      'Open the address as the deploy gives it: see that the path is right, and that the revision that has the route gets the traffic.',
    ),
    ...waitLonger({ record }),
  ],
}

const redirected: Cause = {
  why: 'The route sends anyone who calls it elsewhere, mostly to a log-in page. Redirects are not followed: what is found there says nothing about the app.',
  fixes: () => [
    openRoute,
    advice(
      'Give the address that it redirects to as `probe-url`.',
      'If it is another form of its own address, such as one with a slash at its end',
    ),
  ],
}

const busy: Cause = {
  why: 'The app, or the model behind it, is asked too often. It was asked again when it said, as far as `propagation-timeout` allows.',
  fixes: record => waitLonger({ record }),
}

const unexpected: Cause = {
  why: 'The route answers, and what it answers does not show that the model did: pages of errors, of log-ins and of apps that are starting come with 200 as well.',
  fixes: record => [
    advice(
      'Let the route answer in JSON or text with what the model said, with another status than 2xx where the call failed, and let no cache keep it. `probe-expect` says what the answer has to match.',
    ),
    readLog,
    ...waitLonger({ record }),
  ],
}

const failing: Cause = {
  why: 'The app does not start, or it hides a refused call behind an error of its own.',
  fixes: record => [readLog, checkIdentity, ...waitLonger({ record })],
}

const unreachable: Cause = {
  why: 'No answer of the app arrived: its name or its certificate is not there yet, it does not run, it takes longer than `request-timeout`, or the runner cannot reach it.',
  fixes: record => [
    advice(
      'Open the address from the network of the runner. An app without public access needs a runner in its own network.',
    ),
    readLog,
    ...waitLonger({ record }),
  ],
}

const notUnderstood: Cause = {
  why: 'The route does not take what the gate asks: a GET without a body, and without a token.',
  fixes: () => [
    advice('Give the app a route for the probe that makes one call to the model at a GET.'),
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

/** The app's identity may be one of those whose roles were looked at; which one, only the app knows. */
function knownOfIdentity({ runtimePrincipals }: RunRecord): string {
  if (runtimePrincipals.length === 0)
    return "Nothing is known about the app's identity: name it in `runtime-principals`, and the gate checks its roles."
  return paragraph('Known from roles:', ...runtimePrincipals.slice(0, maxListed).map(runtimeLine))
}

/** More nobody reads in one paragraph. */
const maxListed = 5

/** The last answer tells most: those before it were waited out. */
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
      'The route of `probe-url` did not answer 2xx as often in a row as `consecutive-successes` says, within a `propagation-timeout` of its own.',
      "Waited out is whatever an app may say while it starts, or while its role is not live: no name, no connection, a placeholder's certificate, no answer in time, 401, 403, 404, 408, 429, 5xx, and a 2xx that does not match `probe-expect` or, without it, is a page, reports an error or comes out of a cache.",
      'A redirect and any other status end the wait at once.',
    ),
    why: told =>
      paragraph(
        causeOf(told).why,
        knownOfIdentity(told.record),
        'The pipeline itself was answered by the models: its access is proven, and that of the app is not.',
      ),
    unlike:
      "`access-denied` is a refusal of the pipeline's own call, and stands before any probe. This one is about the app's identity alone.",
    fixes: told => causeOf(told).fixes(told.record),
  },
}
