import {
  ACCOUNT,
  ADMIN,
  DISABLED_SUBSCRIPTION,
  GROUP,
  PIPELINE,
  PIPELINE_CLIENT,
  type ResourceManagerFixture,
  ROLES,
  STRANGER,
  SUBSCRIPTION,
  startResourceManager,
  TENANT,
} from './fixture.ts'

/** Azure Monitor, as far as retiring keys needs it: where the logs of an account go, and who listed its keys. */

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager()
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const SETTINGS = `${ACCOUNT}/providers/Microsoft.Insights/diagnosticSettings`
const WORKSPACE = `${GROUP}/providers/Microsoft.OperationalInsights/workspaces/logs`
const REQUESTS = { category: 'RequestResponse', enabled: true }
const put = (properties: unknown, as = ADMIN) =>
  arm.ask(`${SETTINGS}/who-calls`, { method: 'PUT', as, body: { properties } })

describe('diagnostic settings', () => {
  test('can be created as az does it, read, listed and deleted', async () => {
    const stored = {
      id: `${ACCOUNT.toLowerCase()}/providers/microsoft.insights/diagnosticSettings/who-calls`,
      type: 'Microsoft.Insights/diagnosticSettings',
      name: 'who-calls',
      location: null,
      kind: null,
      tags: null,
      identity: null,
      properties: {
        workspaceId: WORKSPACE,
        storageAccountId: null,
        serviceBusRuleId: null,
        eventHubAuthorizationRuleId: null,
        eventHubName: null,
        marketplacePartnerId: null,
        logAnalyticsDestinationType: null,
        metrics: [],
        logs: [{ ...REQUESTS, categoryGroup: null, retentionPolicy: null }],
      },
    }
    expect(await put({ workspaceId: WORKSPACE, logs: [REQUESTS] })).toMatchObject({
      status: 200,
      body: stored,
    })
    expect((await arm.ask(`${SETTINGS}/WHO-CALLS`, { as: ADMIN })).body).toEqual(stored)
    expect((await arm.ask(SETTINGS, { as: ADMIN })).body).toEqual({ value: [stored] })
    expect((await arm.ask(`${SETTINGS}/who-calls`, { as: ADMIN, method: 'DELETE' })).status).toBe(200)
    expect((await arm.ask(`${SETTINGS}/who-calls`, { as: ADMIN, method: 'DELETE' })).status).toBe(204)
    expect((await arm.ask(SETTINGS, { as: ADMIN })).body).toEqual({ value: [] })
  })

  test('a second PUT replaces the first, and a PUT of what a GET returned changes nothing', async () => {
    await put({ workspaceId: WORKSPACE, logs: [REQUESTS] })
    const { body } = await put({
      workspaceId: WORKSPACE,
      metrics: [{ category: 'AllMetrics', enabled: true }],
    })
    expect(await arm.ask(`${SETTINGS}/who-calls`, { method: 'PUT', as: ADMIN, body })).toMatchObject({
      status: 200,
      body,
    })
    expect(await arm.ask(SETTINGS, { as: ADMIN })).toMatchObject({ body: { value: [body] } })
  })

  test.each([
    [{ logs: [REQUESTS] }, 'At least one data sink needs to be specified.'],
    [
      { workspaceId: WORKSPACE, logs: [{ category: 'AuditEvent', enabled: true }] },
      "Category 'AuditEvent' is not supported.",
    ],
    [
      { workspaceId: WORKSPACE, metrics: [{ category: 'Run', enabled: true }] },
      "Metric category 'Run' is not supported, supported categories are: 'AllMetrics'.",
    ],
  ])('%j: 400, with code and message at the top of the body', async (properties, message) => {
    expect(await put(properties)).toMatchObject({ status: 400, body: { code: 'BadRequest', message } })
    expect((await arm.ask(SETTINGS, { as: ADMIN })).body).toEqual({ value: [] })
  })

  test('a missing one answers 404, and a reader cannot write one', async () => {
    expect(await arm.ask(`${SETTINGS}/service`, { as: ADMIN })).toMatchObject({
      status: 404,
      body: { code: 'ResourceNotFound', message: "The diagnostic setting 'service' doesn't exist." },
    })
    arm.grant(PIPELINE, ROLES.reader, ACCOUNT)
    expect((await arm.ask(SETTINGS)).status).toBe(200)
    expect(await put({ workspaceId: WORKSPACE, logs: [REQUESTS] }, PIPELINE)).toMatchObject({
      status: 403,
      body: {
        error: { message: expect.stringContaining("action 'Microsoft.Insights/diagnosticSettings/write'") },
      },
    })
  })
})

