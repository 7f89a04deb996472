import {
  ACCOUNT,
  ADMIN,
  type Ask,
  assignmentPath,
  GROUP,
  PIPELINE,
  type ResourceManagerFixture,
  ROLES,
  rolePath,
  STRANGER,
  SUBSCRIPTION,
  startResourceManager,
} from './fixture.ts'

/** What an administrator arranges at run time, besides role assignments: keys, locks, projects, custom roles. */

const NAME = '7b082443-c50f-43a2-87a6-d8385d2edfe3'
const OTHER_NAME = '2f0a6b83-91dc-4e57-8b24-c7d50e193fa6'

let arm: ResourceManagerFixture
beforeAll(async () => {
  arm = await startResourceManager()
})
beforeEach(() => arm.reset())
afterAll(() => arm.close())

const ask = (target: string, options: Ask = {}) => arm.ask(target, { as: ADMIN, ...options })
const put = (target: string, body: unknown, as = ADMIN) => ask(target, { method: 'PUT', body, as })
const remove = (target: string, as = ADMIN) => ask(target, { method: 'DELETE', as })
const status = async (answer: Promise<{ status: number }>) => (await answer).status
const refusedWith = (code: string) => ({ body: { error: { code, message: expect.any(String) } } })

const grant = (scope: string, name = NAME, roleId = ROLES.openAIUser) =>
  put(assignmentPath(scope, name), {
    properties: {
      roleDefinitionId: rolePath(roleId),
      principalId: PIPELINE,
    },
  })
const revoke = (scope: string, name = NAME) => remove(assignmentPath(scope, name))

describe('keys', () => {
  const regenerate = (keyName: string, as = ADMIN) =>
    ask(`${ACCOUNT}/regenerateKey`, { method: 'POST', body: { keyName }, as })

  test('are regenerated one at a time, for this account only, and listed', async () => {
    arm.world.accounts.forEach(account => {
      account.disableLocalAuth = false
    })
    const keys = async (account = ACCOUNT) => (await ask(`${account}/listKeys`, { method: 'POST' })).body
    const other = ACCOUNT.replace('contoso-ai', 'contoso-regional')
    const [before, others] = [await keys(), await keys(other)]
    const { body: first } = await regenerate('Key1')
    const { body: second } = await regenerate('key1')
    const { body: third } = await regenerate('Key2')
    const of = (body: unknown, name: string) => Reflect.get(Object(body), name)
    expect(new Set([before, first, second].map(body => of(body, 'key1'))).size).toBe(3)
    expect([before, first, second].map(body => of(body, 'key2'))).toEqual(Array(3).fill(of(before, 'key2')))
    expect(of(third, 'key2')).not.toBe(of(before, 'key2'))
    expect([await keys(), await keys(other)]).toEqual([third, others])
  })

  test('regenerating one needs the right to do so, and the name Key1 or Key2', async () => {
    arm.grant(PIPELINE, ROLES.cognitiveServicesUser, ACCOUNT)
    expect(await regenerate('Key1', PIPELINE)).toMatchObject({ status: 403 })
    expect(await regenerate('Key3')).toMatchObject({
      status: 400,
      body: {
        error: {
          code: 'BadRequest',
          message: "The key name 'Key3' is invalid. Valid values are 'Key1' and 'Key2'.",
        },
      },
    })
  })
})

