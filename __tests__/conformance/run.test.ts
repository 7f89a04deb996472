import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { compare } from '../../conformance/compare.ts'
import { exchanges } from '../../conformance/exchanges/index.ts'
import { localVariables, localWorld } from '../../conformance/local-world.ts'
import { runSide, type Side } from '../../conformance/run.ts'
import { refuseSecrets } from '../../conformance/sanitise.ts'
import { faultyIdentities } from '../../conformance/terms.ts'
import { createLocalCloud, type LocalCloud, type LocalCloudOptions } from '../../local-cloud/local-cloud.ts'
import { cognitiveServicesUser } from '../../src/azure/rbac/built-in-roles.ts'
import { createHttpClient } from '../../src/core/http/client.ts'
import { customRole, holds, refuse } from '../support/arrange.ts'
import { createDrivenTime } from '../support/driven-time.ts'

/** The exchanges are played against two local clouds, one of which was made to differ: what differs is found, and nothing else. */

interface Played extends Side {
  said: readonly string[]
  assignments: { before: number; after: number }
}

async function playedOn(
  options: LocalCloudOptions,
  prepare: (cloud: LocalCloud) => void = () => {},
  variables = localVariables,
): Promise<Played> {
  const trusted = getCACertificates('default')
  const time = createDrivenTime()
  const seed = localWorld({ keys: 'off' })
  const cloud = await createLocalCloud({ seed, ...options, clock: time.clock })
  setDefaultCACertificates([...trusted, cloud.caPem])
  try {
    prepare(cloud)
    const before = cloud.world.roleAssignments.length
    const said: string[] = []
    const driven = time.enter(clock => createHttpClient({ timeoutMs: 60_000, env: {}, clock }))
    const side = await runSide(exchanges, {
      send: driven.http,
      clock: driven.clock,
      env: { ...cloud.jobEnvironment(), ...variables },
      say: line => said.push(line),
      limitMs: 900_000,
      pauseMs: 1000,
      row: 5,
    })
    await driven.leave()
    return { ...side, said, assignments: { before, after: cloud.world.roleAssignments.length } }
  } finally {
    setDefaultCACertificates(trusted)
    await cloud.close()
  }
}

let reference: Played
beforeAll(async () => {
  reference = await playedOn({ lag: { roleAssignments: [2000, 60_000] }, replicasBy: 'connection' })
})

test('on a resource with everything, every exchange is answered, and none by what the local cloud does not have without need', () => {
  // Its keys are off.
  expect([...new Set(reference.leftOut.values())]).toEqual(['needs keys-on'])
  expect(new Set(reference.recordings.map(({ exchange }) => exchange)).size).toBe(reference.recordings.length)
  expect(
    reference.recordings.filter(({ code }) => code === 'LocalCloudNotImplemented').map(r => r.exchange),
  ).toEqual(['arm-provider-missing', 'arm-type-missing'])
})

test('the lag between a grant and what is let through is told by connection, and the role is taken back', () => {
  expect(reference.lag?.firstSuccessMs).toBeGreaterThanOrEqual(2000)
  expect(reference.lag?.lastDenialMs).toBeGreaterThanOrEqual(58_000)
  expect(reference.lag?.calls.fresh.denied).toBeGreaterThan(0)
  expect(reference.assignments.after).toBe(reference.assignments.before)
})

test('a call is denied before the grant, and answered after it', () => {
  const statusOf = (name: string) => reference.recordings.find(({ exchange }) => exchange === name)?.status

  expect(statusOf('inference-chat-denied')).toBe(401)
  expect(statusOf('inference-chat')).toBe(200)
})

test('no recording holds a token, an id or a name of the world that it was made in', () => {
  const text = JSON.stringify(reference.recordings)
  const { world } = reference

  refuseSecrets(reference.recordings, world)
  for (const name of ['contoso', 'rg-keyless', world.tenantId, world.subscriptionId, world.principalId])
    expect(text.toLowerCase()).not.toContain(name.toLowerCase())
})

test.each<[string, (world: Side['world']) => string]>([
  ['an access token', ({ tokens }) => tokens.get('foundry') ?? ''],
  ['an assertion', ({ assertion }) => assertion],
  ['the request token of the job', ({ github }) => github.requestToken],
  ['the id of the resource', ({ accountId }) => accountId.toUpperCase()],
  ['a token of somebody else', () => 'eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiJ4In0.c2ln'],
  ['a key of 32 digits', () => '0123456789abcdef0123456789abcdef'],
  ['a key of 84 characters', () => 'A1b2'.repeat(21)],
])('%s in a recording: nothing may be written', (_what, secretOf) => {
  const [first] = reference.recordings
  if (first === undefined) throw new Error('There is no recording')
  const spoiled = { ...first, message: `It was ${secretOf(reference.world)}, it seems` }

  expect(() => refuseSecrets([spoiled], reference.world)).toThrow('nothing was written')
})

test('a cloud that differs on purpose: what differs is found, and nothing else', async () => {
  const other = await playedOn({ lag: { roleAssignments: [0] } }, ({ faults }) => {
    const refuse = (operation: string, effect: { status: number; body: string }) =>
      faults.add({
        name: operation,
        operation,
        effect: { kind: 'reply', headers: { 'content-type': 'application/json' }, ...effect },
      })
    refuse('denyAssignments.list', {
      status: 403,
      body: '{"error":{"code":"AuthorizationFailed","message":"no"}}',
    })
    refuse('embeddings.create', { status: 200, body: '{"object":"list","data":[]}' })
  })

  const found = compare(other.recordings, reference.recordings)
  expect(
    new Set(
      found.map(({ exchange }) =>
        exchange.replace(/-(deployment|without|wrong|unknown|token|key|denied).*/, ''),
      ),
    ),
  ).toEqual(
    new Set([
      ...['arm-deny-assignments', 'arm-deny-assignments-at-scope', 'arm-deny-assignments-filter'],
      'inference-embeddings',
    ]),
  )
  expect(found).toContainEqual({
    exchange: 'arm-deny-assignments',
    what: 'status',
    one: '403',
    other: '200',
  })
})

