import { APP_USER_AGENT } from '../../local-cloud/app/index.ts'
import { app, appHolds, probeUrl, worldWithApp } from '../support/app-world.ts'
import { createClient, freePorts, startLocalCloud } from './cloud-fixture.ts'

/** A route that makes a model call as the identity of its resource. */

const seconds = 1000

const lag = { roleAssignments: [60 * seconds] }
// A port that is closed for a while is taken by nobody else there.
const basePort = await freePorts(20)
const { cloud, send } = await startLocalCloud({ seed: worldWithApp(), lag, basePort })

const ask = (query?: string, method: 'GET' | 'HEAD' = 'GET') => send(probeUrl(cloud, query), { method })
/** On a connection of its own. */
async function askAnew() {
  const client = createClient(cloud.caPem)
  try {
    return await client.send(probeUrl(cloud))
  } finally {
    await client.close()
  }
}
/** Of the same cloud, with an app that is different. */
const different = (differing: Parameters<typeof worldWithApp>[0]) => cloud.reset(worldWithApp(differing))

test('answers 401 until the role of its identity is live on the data plane', async () => {
  expect(await ask()).toMatchObject({ status: 401, json: { error: { code: 'PermissionDenied' } } })
  appHolds(cloud, new Date(cloud.clock.now()))
  expect(await ask()).toMatchObject({ status: 401 })
  cloud.clock.advance(61 * seconds)
  expect(await ask()).toMatchObject({ status: 200, json: { answer: expect.any(String) } })
  expect(await ask('?anything', 'HEAD')).toMatchObject({ status: 200 })
})

test('signs in at the endpoint of the managed identity, and calls the deployment over the wire', async () => {
  appHolds(cloud)
  await ask()
  expect(cloud.journal.entries.map(({ service, operation, caller }) => [service, operation, caller])).toEqual(
    [
      ['managed-identity', 'appService.token', app.principalId],
      ['inference', 'chatCompletions.create', app.principalId],
      ['app', 'app.probe', undefined],
    ],
  )
  const own = cloud.journal.entries.filter(({ headers }) => headers['user-agent'] === APP_USER_AGENT)
  expect(own).toHaveLength(2)
})

test('answers 503 until its start time', async () => {
  appHolds(cloud)
  different({ startsOn: new Date(cloud.clock.now() + 30 * seconds).toISOString() })
  appHolds(cloud)
  expect(await ask()).toMatchObject({ status: 503 })
  cloud.clock.advance(31 * seconds)
  expect(await ask()).toMatchObject({ status: 200 })
})

test('refuses connections until it listens, and breaks open ones when it stops listening', async () => {
  const inSeconds = (count: number) => new Date(cloud.clock.now() + count * seconds).toISOString()
  different({ listensOn: inSeconds(30) })
  appHolds(cloud)
  await expect(askAnew()).rejects.toThrow('ECONNREFUSED')
  cloud.clock.advance(31 * seconds)
  expect(await askAnew()).toMatchObject({ status: 200 })
  different({ listensOn: inSeconds(30) })
  await expect(askAnew()).rejects.toThrow('ECONNREFUSED')
  different({})
  appHolds(cloud)
  expect(await askAnew()).toMatchObject({ status: 200 })
})

test('can require a key, as an Azure Function does', async () => {
  different({ key: 'a-key' })
  appHolds(cloud)
  expect(await ask()).toMatchObject({ status: 401 })
  expect(await ask('?code=another')).toMatchObject({ status: 401 })
  expect(await ask('?code=a-key')).toMatchObject({ status: 200 })
})

test('can redirect everybody to a log-in page that gets the address', async () => {
  different({ requiresLogin: true })
  const { status, headers } = await ask('?code=a-key')
  expect(status).toBe(302)
  expect(headers.location).toContain(`${cloud.endpoints.authorityHost}/`)
  expect(headers.location).toContain('a-key')
})

test('can hide a failed call behind a page with status 200', async () => {
  different({ hidesFailures: true })
  const reply = await ask()
  expect(reply.status).toBe(200)
  expect(reply.headers['content-type']).toMatch(/^text\/html/)
  appHolds(cloud)
  expect(await ask()).toMatchObject({ status: 200, json: { answer: expect.any(String) } })
})

test.each([
  ['an app without an identity', { identity: undefined }, {}],
  ['an app that names an identity that does not exist', {}, { clientId: crypto.randomUUID() }],
  ['an app that calls a resource without a host', {}, { accountId: '/subscriptions/none' }],
])('%s answers 500', async (_, resource, differing) => {
  const seed = worldWithApp(differing)
  cloud.reset({ ...seed, resources: seed.resources?.map(each => ({ ...each, ...resource })) ?? [] })
  expect(await ask()).toMatchObject({ status: 500, json: { error: { code: 'AppFailed' } } })
})

test('answers 404 once its resource is gone, and at every other path', async () => {
  expect(await send(`${new URL(probeUrl(cloud)).origin}/`)).toMatchObject({ status: 404 })
  cloud.world.resources.length = 0
  expect(await ask()).toMatchObject({ status: 404 })
})

test('a reset to a seed without the apps is refused', () => {
  expect(() => cloud.reset({ ...worldWithApp(), resources: [] })).toThrow(
    'A running local cloud keeps the hosts of its apps: it has /subscriptions',
  )
})

test('the environment of a job has the address of the first app', () => {
  expect(cloud.jobEnvironment().LOCAL_CLOUD_PROBE_URL).toBe(probeUrl(cloud))
})
