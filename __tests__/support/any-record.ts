import fc from 'fast-check'
import type { Identity } from '../../src/azure/choose-identity.ts'
import type { AlsoAccess } from '../../src/gate/also.ts'
import type { Outcome, RunRecord } from '../../src/gate/record.ts'
import type { RuntimePrincipal } from '../../src/gate/runtime/principal.ts'
import type { ToldAccess } from '../../src/gate/told-access.ts'
import type { Probe } from '../../src/gate/waiting/wait.ts'
import { apis } from '../../src/services/inference/apis/choices.ts'
import type { SmokeResult } from '../../src/services/inference/smoke-call.ts'
import {
  allCodes,
  denial,
  emptyRecord,
  failureOf,
  fullRecord,
  ids,
  probedRecord,
  route,
} from './record-fixture.ts'

/**
 * RunRecord of any run, in which everything that somebody else says is one of the texts given, everything may be absent, and there
 * may be a thousand of whatever there is a list of.
 */
function anyRecord(text: fc.Arbitrary<string>): fc.Arbitrary<RunRecord> {
  const many = { maxLength: 1000, size: 'max' } as const
  const times = fc.double({ min: 0, max: 1e8, noNaN: true })
  const probes: fc.Arbitrary<Probe[]> = fc.array(
    fc.record({ atMs: times, outcome: fc.constantFrom('ok' as const, ...allCodes) }),
    many,
  )
  const anyRoute = fc.record({
    api: fc.constantFrom(...apis),
    deployment: text,
    url: text,
    audiences: fc.array(text, { maxLength: 2 }),
    dataAction: text,
  })
  const answered: fc.Arbitrary<SmokeResult> = fc.record({
    kind: fc.constant('ok' as const),
    route: anyRoute,
    audience: text,
    latencyMs: times,
    answer: fc.record({ text, cutShort: fc.boolean(), model: fc.option(text, { nil: undefined }) }),
    adaptations: fc.array(text, { maxLength: 3 }),
  })
  const refused: fc.Arbitrary<SmokeResult> = fc.record({
    kind: fc.constant('refused' as const),
    route: anyRoute,
    failure: fc.constant(denial()),
    adaptations: fc.array(text, { maxLength: 3 }),
  })
  const assignment = fc.record(
    {
      id: text,
      scope: text,
      roleGuid: fc.constantFrom(ids.role, 'f0a7c2d4-6b31-4c58-9e05-1d8b4a7e9c22'),
      principalId: fc.oneof(fc.constant(ids.principal), text),
      createdOn: fc.option(times, { nil: undefined }),
      condition: text,
      description: text,
    },
    { requiredKeys: ['id', 'scope', 'roleGuid', 'principalId', 'createdOn'] },
  )
  const assignments = fc.array(assignment, { maxLength: 4 })
  const denies = fc.array(fc.record({ name: text, scope: text }), { maxLength: 2 })
  const found = fc.record(
    {
      assertion: fc.record({ iss: text, sub: text, aud: text }),
      subjectTemplate: text,
      principal: fc.record({ oid: text, tid: text, appid: text, xms_mirid: text }),
      setupPrincipal: fc.record({ oid: text, tid: text, azp: text }),
      account: fc.constantFrom('enabled', 'disabled', 'unknown').map(keyAccess => ({
        kind: 'AIServices',
        hasCustomSubdomain: true,
        endpoints: { openAI: '', modelInference: '', project: undefined },
        hosts: [],
        keyAccess,
        publicNetworkAccess: undefined,
      })),
      routes: fc.array(anyRoute, { maxLength: 20 }),
      endpoint: text,
      role: fc.record({ guid: text, name: text, definitionId: text, scope: text }),
      roleAssignmentId: text,
      assignments,
      deniedBy: denies.map(list =>
        list.map(deny => ({
          ...deny,
          principals: [],
          excluded: [],
          permissions: [],
          isForThisScopeOnly: false,
        })),
      ),
      heldByOtherJob: assignment,
      membership: fc.constantFrom('member', 'not-member'),
      afterDenial: fc.record({
        onProjects: assignments,
        heldByOthers: assignments,
        denyAssignments: denies,
        denyingGrants: denies,
      }),
      plannedPatienceMs: times,
      roleFits: fc.boolean(),
      grant: fc
        .constantFrom('granted', 'exists', 'refused', 'planned', 'unknown')
        .map(outcome => ({ outcome })),
      also: fc.array(anyAlso(text), { maxLength: 100, size: 'max' }),
      runtimePrincipals: fc.array(anyRuntimePrincipal(text), { maxLength: 100, size: 'max' }),
      retiredKey: fc.constantFrom('key-access-off', 'key-invalid', 'accepted').map(outcome => ({ outcome })),
      smoke: fc.array(fc.oneof(answered, refused), { maxLength: 300, size: 'max' }),
      probes,
      propagationMs: times,
      app: fc.record({
        probes: fc.array(
          fc.record({ atMs: times, outcome: fc.constantFrom('ok', 'unexpected', 'HTTP 401', ...allCodes) }),
          many,
        ),
        waitedMs: times,
        isLive: fc.boolean(),
      }),
      steps: fc.array(fc.record({ name: text, tookMs: times, outcome: fc.constantFrom('done', 'failed') }), {
        maxLength: 40,
        size: 'max',
      }),
    },
    { requiredKeys: [] },
  )
  return fc
    .tuple(found, fc.constantFrom(emptyRecord(), { ...fullRecord(), routes: [route] }, probedRecord()))
    .map(([differing, base]) => ({ ...base, ...differing }))
}