/** The role that the exchanges hand out. */
const usagesReader = 'bba48692-92b0-4667-a9ad-c31c7b334ac2'

test('a trust, a condition and a deny assignment that do not hold: each is found, and nothing else', async () => {
  const other = await playedOn({ lag: { roleAssignments: [0] } }, ({ world }) => {
    const named = (displayName: string) => world.applications.find(one => one.displayName === displayName)
    const right = named('conformance-setup')?.federatedCredentials ?? []
    for (const fault of faultyIdentities) {
      const application = named(`conformance-${fault}`)
      if (application === undefined) throw new Error(`There is no application for ${fault}`)
      application.federatedCredentials = right
      application.servicePrincipal ??= { objectId: '3f8a1c60-7d52-4e9b-b0c4-91d6e5f27a83', enabled: true }
    }
    for (const assignment of world.roleAssignments)
      assignment.condition &&= assignment.condition.replace(cognitiveServicesUser.guid, usagesReader)
    world.denyAssignments.length = 0
  })

  const found = compare(other.recordings, reference.recordings)
  expect(new Set(found.map(({ exchange }) => exchange))).toEqual(
    new Set([
      ...faultyIdentities.map(fault => `entra-${fault}`),
      'arm-assign-beyond-condition',
      'arm-denied-by-assignment',
    ]),
  )
  expect(found).toContainEqual({ exchange: 'entra-other-case', what: 'status', one: '200', other: '401' })
  expect(found).toContainEqual({
    exchange: 'arm-denied-by-assignment',
    what: 'code',
    one: '',
    other: 'DenyAssignmentAuthorizationFailed',
  })
  expect(other.assignments.after).toBe(other.assignments.before)
  expect(other.leftBehind).toEqual([])
})

test('where keys are on, a wrong key is tried, and none is asked for', async () => {
  const withKeys = await playedOn({ seed: localWorld({ keys: 'on' }), lag: { roleAssignments: [0] } })

  expect([...new Set(withKeys.leftOut.values())]).toEqual(['needs keys-off'])
  expect(withKeys.recordings.map(({ exchange }) => exchange)).toContain('inference-chat-key-is-wrong')
  expect(withKeys.leftOut.has('arm-keys-while-off')).toBe(true)
})

test('what nobody set up is left out, and told by what it needs', async () => {
  const plain = await playedOn({ granted: true }, () => {}, { CONFORMANCE_SETUP_CLIENT_ID: '' })

  expect(plain.leftOut.get('arm-assign-beyond-condition')).toBe('needs setup-identity')
  expect(plain.leftOut.get('arm-denied-by-assignment')).toBe('needs denied-resource')
  expect(plain.leftOut.get('entra-other-issuer')).toBe('needs other-issuer')
})

test('where the principal may call already, neither denial nor lag is tried, and that is said', async () => {
  const granted = await playedOn({ granted: true })

  expect(granted.lag).toBeUndefined()
  expect(granted.said).toEqual([
    'The principal may call models already: denied calls and lag were not tried.',
  ])
  expect(granted.assignments.after).toBe(granted.assignments.before)
})

test('a principal that may do all but assign roles, as a Contributor may, is not tried with a grant, and that is said', async () => {
  const contributor = await playedOn({}, cloud => {
    const actions = ['*']
    const role = customRole(cloud, { actions, notActions: ['Microsoft.Authorization/*/Write'] })
    holds(cloud, { role })
  })

  expect(contributor.said).toEqual([
    'The principal may neither call models nor grant itself the role: calls of models are left out.',
  ])
  expect(contributor.leftOut.get('arm-assign')).toBe('needs may-assign-roles')
  expect(contributor.recordings.map(({ exchange }) => exchange)).toContain('arm-account')
})

test('a grant that is refused costs the calls of models, and nothing else', async () => {
  const refused = await playedOn({}, cloud =>
    refuse(cloud, 'roleAssignments.create', 403, { error: { code: 'AuthorizationFailed', message: 'no' } }),
  )

  expect(refused.said).toEqual(['Calls of models are left out: the role could not be granted: 403'])
  expect(refused.leftOut.get('inference-chat')).toBe('needs may-infer')
  expect(refused.recordings.map(({ exchange }) => exchange)).toEqual(
    expect.arrayContaining(['entra-token', 'arm-assign', 'inference-chat-denied']),
  )
})

test('a role assignment that cannot be removed is named: nothing is said to be gone that may be there', async () => {
  const stuck = await playedOn({ lag: { roleAssignments: [0] } }, cloud =>
    refuse(cloud, 'roleAssignments.delete', 409, { error: { code: 'ScopeLocked', message: 'locked' } }),
  )

  const { leftBehind, assignments } = stuck
  expect(assignments.after).toBeGreaterThan(assignments.before)
  expect(leftBehind).toHaveLength(assignments.after - assignments.before)
  for (const url of leftBehind) expect(url).toContain('/providers/Microsoft.Authorization/roleAssignments/')
})
