import { defaultWorld } from '../../local-cloud/default-world.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import {
  accountEndpoint,
  alsoHolds,
  app,
  customRole,
  groupScope,
  holds,
  managedIdentity,
  pipeline,
  refuse,
  roles,
  securityGroup,
  setupIdentity,
  subscription,
  userAssignedIdentity,
} from '../support/arrange.ts'
import { accountScope, logOf, operations, runGate, type ScenarioOptions } from '../support/scenario.ts'

/** `runtime-principals`: what roles tell of those that run what is deployed. */

let cloud: LocalCloud
beforeAll(async () => {
  // A change reaches its replicas one after the other.
  cloud = await createLocalCloud({ lag: { roleAssignments: [0, 40_000, 90_000] } })
})
beforeEach(() => {
  cloud.reset()
  // The pipeline itself has had its role for long.
  alsoHolds(cloud, { role: roles.user })
})
afterAll(() => cloud.close())

/** Verifies only, and calls one deployment. */
const look = (lines: string | readonly string[], options: ScenarioOptions = {}) =>
  runGate(cloud, {
    ...options,
    inputs: { grant: 'never', 'runtime-principals': [lines].flat().join('\n'), ...options.inputs },
  })

const minutesAgo = (minutes: number) => new Date(cloud.clock.now() - minutes * 60_000)

const warnings = ({ annotations }: Awaited<ReturnType<typeof runGate>>) =>
  annotations.filter(({ level }) => level === 'warning').map(({ message }) => message)

/** Providers are asked at the subscription. */
const readsSubscription = () =>
  alsoHolds(cloud, { role: roles.reader, scope: `/subscriptions/${subscription(cloud).id}` })

