import * as v from 'valibot'
import { kindOfCondition } from '../../../local-cloud/delegation-conditions.ts'
import {
  ACCOUNT,
  ADMIN,
  GROUP,
  PIPELINE,
  type ResourceManagerFixture,
  ROLES,
  SUBSCRIPTION,
  startResourceManager,
  TEAM,
} from './fixture.ts'

/** Who holds what where: scopes of every kind, conditions, custom roles, schedules, the names of actions. */

const NAME = '7b082443-c50f-43a2-87a6-d8385d2edfe3'
const AUTHORIZATION = 'providers/Microsoft.Authorization'

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager()
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const admin = (target: string, method = 'GET', body?: unknown) =>
  arm.ask(target, { as: ADMIN, method, ...(body !== undefined && { body }) })
const assign = (scope: string, properties: object = {}) =>
  admin(`${scope}/${AUTHORIZATION}/roleAssignments/${NAME}`, 'PUT', {
    properties: { roleDefinitionId: ROLES.reader, principalId: PIPELINE, ...properties },
  })
const refused = (code: string) => ({ body: { error: { code, message: expect.any(String) } } })

describe('a role is assigned at', () => {
  const IDENTITY = `${GROUP}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/shop`
  const STORAGE = `${GROUP}/providers/Microsoft.Storage/storageAccounts/contosodata`

  test('an identity or any other resource that exists', async () => {
    expect(await assign(IDENTITY)).toMatchObject({ status: 404, ...refused('ResourceNotFound') })
    await admin(IDENTITY, 'PUT', { location: 'swedencentral' })
    expect(await assign(IDENTITY)).toMatchObject({ status: 201, body: { properties: { scope: IDENTITY } } })
    expect((await admin(`${IDENTITY}/${AUTHORIZATION}/roleAssignments/${NAME}`, 'DELETE')).status).toBe(200)
    arm.world.resources.push({ id: STORAGE, location: 'swedencentral', properties: {} })
    expect((await assign(STORAGE)).status).toBe(201)
    expect((await admin(`${STORAGE}/${AUTHORIZATION}/roleAssignments?$filter=atScope()`)).body).toMatchObject(
      {
        value: expect.arrayContaining([expect.objectContaining({ name: NAME })]),
      },
    )
  })

  test('not at a resource that does not exist', async () => {
    expect(await assign(STORAGE)).toMatchObject({ status: 404, ...refused('ResourceNotFound') })
  })
})

describe('a condition', () => {
  const delegation = "(!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}))"
  const blobs =
    "((!(ActionMatches{'Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read'} AND NOT SubOperationMatches{'Blob.List'})) OR " +
    "(@Resource[Microsoft.Storage/storageAccounts/blobServices/containers:name] StringEquals 'public'))"

  test.each([
    [delegation, 'evaluated'],
    [blobs, 'not evaluated'],
    [
      'Exists @Resource[Microsoft.Storage/storageAccounts/blobServices/containers/blobs/tags:Project<$key_case_sensitive$>]',
      'not evaluated',
    ],
    ["@Environment[Microsoft.Network/privateEndpoints] StringEqualsIgnoreCase '/x'", 'not evaluated'],
    ['anything at all', 'invalid'],
    [`${delegation} AND`, 'invalid'],
    [`(${delegation}`, 'invalid'],
    ['', 'invalid'],
  ])('%s: %s', (condition, kind) => {
    expect(kindOfCondition(condition)).toBe(kind)
  })

  test('that can be evaluated is stored', async () => {
    expect(await assign(ACCOUNT, { condition: delegation, conditionVersion: '2.0' })).toMatchObject({
      status: 201,
      body: { properties: { condition: delegation, conditionVersion: '2.0' } },
    })
  })

  test.each([
    [{ condition: blobs, conditionVersion: '2.0' }, 501, 'LocalCloudNotImplemented'],
    [{ condition: 'anything at all', conditionVersion: '2.0' }, 400, 'BadRequest'],
    [{ condition: delegation, conditionVersion: '1.0' }, 400, 'BadRequest'],
    [{ delegatedManagedIdentityResourceId: '/x' }, 400, 'InvalidRequestContent'],
    [{ expires: 'tomorrow' }, 501, 'LocalCloudNotImplemented'],
  ])('%j: %d %s, and nothing is assigned', async (properties, status, code) => {
    expect(await assign(ACCOUNT, properties)).toMatchObject({ status, ...refused(code) })
    expect(arm.world.roleAssignments).toHaveLength(1)
  })
})

