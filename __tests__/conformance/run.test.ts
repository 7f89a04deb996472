import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { compare } from '../../conformance/compare.ts'
import { exchanges } from '../../conformance/exchanges/index.ts'
import { runSide, type Side } from '../../conformance/run.ts'
import { refuseSecrets } from '../../conformance/sanitise.ts'
import { createLocalCloud, type LocalCloud, type LocalCloudOptions } from '../../local-cloud/local-cloud.ts'
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
): Promise<Played> {
  const trusted = getCACertificates('default')
  const time = createDrivenTime()
  const cloud = await createLocalCloud({ ...options, clock: time.clock })
  setDefaultCACertificates([...trusted, cloud.caPem])
  try {
    prepare(cloud)
    const before = cloud.world.roleAssignments.length
    const said: string[] = []
    const driven = time.enter(clock => createHttpClient({ timeoutMs: 60_000, env: {}, clock }))
    const side = await runSide(exchanges, {
      send: driven.http,
      clock: driven.clock,
      env: cloud.jobEnvironment(),
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
  expect([...reference.leftOut]).toEqual([])
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
  ).toEqual(new Set(['arm-deny-assignments', 'inference-embeddings']))
  expect(found).toContainEqual({
    exchange: 'arm-deny-assignments',
    what: 'status',
    one: '403',
    other: '200',
  })
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
  expect(leftBehind.length).toBeGreaterThanOrEqual(assignments.after - assignments.before)
  for (const url of leftBehind) expect(url).toContain('/providers/Microsoft.Authorization/roleAssignments/')
})
