import {
  ACCOUNT,
  ADMIN,
  GROUP,
  type ResourceManagerFixture,
  SUBSCRIPTION,
  startResourceManager,
} from './fixture.ts'

/** What the local cloud does not have it says, by name: a 404 would read as "gone", and a 200 as "done". */

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager()
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const STORAGE = `${GROUP}/providers/Microsoft.Storage/storageAccounts`

test.each([
  ['GET', `${ACCOUNT}/raiPolicies/strict`, 'Microsoft.CognitiveServices/accounts/raiPolicies/read'],
  ['DELETE', `${ACCOUNT}/connections/search`, 'Microsoft.CognitiveServices/accounts/connections/delete'],
  ['PUT', `${STORAGE}/shop`, 'Microsoft.Storage/storageAccounts/write'],
  ['DELETE', `${STORAGE}/shop`, 'Microsoft.Storage/storageAccounts/delete'],
  ['POST', `${STORAGE}/shop/listKeys`, 'Microsoft.Storage/storageAccounts/listKeys/action'],
  ['GET', `${GROUP}/providers/Contoso.Wares/shelves/one`, 'Contoso.Wares/shelves/read'],
  ['PUT', `${GROUP}/providers/Microsoft.Resources/deployments/main`, 'Microsoft.Resources/deployments/write'],
  [
    'GET',
    `/subscriptions/${SUBSCRIPTION}/providers/Microsoft.Insights/alertRules?$filter=name eq 'x'`,
    'Microsoft.Insights/alertRules/read',
  ],
  [
    'PUT',
    `${GROUP}/providers/Microsoft.Web/sites/shop/providers/Microsoft.Insights/diagnosticSettings/logs`,
    'Microsoft.Insights/diagnosticSettings/write',
  ],
  ['GET', `/subscriptions/${SUBSCRIPTION}/nothing`, 'Microsoft.Resources/subscriptions/nothing/read'],
  ['GET', '/nothing', 'GET /nothing'],
])('%s %s: 501 that names %s, also in the journal', async (method, target, name) => {
  const answer = await arm.ask(target, { as: ADMIN, method, ...(method === 'PUT' && { body: {} }) })
  expect(answer).toMatchObject({
    status: 501,
    body: { error: { code: 'LocalCloudNotImplemented', message: expect.stringContaining(name) } },
  })
  expect(arm.journal.entries).toMatchObject([{ status: 501, unimplemented: name }])
})

test('a property that is not stored answers 501, and nothing is written', async () => {
  const group = `/subscriptions/${SUBSCRIPTION}/resourcegroups/rg-new`
  const answer = await arm.ask(group, {
    as: ADMIN,
    method: 'PUT',
    body: { location: 'swedencentral', managedBy: '/subscriptions/x' },
  })
  expect(answer).toMatchObject({
    status: 501,
    body: {
      error: {
        code: 'LocalCloudNotImplemented',
        message: expect.stringContaining("'managedBy' of resourceGroups.create"),
      },
    },
  })
  expect((await arm.ask(group, { as: ADMIN })).status).toBe(404)
})

test.each([
  [`/subscriptions/${SUBSCRIPTION}/resourcegroups?$top=1`, '$top of resourceGroups.list'],
  [`/subscriptions/${SUBSCRIPTION}/providers?$expand=metadata`, '$expand of providers.list'],
  [`${ACCOUNT}/deployments?$filter=name eq 'chat'`, '$filter of deployments.list'],
])('a query option without effect answers 501: %s', async (target, name) => {
  expect(await arm.ask(target, { as: ADMIN })).toMatchObject({
    status: 501,
    body: { error: { message: expect.stringContaining(`the query option ${name}`) } },
  })
})

test('a served request has no `unimplemented` in the journal', async () => {
  await arm.ask(ACCOUNT, { as: ADMIN })
  expect(arm.journal.entries[0]).not.toHaveProperty('unimplemented')
})