const anyIdentity = (text: fc.Arbitrary<string>): fc.Arbitrary<Identity> =>
  fc.record({
    kind: fc.constantFrom('system-assigned', 'user-assigned', 'agent'),
    name: text,
    principalId: fc.constant(ids.principal),
    clientId: fc.constantFrom(ids.client, undefined),
  })

function anyAccess(text: fc.Arbitrary<string>): fc.Arbitrary<ToldAccess> {
  const identities = fc.array(anyIdentity(text), { maxLength: 20 })
  const through = fc.array(
    fc.record({
      id: text,
      scope: text,
      createdOn: fc.constantFrom(0, undefined),
      roleName: text,
      group: fc.option(text, { nil: undefined }),
    }),
    { maxLength: 3 },
  )
  const deny = fc.record({ name: text, scope: text })
  const failure = text.map(message => failureOf('resource-manager-forbidden', message).failure)
  return fc.oneof(
    fc.record({ word: fc.constant('allowed' as const), through }),
    fc.record({
      word: fc.constant('not-known-live' as const),
      through,
      ageMs: fc.constantFrom(0, 60_000, undefined),
      isGranted: fc.boolean(),
    }),
    fc
      .oneof(
        fc.record({ kind: fc.constant('no-role' as const), lacks: fc.array(text, { maxLength: 2 }) }),
        fc.record({ kind: fc.constant('not-granted' as const), failure }),
        fc.record({ kind: fc.constant('denied' as const), deny }),
        fc.record({ kind: fc.constant('excluded' as const), condition: text }),
        fc.record({
          kind: fc.constant('ends-with-job' as const),
          whose: fc.constantFrom('own' as const, 'another' as const),
        }),
      )
      .map(because => ({ word: 'missing' as const, because })),
    fc
      .oneof(
        fc.record({
          kind: fc.constant('unread' as const),
          what: fc.constant('resource' as const),
          scope: text,
          failure,
        }),
        fc.record({ kind: fc.constant('several' as const), identities }),
        fc.record({ kind: fc.constant('not-its-own' as const), clientId: text, identities }),
        fc.record({ kind: fc.constant('condition' as const), condition: text }),
      )
      .map(because => ({ word: 'unknown' as const, because })),
  )
}

const anyAlso = (text: fc.Arbitrary<string>): fc.Arbitrary<AlsoAccess> =>
  fc.record({ dataAction: fc.constant(route.dataAction), scope: text, access: anyAccess(text) })

function anyRuntimePrincipal(text: fc.Arbitrary<string>): fc.Arbitrary<RuntimePrincipal> {
  return fc.record({
    id: text,
    identity: fc.option(anyIdentity(text), { nil: undefined }),
    principalId: fc.constantFrom(ids.principal, undefined),
    deployments: fc.array(text, { maxLength: 3 }),
    dataActions: fc.array(text, { maxLength: 2 }),
    scope: fc.option(text, { nil: undefined }),
    role: fc.option(fc.record({ guid: text, name: text, definitionId: text }), { nil: undefined }),
    access: anyAccess(text),
  })
}

export function anyOutcome(text: fc.Arbitrary<string>): fc.Arbitrary<Outcome> {
  return fc
    .tuple(
      anyRecord(text),
      fc.constantFrom('passed', 'planned', 'cancelled', 'failed'),
      fc.constantFrom(...allCodes),
      text,
    )
    .map(([record, result, code, message]): Outcome => {
      if (result === 'failed') return { result, record, failure: failureOf(code, message) }
      return result === 'cancelled' ? { result, record, signal: 'SIGTERM' } : { result, record }
    })
}