describe('a custom role', () => {
  const ROLE = `/subscriptions/${SUBSCRIPTION}/${AUTHORIZATION}/roleDefinitions/${NAME}`
  const write = (others: object = {}) =>
    admin(ROLE, 'PUT', {
      properties: {
        roleName: 'Chat only',
        assignableScopes: [`/subscriptions/${SUBSCRIPTION}`],
        permissions: [
          {
            dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'],
          },
        ],
        ...others,
      },
    })

  test('without a description has none, and says who created and changed it', async () => {
    expect((await write()).status).toBe(201)
    const created = v.parse(v.object({ properties: v.looseObject({}) }), (await admin(ROLE)).body).properties
    expect(created).toMatchObject({ description: null, createdBy: ADMIN, updatedBy: ADMIN })
    arm.clock.advance(60_000)
    await write({ description: 'of the shop' })
    const { body } = await admin(ROLE)
    expect(body).toMatchObject({ properties: { description: 'of the shop', createdOn: created.createdOn } })
    expect(body).not.toMatchObject({ properties: { updatedOn: created.updatedOn } })
  })

  test('with a property that is not stored is refused', async () => {
    expect(await write({ notes: 'x' })).toMatchObject({ status: 501, ...refused('LocalCloudNotImplemented') })
  })
})

test('schedules list the active roles, and no eligible ones', async () => {
  arm.grant(TEAM, ROLES.reader, GROUP)
  arm.grant(PIPELINE, ROLES.openAIUser, ACCOUNT)
  const list = (type: string, filter = '') =>
    arm.ask(`${ACCOUNT}/${AUTHORIZATION}/${type}${filter}`, { as: PIPELINE })
  expect((await list('roleAssignmentScheduleInstances', '?$filter=asTarget()')).body).toMatchObject({
    value: [
      {
        properties: { assignmentType: 'Assigned', memberType: 'Group', principalId: TEAM, endDateTime: null },
      },
      { properties: { assignmentType: 'Assigned', memberType: 'Direct', principalId: PIPELINE } },
    ],
  })
  expect((await list('roleEligibilityScheduleInstances')).body).toEqual({ value: [] })
})

test('the schedule of an assignment shows when it ends', async () => {
  arm.grant(PIPELINE, ROLES.openAIUser, ACCOUNT)
  const endsOn = new Date(arm.clock.now() + 60_000).toISOString()
  Object.assign(arm.world.roleAssignments.at(-1) ?? {}, { endsOn })
  const { body } = await admin(
    `${ACCOUNT}/${AUTHORIZATION}/roleAssignmentScheduleInstances?$filter=assignedTo('${PIPELINE}')`,
  )
  expect(body).toMatchObject({ value: [{ properties: { endDateTime: endsOn } }] })
})

test('providerOperations lists the action names that roles use', async () => {
  const { body } = await admin(`/${AUTHORIZATION}/providerOperations/microsoft.cognitiveservices`)
  const { resourceTypes } = v.parse(
    v.object({
      resourceTypes: v.array(
        v.object({
          name: v.string(),
          operations: v.array(v.looseObject({ name: v.string(), isDataAction: v.boolean() })),
        }),
      ),
    }),
    body,
  )
  const names = resourceTypes.flatMap(({ operations }) => operations.map(({ name }) => name))
  expect(names).toEqual(
    expect.arrayContaining([
      'Microsoft.CognitiveServices/accounts/read',
      'Microsoft.CognitiveServices/accounts/listKeys/action',
      'Microsoft.CognitiveServices/accounts/deployments/write',
      'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action',
    ]),
  )
  expect((await admin(`/${AUTHORIZATION}/providerOperations`)).body).toMatchObject({
    value: expect.arrayContaining([expect.objectContaining({ name: 'Microsoft.Resources' })]),
  })
  expect((await admin(`/${AUTHORIZATION}/providerOperations/Contoso.None`)).status).toBe(404)
})
