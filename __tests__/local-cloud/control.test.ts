import { accessToken, type SendOptions, startLocalCloud } from './cloud-fixture.ts'
import { until } from './server-fixture.ts'

const { cloud, send } = await startLocalCloud()

const control = (path: string, method: 'GET' | 'POST' | 'DELETE' = 'GET', body?: unknown) => {
  const options: SendOptions = { method, headers: { authorization: `Bearer ${cloud.controlToken}` } }
  if (body !== undefined) options.body = JSON.stringify(body)
  return send(`${cloud.endpoints.control}${path}`, options)
}

describe('token', () => {
  test.each([
    ['none', {}],
    ['a wrong one', { authorization: 'Bearer wrong' }],
    ['another scheme', { authorization: `Basic ${cloud.controlToken}` }],
  ])('%s is refused', async (_, headers) => {
    expect(await send(`${cloud.endpoints.control}/world`, { headers })).toMatchObject({ status: 401 })
    expect(await send(`${cloud.endpoints.control}/reset`, { method: 'POST', headers })).toMatchObject({
      status: 401,
    })
  })
})

describe('journal', () => {
  test('shows the requests of clients without their secrets', async () => {
    const token = await accessToken(cloud, send, 'https://management.azure.com')
    await send(`${cloud.endpoints.resourceManager}/subscriptions?api-version=2022-12-01`, {
      headers: { authorization: `Bearer ${token}`, 'api-key': 'a-key' },
    })
    const answer = await control('/journal')
    expect(answer.json).toMatchObject([
      { service: 'github', operation: 'oidc.token', headers: { authorization: '[redacted]' }, status: 200 },
      { service: 'github', operation: 'oidc.keys' },
      {
        service: 'entra',
        operation: 'token',
        body: expect.stringMatching(/&client_assertion=\[redacted\]$/),
      },
      { service: 'resource-manager', headers: { authorization: '[redacted]', 'api-key': '[redacted]' } },
    ])
    expect(answer.text).not.toMatch(/eyJ/)
    expect(answer.text).not.toContain('a-key')
  })

  test('can be cleared', async () => {
    await send(`${cloud.endpoints.github}/nowhere`)
    expect(await control('/journal', 'DELETE')).toMatchObject({ status: 204 })
    expect(await control('/journal')).toMatchObject({ status: 200, json: [] })
  })
})

describe('clock', () => {
  test('goes forward', async () => {
    const before = cloud.clock.now()
    const answer = await control('/clock', 'POST', { advanceSeconds: 90 })
    expect(answer).toMatchObject({ status: 200, json: { now: expect.any(String) } })
    expect(cloud.clock.now() - before).toBeGreaterThanOrEqual(90_000)
    expect(await control('/clock')).toMatchObject({ json: { now: expect.stringMatching(/^\d{4}-.*Z$/) } })
  })

  test('says how many requests a fault keeps waiting; moving the clock releases them', async () => {
    expect((await control('/clock')).json).toMatchObject({ waiting: 0 })
    cloud.faults.add({ name: 'slow', service: 'github', effect: { kind: 'delay', ms: 90_000 } })
    const delayed = send(`${cloud.endpoints.github}/nowhere`)
    await until(() => cloud.clock.sleeping === 1)
    expect((await control('/clock')).json).toMatchObject({ waiting: 1 })
    expect((await control('/clock', 'POST', { advanceSeconds: 90 })).json).toMatchObject({ waiting: 0 })
    expect(await delayed).toMatchObject({ status: 404 })
  })

  test.each([
    { advanceSeconds: -1 },
    { advanceSeconds: '90' },
    {},
    { advanceSeconds: 1, more: true },
    { advanceSeconds: 1e300 },
    { advanceSeconds: 3e11 },
  ])('refuses %j, and keeps working', async body => {
    expect(await control('/clock', 'POST', body)).toMatchObject({
      status: 400,
      json: { error: { code: 'InvalidRequest' } },
    })
    expect((await control('/clock')).status).toBe(200)
    expect((await send(`${cloud.endpoints.github}/nowhere`)).status).toBe(404)
  })
})