describe('allowed by its roles', () => {
  test('by object id, held directly: shown in log, summary, report and output', async () => {
    const { principal } = managedIdentity(cloud)
    alsoHolds(cloud, { role: roles.openAIUser, principalId: principal.objectId })
    const run = await look(principal.objectId)

    expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
    const line = `allowed by its roles. Cognitive Services OpenAI User at ${accountScope(cloud)}`
    expect(logOf(run)).toContain(`${principal.objectId}: ${line}`)
    expect(run.summary).toContain('### Production')
    expect(run.summary).toContain('| allowed by its roles |')
    expect(run.summary).toContain("waits only for the pipeline's own access")
    expect(run.report).toMatchObject({
      runtimeAccess: 'passed',
      runtimePrincipals: [
        {
          id: principal.objectId,
          principalId: principal.objectId,
          identity: null,
          deployments: ['chat'],
          access: 'allowed',
          roles: [{ name: 'Cognitive Services OpenAI User', scope: accountScope(cloud), group: null }],
        },
      ],
      settings: { runtimeUnknown: 'fail', runtimePrincipals: [{ id: principal.objectId, role: null }] },
    })
    expect(warnings(run)).toEqual([])
  })

  test.each<[string, (principalId: string) => void]>([
    [
      'inherited from the subscription',
      principalId =>
        alsoHolds(cloud, {
          role: roles.user,
          principalId,
          scope: `/subscriptions/${subscription(cloud).id}`,
        }),
    ],
    [
      'by a custom role',
      principalId =>
        alsoHolds(cloud, {
          role: customRole(cloud, { dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/*'] }),
          principalId,
        }),
    ],
    [
      'under a condition that is about the right to assign roles',
      principalId =>
        alsoHolds(cloud, {
          role: roles.user,
          principalId,
          condition:
            "((!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})) OR (@Request[Microsoft.Authorization/roleAssignments:PrincipalType] StringEqualsIgnoreCase 'ServicePrincipal'))",
        }),
    ],
  ])('%s', async (_how, arrange) => {
    const { id, principalId } = app(cloud, 'shop')
    arrange(principalId)
    const run = await look(id)

    expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
    expect(run.report).toMatchObject({
      runtimePrincipals: [{ id, principalId, access: 'allowed', identity: { kind: 'system-assigned' } }],
    })
  })

  test.each(['Microsoft.Web/sites', 'Microsoft.Compute/virtualMachines', 'Microsoft.App/jobs'])(
    'by the id of a %s, with one GET of it',
    async type => {
      const { id, principalId } = app(cloud, 'shop', { type })
      alsoHolds(cloud, { role: roles.user, principalId })
      const run = await look(id)

      expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
      expect(operations(run).filter(operation => operation === 'resources.get')).toHaveLength(1)
      expect(operations(run)).not.toContain('providers.get')
    },
  )

  test('by the id of a user-assigned identity, with one GET of it', async () => {
    const identity = userAssignedIdentity(cloud, 'shop')
    alsoHolds(cloud, { role: roles.user, principalId: identity.principalId })
    const run = await look(identity.id)

    expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
    expect(operations(run).filter(operation => operation === 'identities.get')).toHaveLength(1)
  })

  test('by the id of a project', async () => {
    const [project] = cloud.world.accounts[0]?.projects ?? []
    const principalId = crypto.randomUUID()
    if (project !== undefined)
      project.identity = { systemAssigned: { principalId, clientId: crypto.randomUUID() } }
    alsoHolds(cloud, { role: roles.user, principalId })
    const run = await look(`${accountScope(cloud)}/projects/shop`)

    expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
  })

  test('by the id of a published agent, which has its own identity', async () => {
    const identity = { principalId: crypto.randomUUID(), clientId: crypto.randomUUID() }
    const world = structuredClone(defaultWorld)
    const [project] = world.accounts[0]?.projects ?? []
    if (project === undefined || typeof project === 'string') throw new Error('There is a project')
    project.agents = [{ name: 'helper', model: 'chat', identity }]
    const seeded = await createLocalCloud({ seed: world })
    try {
      alsoHolds(seeded, { role: roles.user })
      alsoHolds(seeded, { role: roles.user, principalId: identity.principalId })
      const line = `${accountScope(seeded)}/projects/shop/applications/helper`
      const run = await runGate(seeded, { inputs: { grant: 'never', 'runtime-principals': line } })

      expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
      expect(run.report).toMatchObject({
        runtimePrincipals: [{ principalId: identity.principalId, identity: { kind: 'agent' } }],
      })
    } finally {
      await seeded.close()
    }
  })

  test('of a type that is not in the table: the provider is asked once for all of them', async () => {
    readsSubscription()
    const type = 'Microsoft.Storage/storageAccounts'
    const [one, other] = [app(cloud, 'one', { type }), app(cloud, 'other', { type })]
    for (const { principalId } of [one, other]) alsoHolds(cloud, { role: roles.user, principalId })
    const run = await look([one.id, other.id])

    expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
    expect(operations(run).filter(operation => operation === 'providers.get')).toHaveLength(1)
  })

  test('several identities: the one in AZURE_CLIENT_ID counts', async () => {
    const [right, wrong] = [userAssignedIdentity(cloud, 'right'), userAssignedIdentity(cloud, 'wrong')]
    const { id } = app(cloud, 'shop', {
      userAssigned: [wrong.id, right.id],
      clientIdSetting: right.clientId,
    })
    alsoHolds(cloud, { role: roles.user, principalId: right.principalId })
    const run = await look(id)

    expect(run.outputs['runtime-access']).toBe('passed')
    expect(run.report).toMatchObject({
      runtimePrincipals: [
        { principalId: right.principalId, identity: { kind: 'user-assigned', clientId: right.clientId } },
      ],
    })
  })
})

test('called: the pipeline itself, with its own calls', async () => {
  const run = await look(pipeline(cloud).principal.objectId)

  expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
  expect(run.report).toMatchObject({ runtimePrincipals: [{ access: 'called' }] })
})

describe('allowed, not yet known to be live', () => {
  test.each([
    ['younger than half an hour', 29, 'not-known-live'],
    // Resource Manager's clock has whole seconds.
    ['half an hour old', 30.05, 'allowed'],
  ])('a role that is %s', async (_age, minutes, access) => {
    const { principal } = managedIdentity(cloud)
    alsoHolds(cloud, {
      role: roles.user,
      principalId: principal.objectId,
      createdOn: minutesAgo(minutes),
    })
    const run = await look(principal.objectId)

    expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
    expect(run.report).toMatchObject({ runtimePrincipals: [{ access }] })
    const isDoubted = access !== 'allowed'
    expect(warnings(run).filter(message => message.includes('probe-url'))).toHaveLength(isDoubted ? 1 : 0)
    if (isDoubted) expect(logOf(run)).toMatch(/2[89] min/)
  })

  test('through a group, even with an old role, because the age of a membership is not known', async () => {
    const { id, principalId } = app(cloud, 'shop')
    const inner = securityGroup(cloud, [principalId])
    const outer = { ...inner, objectId: '0d9b4e51-8c37-4a26-9f1e-65b2c7d0a834', members: [inner.objectId] }
    cloud.world.groups.push(outer)
    alsoHolds(cloud, { role: roles.user, principalId: outer.objectId, createdOn: minutesAgo(600) })
    const run = await look(id)

    expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
    expect(run.report).toMatchObject({
      runtimePrincipals: [{ id, principalId, access: 'not-known-live', roles: [{ group: outer.objectId }] }],
    })
    expect(warnings(run).join()).toContain('Nothing shows how long it has been in the group')

    alsoHolds(cloud, { role: roles.openAIUser, principalId, createdOn: minutesAgo(60) })
    const own = await look(id)
    expect(own.report).toMatchObject({ runtimePrincipals: [{ access: 'allowed', roles: [{ group: null }] }] })
  })

  test('an older role that gives the same does not wait for the younger', async () => {
    const { principal } = managedIdentity(cloud)
    const of = { principalId: principal.objectId }
    alsoHolds(cloud, { ...of, role: roles.user, createdOn: minutesAgo(2) })
    alsoHolds(cloud, { ...of, role: roles.openAIUser, createdOn: minutesAgo(60) })
    const run = await look(principal.objectId)

    expect(run.report).toMatchObject({ runtimePrincipals: [{ access: 'allowed' }] })
  })
})

describe('missing', () => {
  test('fails the gate before anything is written, with the command that grants it', async () => {
    const { id, principalId } = app(cloud, 'shop')
    const before = structuredClone(cloud.world.roleAssignments)
    const run = await look(id)

    expect(run.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'runtime-access-missing',
      'runtime-access': 'missing',
    })
    expect(logOf(run)).toContain(`--assignee-object-id ${principalId}`)
    expect(cloud.world.roleAssignments).toEqual(before)
  })

  test('a role on a project does not count for the account', async () => {
    const { id, principalId } = app(cloud, 'shop')
    alsoHolds(cloud, { role: roles.user, principalId, scope: `${accountScope(cloud)}/projects/shop` })
    const run = await look(id)

    expect(run.outputs).toMatchObject({ diagnosis: 'runtime-access-missing' })
  })

  test('a role that covers another deployment only', async () => {
    const { id, principalId } = app(cloud, 'shop')
    alsoHolds(cloud, {
      role: customRole(cloud, {
        dataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'],
      }),
      principalId,
    })
    const run = await look(`${id}; deployments=chat, embeddings`)

    expect(run.outputs).toMatchObject({ diagnosis: 'runtime-access-missing' })
    expect(logOf(run)).toContain('Microsoft.CognitiveServices/accounts/OpenAI/deployments/embeddings/action')
  })

  test('and the role to grant does not cover its calls: the fix changes one line and keeps the others', async () => {
    const [shop, search] = [app(cloud, 'shop'), app(cloud, 'search')]
    alsoHolds(cloud, { role: roles.openAIUser, principalId: search.principalId })
    const others = `${search.id}; deployments=embeddings; role=Cognitive Services OpenAI User`
    const run = await look([
      `${shop.id}; role=Cognitive Services OpenAI User; deployments=DeepSeek-V3`,
      others,
    ])

    expect(run.outputs).toMatchObject({ diagnosis: 'runtime-access-missing' })
    const [, fix = ''] = logOf(run).split('Name a role that covers the calls')
    expect(fix.split('\n').map(line => line.trim())).toEqual(
      expect.arrayContaining([`${shop.id}; deployments=DeepSeek-V3; role=Cognitive Services User`, others]),
    )
  })

  test("another job's temporary grant does not count", async () => {
    const group = securityGroup(cloud, [managedIdentity(cloud).principal.objectId])
    alsoHolds(cloud, {
      role: roles.user,
      principalId: group.objectId,
      description:
        'Key-less Gate, until its job ends: somewhere (temporary, lease 5d5e4b86-3f6e-4f0c-9a51-0e9a44bb8a10)',
    })
    const run = await look(managedIdentity(cloud).principal.objectId)

    expect(run.outputs).toMatchObject({ diagnosis: 'runtime-access-missing' })
  })

  test('a deny assignment wins over the role', async () => {
    const { principal } = managedIdentity(cloud)
    alsoHolds(cloud, { role: roles.user, principalId: principal.objectId })
    cloud.world.denyAssignments.push({
      name: crypto.randomUUID(),
      displayName: 'locked by the stack',
      scope: accountScope(cloud),
      permissions: [
        { actions: [], notActions: [], dataActions: ['Microsoft.CognitiveServices/*'], notDataActions: [] },
      ],
      principals: [principal.objectId],
      excludePrincipals: [],
      doNotApplyToChildScopes: false,
    })
    const run = await look(principal.objectId)

    expect(run.outputs).toMatchObject({ diagnosis: 'runtime-access-missing' })
    expect(logOf(run)).toContain('locked by the stack')
  })
})

describe('not known', () => {
  const cases: Array<[string, () => string, RegExp]> = [
    [
      'a resource that may not be read',
      () => {
        const { id } = app(cloud, 'shop')
        holds(cloud, { role: roles.reader }, { role: roles.user })
        return id
      },
      /cannot be read \(Microsoft\.App\/containerApps\/read is missing\)/,
    ],
    [
      'a type that the table does not know, and whose provider may not be asked',
      () => app(cloud, 'shop', { type: 'Microsoft.Storage/storageAccounts' }).id,
      /API versions of its type cannot be read \(Microsoft\.Resources\/subscriptions\/providers\/read is missing/,
    ],
    [
      'a resource without an identity',
      () => app(cloud, 'shop', { systemAssigned: false }).id,
      /It has no identity/,
    ],
    [
      'a type that has none',
      () => {
        readsSubscription()
        const id = `${groupScope(cloud)}/providers/Microsoft.KeyVault/vaults/secrets`
        cloud.world.resources.push({ id, location: 'swedencentral', properties: {} })
        return id
      },
      /It has no identity/,
    ],
    [
      'a type that its provider does not know',
      () => {
        readsSubscription()
        return `${groupScope(cloud)}/providers/Microsoft.Web/gardens/eden`
      },
      /Microsoft\.Web has no resources of the type Microsoft\.Web\/gardens/,
    ],
    [
      'an identity that was deleted a moment ago',
      () => {
        const { id } = userAssignedIdentity(cloud, 'shop')
        cloud.world.applications.pop()
        return id
      },
      /no such resource \(any more\)/,
    ],
    [
      'an app whose identity was deleted',
      () => {
        const { id } = userAssignedIdentity(cloud, 'gone')
        cloud.world.applications.pop()
        return app(cloud, 'shop', { systemAssigned: false, userAssigned: [id] }).id
      },
      /Its identity was deleted/,
    ],
    [
      'an object id whose holder was deleted, and whose assignment is listed still',
      () => {
        const { principal } = managedIdentity(cloud)
        const scope = accountScope(cloud)
        const properties = {
          roleDefinitionId: `/providers/Microsoft.Authorization/roleDefinitions/${roles.user}`,
          principalId: principal.objectId,
          principalType: 'Unknown',
          scope,
          createdOn: minutesAgo(600).toISOString(),
        }
        const id = `${scope}/providers/Microsoft.Authorization/roleAssignments/${crypto.randomUUID()}`
        refuse(cloud, 'roleAssignments.list', 200, { value: [{ id, properties }] })
        return principal.objectId
      },
      /Its identity was deleted/,
    ],
    [
      'several identities of which its settings name none',
      () => app(cloud, 'shop', { userAssigned: [userAssignedIdentity(cloud, 'blue').id] }).id,
      /several identities, .*system-assigned.*userAssignedIdentities\/blue/,
    ],
    [
      'a setting that names an identity of somebody else',
      () => {
        const [own, foreign] = [userAssignedIdentity(cloud, 'own'), userAssignedIdentity(cloud, 'foreign')]
        return app(cloud, 'shop', {
          systemAssigned: false,
          userAssigned: [own.id],
          clientIdSetting: foreign.clientId,
        }).id
      },
      /AZURE_CLIENT_ID is .*userAssignedIdentities\/own/,
    ],
    [
      'a role under a condition that nobody understands',
      () => {
        const { id, principalId } = app(cloud, 'shop')
        alsoHolds(cloud, {
          role: roles.user,
          principalId,
          condition: "@Resource[Microsoft.CognitiveServices/accounts:tier] StringEquals 'gold'",
        })
        return id
      },
      /depends on a condition/,
    ],
    [
      'role assignments that may not be read',
      () => {
        holds(cloud, { role: roles.user })
        return managedIdentity(cloud).principal.objectId
      },
      /roleAssignments\/read is missing/,
    ],
    [
      'deny assignments that may not be read',
      () => {
        const { principal } = managedIdentity(cloud)
        const looker = customRole(cloud, {
          actions: ['Microsoft.CognitiveServices/*/read', 'Microsoft.Authorization/roleAssignments/read'],
        })
        holds(cloud, { role: looker }, { role: roles.user })
        alsoHolds(cloud, { role: roles.user, principalId: principal.objectId })
        return principal.objectId
      },
      /denyAssignments\/read is missing/,
    ],
    [
      'a deployment that the pipeline does not call, where none may be listed: what it is, no name tells',
      () => {
        const { principal } = managedIdentity(cloud)
        const looker = customRole(cloud, { actions: ['Microsoft.Authorization/*/read'] })
        holds(cloud, { role: looker }, { role: customRole(cloud, { dataActions: ['*'] }) })
        alsoHolds(cloud, { role: roles.openAIUser, principalId: principal.objectId })
        return `${principal.objectId}; deployments=assistant`
      },
      /deployments of the resource, which show what it calls, cannot be read \(Microsoft\.CognitiveServices\/accounts\/deployments\/read is missing\)/,
    ],
    [
      'a deny assignment for a group that the principal may be in',
      () => {
        const { principal } = managedIdentity(cloud)
        alsoHolds(cloud, { role: roles.user, principalId: principal.objectId })
        cloud.world.denyAssignments.push({
          name: crypto.randomUUID(),
          displayName: 'not for these',
          scope: accountScope(cloud),
          permissions: [{ actions: [], notActions: [], dataActions: ['*'], notDataActions: [] }],
          principals: [securityGroup(cloud).objectId],
          excludePrincipals: [pipeline(cloud).principal.objectId],
          doNotApplyToChildScopes: false,
        })
        return principal.objectId
      },
      /"not for these" at .* may forbid it/,
    ],
  ]

  test.each(cases)('%s', async (_what, arrange, says) => {
    const line = arrange()
    const before = structuredClone(cloud.world.roleAssignments)
    // An account that may not be read needs the endpoint.
    const endpoint = accountEndpoint(cloud)
    const failed = await look(line, { inputs: { grant: 'auto', endpoint } })
    expect(failed.outputs).toMatchObject({
      result: 'failed',
      diagnosis: 'runtime-access-unknown',
      'runtime-access': 'unknown',
    })
    expect(logOf(failed)).toMatch(says)

    const warned = await look(line, { inputs: { 'runtime-unknown': 'warn', endpoint } })
    expect(warned.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'unknown' })
    expect(warnings(warned).some(message => says.test(message))).toBe(true)
    expect(cloud.world.roleAssignments).toEqual(before)
  })

  test('a deployment named agents is unknown if deployments cannot be listed, although the list of agents is called', async () => {
    const { principal } = managedIdentity(cloud)
    const looker = customRole(cloud, {
      actions: [
        'Microsoft.Authorization/*/read',
        ...['accounts', 'accounts/projects'].map(type => `Microsoft.CognitiveServices/${type}/read`),
      ],
    })
    holds(cloud, { role: looker }, { role: customRole(cloud, { dataActions: ['*'] }) })
    alsoHolds(cloud, { role: roles.openAIUser, principalId: principal.objectId })
    const run = await look(`${principal.objectId}; deployments=agents`, {
      inputs: {
        'resource-id': `${accountScope(cloud)}/projects/shop`,
        also: 'agents',
        deployments: 'chat=chat-completions',
      },
    })

    expect(run.requests.map(({ operation }) => operation)).toContain('projects.agents.list')
    expect(run.outputs).toMatchObject({ result: 'failed', 'runtime-access': 'unknown' })
  })

  test('of several principals the worst counts: a missing role comes before an unknown one', async () => {
    const without = app(cloud, 'without', { systemAssigned: false })
    const missing = app(cloud, 'missing')
    const run = await look([without.id, missing.id])

    expect(run.outputs).toMatchObject({
      diagnosis: 'runtime-access-missing',
      'runtime-access': 'missing',
    })
  })

  test('a run that fails earlier does not claim that it checked', async () => {
    pipeline(cloud).application.federatedCredentials = []
    const run = await look(managedIdentity(cloud).principal.objectId)

    expect(run.outputs).toMatchObject({ result: 'failed', 'runtime-access': 'unknown' })
  })
})

describe('cost in a warm run', () => {
  const seconds = 1000

  test('by object id one request, and no round trip: all reads happen in parallel', async () => {
    const { principal } = managedIdentity(cloud)
    alsoHolds(cloud, { role: roles.user, principalId: principal.objectId })
    const bare = await look([])
    // What is asked for later than the others takes the half minute that a request may.
    for (const operation of [
      'accounts.get',
      'deployments.list',
      'roleAssignments.list',
      'denyAssignments.list',
    ])
      cloud.faults.add({ name: `slow ${operation}`, operation, effect: { kind: 'delay', ms: 3 * seconds } })
    const startedAt = cloud.clock.now()
    const run = await look(principal.objectId, { inputs: { endpoint: accountEndpoint(cloud) } })

    expect(run.outputs['runtime-access']).toBe('passed')
    expect(cloud.clock.now() - startedAt).toBeLessThan(20 * seconds)
    expect(run.requests.length - bare.requests.length).toBe(1)
    expect(run.requests.filter(({ operation }) => operation === 'denyAssignments.list')).toHaveLength(1)
  })

  test('for the pipeline itself no request: its assignments are already read', async () => {
    alsoHolds(cloud, { role: roles.user })
    const bare = await look([])
    const run = await look(pipeline(cloud).principal.objectId)

    expect(run.outputs['runtime-access']).toBe('passed')
    expect(run.requests.length).toBe(bare.requests.length)
  })

  test('by resource id one more request, and another if the provider is asked', async () => {
    readsSubscription()
    const known = app(cloud, 'known')
    const other = app(cloud, 'other', { type: 'Microsoft.Storage/storageAccounts' })
    for (const { principalId } of [known, other]) alsoHolds(cloud, { role: roles.user, principalId })
    const bare = await look([])
    const [byKnown, byOther] = [await look(known.id), await look(other.id)]

    expect(byKnown.requests.length - bare.requests.length).toBe(2)
    expect(byOther.requests.length - bare.requests.length).toBe(3)
  })
})

test('the setup identity reads, if there is one', async () => {
  const setup = setupIdentity(cloud)
  holds(
    cloud,
    { role: roles.rbacAdministrator, scope: groupScope(cloud), principalId: setup.principalId },
    { role: roles.user },
  )
  const { id, principalId } = app(cloud, 'shop')
  alsoHolds(cloud, { role: roles.user, principalId })
  const run = await look(id, { inputs: { 'setup-client-id': setup.clientId } })

  expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
  expect(
    run.requests
      .filter(({ service }) => service === 'resource-manager')
      .every(({ caller }) => caller === setup.principalId),
  ).toBe(true)
})

test('without the input there is no request and no text about it', async () => {
  const run = await runGate(cloud)

  expect(run.outputs['runtime-access']).toBe('')
  expect(run.summary).not.toContain('Production')
  expect(run.report).toMatchObject({ runtimeAccess: null, runtimePrincipals: [] })
})