describe('locks', () => {
  const locks = (scope: string) => `${scope}/providers/Microsoft.Authorization/locks`
  const lock = (scope: string, level: string, others: object = {}) =>
    put(`${locks(scope)}/stop`, { properties: { level, ...others } })

  test('CanNotDelete: roles can be assigned but not removed, and keys can be listed', async () => {
    arm.world.accounts.forEach(account => {
      account.disableLocalAuth = false
    })
    await lock(GROUP, 'CanNotDelete')
    expect(await status(grant(ACCOUNT))).toBe(201)
    expect(await status(ask(`${ACCOUNT}/listKeys`, { method: 'POST' }))).toBe(200)
    const scope = assignmentPath(ACCOUNT, NAME)
    expect(await revoke(ACCOUNT)).toMatchObject({
      status: 409,
      body: {
        error: {
          code: 'ScopeLocked',
          message: `The scope '${scope}' cannot perform delete operation because following scope(s) are locked: '${GROUP}'. Please remove the lock and try again.`,
        },
      },
    })
  })

  test('ReadOnly: nothing can be written or removed, and a POST counts as a write', async () => {
    await grant(ACCOUNT)
    await lock(ACCOUNT, 'ReadOnly')
    const locked = {
      error: { code: 'ScopeLocked', message: expect.stringMatching(/perform write operation/) },
    }
    const write = { method: 'PATCH', body: { properties: { disableLocalAuth: false } } }
    for (const answer of [
      await grant(ACCOUNT, OTHER_NAME, ROLES.reader),
      await ask(ACCOUNT, write),
      await ask(`${ACCOUNT}/listKeys`, { method: 'POST' }),
    ]) {
      expect(answer).toMatchObject({ status: 409, body: locked })
    }
    expect(await status(revoke(ACCOUNT))).toBe(409)
    expect(await status(ask(ACCOUNT))).toBe(200)
    expect(await status(grant(GROUP, OTHER_NAME))).toBe(201)
  })

  test('can be changed, read, listed above and below, and removed while they lock', async () => {
    expect(await lock(GROUP, 'ReadOnly', { notes: 'while we look' })).toMatchObject({
      status: 201,
      body: {
        id: `${locks(GROUP)}/stop`,
        name: 'stop',
        type: 'Microsoft.Authorization/locks',
        properties: { level: 'ReadOnly', notes: 'while we look' },
      },
    })
    expect(await lock(GROUP, 'CanNotDelete', { notes: null })).toMatchObject({ status: 200 })
    const body = { name: 'stop', properties: { level: 'CanNotDelete' } }
    expect(await ask(`${locks(GROUP)}/STOP`)).toMatchObject({ status: 200, body })
    const namesAt = async (scope: string, filter = '') => (await ask(`${locks(scope)}${filter}`)).body
    for (const scope of [ACCOUNT, GROUP, `/subscriptions/${SUBSCRIPTION}`])
      expect(await namesAt(scope)).toMatchObject({ value: [body] })
    expect(await namesAt(`/subscriptions/${SUBSCRIPTION}`, '?$filter=atScope()')).toEqual({ value: [] })
    expect([
      await status(remove(`${locks(GROUP)}/stop`)),
      await status(remove(`${locks(GROUP)}/stop`)),
    ]).toEqual([200, 204])
    expect(await ask(`${locks(GROUP)}/stop`)).toMatchObject({ status: 404, ...refusedWith('LockNotFound') })
  })

  test('need a valid level, an existing scope, and an owner', async () => {
    expect(await lock(GROUP, 'NotSpecified')).toMatchObject({ status: 400 })
    expect(await lock(`${ACCOUNT}-none`, 'ReadOnly')).toMatchObject({ status: 404 })
    arm.grant(STRANGER, ROLES.contributor, GROUP)
    const body = { properties: { level: 'ReadOnly' } }
    expect(await put(`${locks(GROUP)}/stop`, body, STRANGER)).toMatchObject({ status: 403 })
  })
})

describe('projects', () => {
  const project = `${ACCOUNT}/projects/other`
  const body = { location: 'swedencentral', identity: { type: 'SystemAssigned' }, properties: {} }

  test('can be created and deleted; a second DELETE answers 204', async () => {
    expect(await put(project, body)).toMatchObject({
      status: 201,
      body: { id: project, name: 'contoso-ai/other', properties: { isDefault: false } },
    })
    expect(await put(project.toUpperCase(), body)).toMatchObject({ status: 200, body: { id: project } })
    expect(await status(grant(project))).toBe(201)
    expect([await status(remove(project)), await status(remove(project))]).toEqual([200, 204])
    expect(await status(ask(project))).toBe(404)
  })

  test('need the right to write them, a location, and a Foundry resource', async () => {
    arm.grant(PIPELINE, ROLES.openAIUser, ACCOUNT)
    expect(await put(project, body, PIPELINE)).toMatchObject({ status: 403 })
    expect(await put(project, { properties: {} })).toMatchObject({ status: 400 })
    expect(await put(project.replace('contoso-ai', 'contoso-regional'), body)).toMatchObject({ status: 400 })
  })
})