describe('faults', () => {
  test('are added and cleared', async () => {
    const fault = { name: 'down', service: 'github', effect: { kind: 'reply', status: 503, body: 'down' } }
    expect(await control('/faults', 'POST', fault)).toMatchObject({ status: 204 })
    expect(await send(`${cloud.endpoints.github}/nowhere`)).toMatchObject({ status: 503, text: 'down' })
    expect(await control('/faults', 'DELETE')).toMatchObject({ status: 204 })
    expect(await send(`${cloud.endpoints.github}/nowhere`)).toMatchObject({ status: 404 })
  })

  test('that hit everything leave the control endpoint alone', async () => {
    await control('/faults', 'POST', { name: 'all', effect: { kind: 'hang' } })
    expect(await control('/faults', 'DELETE')).toMatchObject({ status: 204 })
  })

  test('that make no sense are refused with all reasons', async () => {
    const answer = await control('/faults', 'POST', { name: 1, times: -1, effect: { kind: 'explode' } })
    expect(answer.status).toBe(400)
    expect(answer.text).toMatch(/name: .*times: .*effect\.kind: /)
  })
})

test.each([
  { operation: 'roleAssignments.made', effect: { kind: 'hang' } },
  { operation: '', effect: { kind: 'hang' } },
  { effect: { kind: 'headers', headers: { 'retry after': '1' } } },
  { effect: { kind: 'headers', headers: { 'retry-after': '1\r\nx: y' } } },
  { effect: { kind: 'reply', status: 503, headers: { 'x-name': 'snow ☃' } } },
  { effect: { kind: 'delay', ms: 1e12 } },
  { effect: { kind: 'skew', ms: 1e300 } },
])('a fault that can hit nothing, or would break the reply, is refused: %j', async fault => {
  expect(await control('/faults', 'POST', { name: 'odd', ...fault })).toMatchObject({ status: 400 })
  expect(await send(`${cloud.endpoints.github}/nowhere`)).toMatchObject({ status: 404 })
})

test('the refusal of a fault on an unknown operation lists the operations', async () => {
  const fault = { name: 'odd', operation: 'roleAssignments.made', effect: { kind: 'hang' } }
  expect((await control('/faults', 'POST', fault)).text).toContain('roleAssignments.create')
  for (const operation of ['unknown', 'token', 'applications.list', 'chatCompletions.create']) {
    expect((await control('/faults', 'POST', { ...fault, operation })).status).toBe(204)
  }
})

describe('world', () => {
  test('is returned as it is now', async () => {
    cloud.world.workflow.ref = 'refs/heads/other'
    expect((await control('/world')).json).toMatchObject({ workflow: { ref: 'refs/heads/other' } })
  })

  test('is reset', async () => {
    cloud.world.workflow.ref = 'refs/heads/other'
    expect(await control('/reset', 'POST')).toMatchObject({ status: 204 })
    expect(cloud.world.workflow.ref).toBe('refs/heads/main')
  })

  test('is reset to another seed', async () => {
    const seed = { ...structuredClone(cloud.world), users: [] }
    expect(await control('/reset', 'POST', { seed })).toMatchObject({ status: 204 })
    expect(cloud.world.users).toEqual([])
  })

  test('is not reset to an invalid seed', async () => {
    const answer = await control('/reset', 'POST', { seed: { tenants: [] } })
    expect(answer).toMatchObject({ status: 400 })
    expect(answer.text).toContain('The seed of the local cloud is invalid')
    expect(cloud.world.tenants).toHaveLength(1)
  })
})

test('a body that is not JSON answers 400', async () => {
  const answer = await send(`${cloud.endpoints.control}/faults`, {
    method: 'POST',
    headers: { authorization: `Bearer ${cloud.controlToken}` },
    body: 'not json',
  })
  expect(answer).toMatchObject({ status: 400 })
})

test('an unknown path answers 404 and lists the paths', async () => {
  expect(await control('/journals')).toMatchObject({
    status: 404,
    json: { error: { message: expect.stringContaining('/journal') } },
  })
})
