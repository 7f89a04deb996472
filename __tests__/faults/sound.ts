import { decodeJwt } from 'jose'
import { operations } from '../../local-cloud/inference/operations.ts'
import type { JournalEntry } from '../../local-cloud/journal.ts'
import type { RoleAssignment } from '../../local-cloud/world.ts'
import { diagnosisCodes } from '../../src/core/failures/codes.ts'
import type { Report } from '../../src/report/schema.ts'
import type { InProcessRun, Stage } from '../support/in-process.ts'

/** What holds for every run, whatever went wrong on the way. (That no rejection goes unhandled is jest's own to see.) */
export function expectSound(stage: Stage, run: InProcessRun): void {
  expectHonestGrant(stage, run)
  expectSoundBesides(stage, run)
}

/** The same, where others write role assignments at the same time. */
export function expectSoundBesides(stage: Stage, run: InProcessRun): void {
  expectInTime(run)
  expectTruePass(run)
  expectTokensAtHome(stage, run)
  expectOneDiagnosis(run)
}

/** Throttled at sign-in and at Resource Manager for a minute each, at most, besides the wait that the user set. */
const besidesTheWaitMs = 3 * 60_000

function expectInTime({ tookMs, settings }: InProcessRun): void {
  expect(tookMs).toBeLessThanOrEqual(settings.waiting.propagationTimeoutMs + besidesTheWaitMs)
}

/** Passed is what every deployment really answered, through no fault that could have put words into its mouth. */
function expectTruePass({ report, requests }: InProcessRun): void {
  if (report.result !== 'passed') return
  expect(report.smoke.length).toBeGreaterThan(0)
  for (const call of report.smoke) {
    expect(requests.filter(request => isAnswer(request, call)).length).toBeGreaterThan(0)
  }
}

/** Operations that models answer; and an agent is looked at. */
const answering: ReadonlySet<string> = new Set(
  Object.keys(operations).filter(name => !/list$|models\.get|info/.test(name)),
)

const faultsThatKeepTheAnswer = /wrongType|clock|keeps the answer/

function isAnswer(
  { service, operation, status, target, body, fault }: JournalEntry,
  { url, deployment }: Report['smoke'][number],
): boolean {
  return (
    service === 'inference' &&
    answering.has(operation) &&
    (status === 200 || status === 101) &&
    new URL(url).pathname === target.split('?')[0] &&
    `${target} ${body}`.includes(deployment) &&
    // Of a handshake the head is all, whatever becomes of the rest.
    (fault === undefined || faultsThatKeepTheAnswer.test(fault) || status === 101)
  )
}

/** At most one assignment of role and principal; and the run says of it what is true. */
function expectHonestGrant({ cloud }: Stage, { report, assignmentsBefore }: InProcessRun): void {
  const { roleAssignmentId, grant, roleState } = report
  const before = new Set(assignmentsBefore.map(({ name }) => name))
  const now = cloud.world.roleAssignments
  const made = now.filter(({ name }) => !before.has(name))
  expect(new Set(now.map(tripleOf)).size).toBe(now.length)
  expect(made.length).toBeLessThanOrEqual(1)
  if (made[0] === undefined) {
    expect(grant).not.toBe('granted')
    expect(roleState).not.toBe('granted')
  } else if (grant !== 'unknown') {
    expect({ grant, roleState }).toEqual({ grant: 'granted', roleState: 'granted' })
    expect(roleAssignmentId).toContain(made[0].name)
  }
}

const tripleOf = ({ roleDefinitionId, principalId, scope }: RoleAssignment) =>
  [roleDefinitionId, principalId, scope].join(' ').toLowerCase()

/**
 * Every token at the service that it was issued for, and nowhere else; a key at the data plane, by itself. A run makes up to hundreds
 * of requests: what is wrong with any of them is compared with nothing, once.
 */
function expectTokensAtHome({ cloud, elsewhere }: Stage, { requests, log }: InProcessRun): void {
  expect(elsewhere.requests).toEqual([])
  const { ACTIONS_ID_TOKEN_REQUEST_TOKEN: requestToken, GITHUB_TOKEN: githubToken } =
    cloud.runnerEnvironment()
  const carried = requests.map(secretsOf)
  expect(
    carried.filter(({ service, operation, bearer, assertion, key }) => {
      if (service === 'github')
        return bearer !== (operation === 'oidc.subjectCustomization' ? githubToken : requestToken)
      if (key !== undefined) return service !== 'inference' || bearer !== undefined
      return !audiencesAt[service].includes(audienceOf(bearer ?? assertion))
    }),
  ).toEqual([])
  expect(carried.filter(({ service, assertion }) => service !== 'entra' && assertion !== undefined)).toEqual(
    [],
  )
  const printed = log.join('\n')
  const secrets = new Set(carried.flatMap(({ bearer, assertion, key }) => [bearer, assertion, key]))
  expect([...secrets].filter(secret => secret && printed.includes(secret))).toEqual([])
}

function secretsOf({ service, operation, headers, body }: JournalEntry) {
  return {
    service,
    operation,
    // Octokit calls GitHub's own tokens by their older name.
    bearer: headers.authorization?.replace(/^(Bearer|token) /, ''),
    assertion: /\bclient_assertion=/.test(body)
      ? (new URLSearchParams(body).get('client_assertion') ?? undefined)
      : undefined,
    key: headers['api-key'],
  }
}

const audiencesAt: Readonly<Record<JournalEntry['service'], ReadonlyArray<string | undefined>>> = {
  github: [],
  entra: ['api://AzureADTokenExchange', undefined],
  'resource-manager': ['https://management.azure.com'],
  // The gate asks nothing of it, ever.
  graph: [],
  inference: ['https://cognitiveservices.azure.com', 'https://ai.azure.com'],
  // None stands in front of a world that faults are played in.
  gateway: [],
  'managed-identity': [],
  // No token goes there.
  app: [],
  control: [],
}

const audienceOf = (token: string | undefined) =>
  token === undefined ? undefined : String(decodeJwt(token).aud)

const knownCodes: readonly string[] = Object.values(diagnosisCodes).flat()

/** A failure has one code, and can be told in every form there is. */
function expectOneDiagnosis({ report, summary, diagnosisLines }: InProcessRun): void {
  if (report.result !== 'failed') return
  const { code = '', fixes = [] } = report.diagnosis ?? {}
  expect(knownCodes).toContain(code)
  expect(fixes.length).toBeGreaterThan(0)
  expect(diagnosisLines.join('\n')).toContain(code)
  expect(summary).toContain(code)
}