const EVENTS = `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Insights/eventtypes/management/values`
const HOUR = 3_600_000
const HEADERS = { 'x-ms-correlation-request-id': '0b6f4a51-7c35-4b0f-9d0b-6a8d1f2c3e47' }
/** az leaves the zone and the quotation marks of times out. */
const timeOf = (ms: number) => new Date(ms).toISOString().replace('Z', '')

interface Event {
  eventName: { value: string }
  status: { value: string }
  operationName: { value: string }
}

describe('the activity log', () => {
  // What earlier tests did is no longer shown.
  beforeEach(() => arm.clock.advance(91 * 24 * HOUR))

  const listKeys = (as = ADMIN, headers: Record<string, string> = {}) =>
    arm.ask(`${ACCOUNT}/listKeys`, { method: 'POST', as, headers })

  async function events(filter = '', { as = ADMIN, query = '' } = {}): Promise<Event[]> {
    const asked = filter === '' ? '' : `&$filter=${encodeURIComponent(filter)}`
    const { status, body } = await arm.ask(`${EVENTS}?api-version=2015-04-01${asked}${query}`, { as })
    expect(status).toBe(200)
    return Object(body).value
  }
  const summary = (found: readonly Event[]) =>
    found.map(({ eventName, status, operationName }) => [eventName.value, status.value, operationName.value])

  test('shows who listed the keys of an account, newest event first', async () => {
    arm.grant(PIPELINE, ROLES.contributor, ACCOUNT)
    const reply = await listKeys(PIPELINE, HEADERS)
    expect(reply.headers['x-ms-correlation-request-id']).toBe(HEADERS['x-ms-correlation-request-id'])
    const found = await events()
    const action = 'Microsoft.CognitiveServices/accounts/listKeys/action'
    const status = reply.status === 200 ? 'Succeeded' : 'Failed'
    expect(summary(found)).toEqual([
      ['EndRequest', status, action],
      ['BeginRequest', 'Started', action],
    ])
    expect(found[0]).toMatchObject({
      authorization: { action, scope: ACCOUNT },
      caller: PIPELINE,
      claims: { appid: PIPELINE_CLIENT },
      correlationId: HEADERS['x-ms-correlation-request-id'],
      category: { value: 'Administrative' },
      httpRequest: { method: 'POST', clientIpAddress: '127.0.0.1' },
      resourceGroupName: 'rg-keyless',
      resourceProviderName: { value: 'Microsoft.CognitiveServices' },
      resourceId: ACCOUNT,
      resourceType: { value: 'Microsoft.CognitiveServices/accounts' },
      eventTimestamp: expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$/),
      subscriptionId: SUBSCRIPTION,
      tenantId: TENANT,
    })
    expect(await events()).toEqual(found)
  })

  test('has a start event with the body and an end event with the status for each write, and no reads', async () => {
    const body = { properties: { level: 'CanNotDelete' } }
    const lock = `${GROUP}/providers/Microsoft.Authorization/locks/keep`
    const written = await arm.ask(lock, { method: 'PUT', as: ADMIN, body })
    await arm.ask(lock, { method: 'DELETE', as: STRANGER })
    await arm.ask(lock, { as: ADMIN })
    const found = await events()
    expect(summary(found)).toEqual([
      ['EndRequest', 'Failed', 'Microsoft.Authorization/locks/delete'],
      ['BeginRequest', 'Started', 'Microsoft.Authorization/locks/delete'],
      ['EndRequest', 'Succeeded', 'Microsoft.Authorization/locks/write'],
      ['BeginRequest', 'Started', 'Microsoft.Authorization/locks/write'],
    ])
    expect(found[0]).toMatchObject({
      level: 'Error',
      subStatus: { value: 'Forbidden', localizedValue: 'Forbidden (HTTP Status Code: 403)' },
      properties: { statusCode: 'Forbidden', statusMessage: expect.stringContaining('AuthorizationFailed') },
    })
    expect(found[2]).toMatchObject({ level: 'Informational', properties: { statusCode: 'Created' } })
    expect(found[2]).toMatchObject({ correlationId: written.headers['x-ms-correlation-request-id'] })
    expect(found[3]).toMatchObject({ properties: { requestbody: JSON.stringify(body) } })
  })

  test('a request without a valid token leaves no event', async () => {
    await arm.ask(`${ACCOUNT}/listKeys`, { method: 'POST', headers: { authorization: 'Bearer none' } })
    expect(await events()).toEqual([])
  })

  test.each([
    [`resourceId eq '${ACCOUNT}'`, 2],
    [`resourceUri eq '${ACCOUNT.toUpperCase()}'`, 2],
    [`resourceId eq '${ACCOUNT}x'`, 0],
    ["resourceGroupName eq 'rg-keyless'", 4],
    ["resourceGroupName eq 'rg-other'", 0],
    ['resourceProvider eq Microsoft.Authorization', 2],
    [`correlationId eq '${HEADERS['x-ms-correlation-request-id']}'`, 2],
    [`caller eq '${ADMIN}'`, 4],
    [`caller eq '${PIPELINE}'`, 0],
    ["status eq 'Started' and resourceProvider eq 'Microsoft.CognitiveServices'", 1],
  ])('%s: %i events', async (filter, count) => {
    await listKeys(ADMIN, HEADERS)
    await arm.ask(`${GROUP}/providers/Microsoft.Authorization/locks/keep`, { method: 'DELETE', as: ADMIN })
    expect(await events(filter)).toHaveLength(count)
  })

  test('accepts a time range as az sends it; a start more than 90 days ago answers 400', async () => {
    await listKeys()
    const now = arm.clock.now()
    const range = (from: number, to: number) =>
      `eventTimestamp ge ${timeOf(from)} and eventTimestamp le ${timeOf(to)}`
    expect(await events(range(now - HOUR, now + HOUR))).toHaveLength(2)
    expect(await events(range(now - 2 * HOUR, now - HOUR))).toHaveLength(0)
    expect(await events(range(now + HOUR, now + 2 * HOUR))).toHaveLength(0)
    arm.clock.advance(89 * 24 * HOUR)
    const later = arm.clock.now()
    expect(await events(range(later - 89.5 * 24 * HOUR, later))).toHaveLength(2)
    const early = encodeURIComponent(range(later - 91 * 24 * HOUR, later))
    expect(await arm.ask(`${EVENTS}?$filter=${early}`, { as: ADMIN })).toMatchObject({
      status: 400,
      body: { code: 'BadRequest', message: 'The start time cannot be more than 90 days in the past.' },
    })
    arm.clock.advance(2 * 24 * HOUR)
    expect(await events()).toHaveLength(0)
  })

  test('$select returns only the named members, and a long log has pages', async () => {
    for (let count = 0; count < 101; count += 1) await listKeys()
    const { body } = await arm.ask(`${EVENTS}?$select=caller , operationName`, { as: ADMIN })
    const { value, nextLink } = Object(body)
    expect(value).toHaveLength(200)
    expect(Object.keys(value[0])).toEqual(['caller', 'operationName'])
    const next = await arm.ask(nextLink.slice(arm.url.length), { as: ADMIN })
    expect(Object(next.body).value).toHaveLength(2)
    expect(Object(next.body).nextLink).toBeUndefined()
  })

  test.each([
    ["eventChannels eq 'Admin'", 501],
    ["eventTimestamp eq '2026-01-01'", 501],
    ["caller ge 'a'", 501],
    ['eventTimestamp ge yesterday', 400],
  ])('%s: %i', async (filter, status) => {
    expect((await arm.ask(`${EVENTS}?$filter=${encodeURIComponent(filter)}`, { as: ADMIN })).status).toBe(
      status,
    )
  })

  test('a reader of the resource can read the events of the resource, not of the subscription', async () => {
    await listKeys()
    arm.grant(PIPELINE, ROLES.reader, ACCOUNT)
    expect(await events(`resourceId eq '${ACCOUNT}'`, { as: PIPELINE })).toHaveLength(2)
    expect(await arm.ask(EVENTS)).toMatchObject({
      status: 403,
      body: {
        error: { message: expect.stringContaining("action 'Microsoft.Insights/eventtypes/values/read'") },
      },
    })
  })

  test('the log of a subscription has no events of another one', async () => {
    await listKeys()
    arm.grant(ADMIN, ROLES.reader, `/subscriptions/${DISABLED_SUBSCRIPTION}`)
    const other = EVENTS.replace(SUBSCRIPTION, DISABLED_SUBSCRIPTION)
    expect(await arm.ask(other, { as: ADMIN })).toMatchObject({ status: 200, body: { value: [] } })
    expect(await events()).toHaveLength(2)
  })
})