describe('custom roles', () => {
  const roles = (scope: string) => `${scope}/providers/Microsoft.Authorization/roleDefinitions`
  const role = (others: object = {}) => ({
    properties: {
      roleName: 'Keys of models',
      type: 'CustomRole',
      assignableScopes: [GROUP],
      permissions: [{ actions: ['Microsoft.CognitiveServices/accounts/read'] }],
      ...others,
    },
  })
  const target = `${roles(GROUP)}/${NAME}`

  test('can be created, changed, assigned, and deleted once nobody holds them', async () => {
    expect(await put(target, role())).toMatchObject({
      status: 201,
      body: {
        name: NAME,
        properties: {
          type: 'CustomRole',
          permissions: [
            {
              actions: ['Microsoft.CognitiveServices/accounts/read'],
              notActions: [],
              dataActions: [],
              notDataActions: [],
            },
          ],
        },
      },
    })
    expect(await status(ask(ACCOUNT, { as: PIPELINE }))).toBe(403)
    await grant(ACCOUNT, NAME, NAME)
    expect(await status(ask(ACCOUNT, { as: PIPELINE }))).toBe(200)
    await put(target, role({ permissions: [] }))
    expect(await status(ask(ACCOUNT, { as: PIPELINE }))).toBe(403)
    expect(await remove(target)).toMatchObject({
      status: 409,
      ...refusedWith('RoleDefinitionHasAssignments'),
    })
    await revoke(ACCOUNT)
    expect([await status(remove(target)), await status(remove(target))]).toEqual([200, 204])
    expect(arm.world.roleDefinitions).toEqual([])
  })

  test('have unique names, and built-in roles cannot be changed', async () => {
    expect(await put(target, role({ roleName: 'reader' }))).toMatchObject({
      status: 409,
      ...refusedWith('RoleDefinitionWithSameNameExists'),
    })
    expect(await put(`${roles(GROUP)}/mine`, role())).toMatchObject({ status: 400 })
    const reader = `${roles(GROUP)}/${ROLES.reader}`
    expect(await put(reader, role())).toMatchObject({ status: 400 })
    arm.grant(ADMIN, ROLES.owner, '/')
    expect(await remove(reader)).toMatchObject({ status: 400 })
  })

  test('need the right to write them at every assignable scope', async () => {
    arm.grant(STRANGER, ROLES.owner, GROUP)
    expect(await status(put(target, role(), STRANGER))).toBe(201)
    const wider = role({ assignableScopes: [GROUP, `/subscriptions/${SUBSCRIPTION}`] })
    expect(await status(put(target, wider, STRANGER))).toBe(403)
    await put(target, wider)
    expect(await status(remove(target, STRANGER))).toBe(403)
  })
})

describe('the version of a condition', () => {
  const condition = "!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})"
  const assignment = assignmentPath(ACCOUNT, NAME)
  const write = (others: object) =>
    put(assignment, {
      properties: {
        roleDefinitionId: rolePath(ROLES.owner),
        principalId: PIPELINE,
        ...others,
      },
    })

  test('is 2.0 by default, and is removed with the condition', async () => {
    expect(await write({ condition })).toMatchObject({
      status: 201,
      body: { properties: { condition, conditionVersion: '2.0' } },
    })
    expect(await write({})).toMatchObject({
      status: 201,
      body: { properties: { condition: null, conditionVersion: null } },
    })
  })

  test('is refused if it is another version', async () => {
    expect(await write({ condition, conditionVersion: '1.0' })).toMatchObject({
      status: 400,
      body: { error: { message: 'The given role assignment condition is invalid.' } },
    })
  })
})
