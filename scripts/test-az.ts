import assert from 'node:assert/strict'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import * as v from 'valibot'
import { type ActionResult, startAction } from '../action-runner/index.ts'
import { keysOf } from '../local-cloud/inference/keys.ts'
import { createLocalCloud, type LocalCloud } from '../local-cloud/local-cloud.ts'
import { accountId } from '../local-cloud/scopes.ts'
import { GITHUB_ISSUER } from '../local-cloud/world.ts'
import { ADMIN, ADMIN_CLIENT, seedWithAdministrator } from './administrator.ts'
import { type Az, createAz, createFence, type Fence, isOnPath } from './az.ts'
import { repositoryRoot, temporaryFolder } from './tools.ts'

/**
 * Whether the az command line, which nobody here wrote, takes the local cloud for Azure, and whether the commands that
 * the action prints as fixes do what they promise. Needs az on the PATH; runs on Linux and macOS; no request leaves the
 * machine.
 */

const PIPELINE_CLIENT = '1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37'
const PIPELINE = '3b9d5f72-1c84-4e06-b7a3-9f20d6e85c41'
const MANAGED_IDENTITY_CLIENT = 'c65d2e8f-90b4-4317-a8fc-15d73b0e6a92'

const COGNITIVE_SERVICES_USER = 'a97b65f3-24c7-4388-baec-2e87135dc908'
const COGNITIVE_SERVICES_CONTRIBUTOR = '25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68'

/** What the checks work with. */
interface Bench {
  cloud: LocalCloud
  fence: Fence
  /** Signed in as somebody who owns the subscription. */
  admin: Az
  /** Signed in as the pipeline, which may look at the resource and no more. */
  pipeline: Az
  newFolder(): string
}

const scopeOf = ({ cloud }: Bench) => accountId(accountOf(cloud))

function accountOf({ world }: LocalCloud): LocalCloud['world']['accounts'][number] {
  const [account] = world.accounts
  assert(account)
  return account
}

const account = ({ cloud }: Bench) => {
  const { name, resourceGroup } = accountOf(cloud)
  return ['--name', name, '--resource-group', resourceGroup]
}

/** The OIDC token of the job. */
async function idToken(cloud: LocalCloud): Promise<string> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } =
    cloud.runnerEnvironment()
  const dispatcher = new Agent({ connect: { ca: cloud.caPem } })
  const { body } = await request(`${url}&audience=${encodeURIComponent('api://AzureADTokenExchange')}`, {
    dispatcher,
    headers: { authorization: `Bearer ${token}` },
  })
  const { value } = v.parse(v.object({ value: v.string() }), await body.json())
  await dispatcher.close()
  return value
}

async function signIn(az: Az, cloud: LocalCloud, clientId: string) {
  const { tenantId } = cloud.world.subscriptions[0] ?? {}
  const identity = ['--service-principal', '--username', clientId, '--tenant', String(tenantId)]
  return az.run('login', ...identity, '--federated-token', await idToken(cloud))
}

async function register(az: Az, cloud: LocalCloud): Promise<void> {
  const { resourceManager } = cloud.endpoints
  await az.run('cloud', 'register', '--name', 'LocalCloud', '--endpoint-resource-manager', resourceManager)
  await az.run('cloud', 'set', '--name', 'LocalCloud')
}

const assignmentSchema = v.object({
  name: v.string(),
  principalId: v.string(),
  roleDefinitionId: v.string(),
  scope: v.string(),
})
const named = v.object({ name: v.string() })
const keysSchema = v.object({ key1: v.string(), key2: v.string() })

/** The grant that the action's documentation is about. */
const grant = (bench: Bench, role: string) => [
  ...['role', 'assignment', 'create', '--assignee-object-id', PIPELINE],
  ...['--assignee-principal-type', 'ServicePrincipal', '--role', role, '--scope', scopeOf(bench)],
]

/** Without `--fill-principal-name false` az asks Microsoft Graph, which the pipeline may not; it goes on without names. */
const listed = async (az: Az, ...filter: readonly string[]) =>
  v.parse(
    v.array(assignmentSchema),
    await az.json('role', 'assignment', 'list', ...filter, '--fill-principal-name', 'false'),
  )

const reportSchema = v.object({
  diagnosis: v.nullable(
    v.object({ code: v.string(), fixes: v.array(v.object({ language: v.string(), text: v.string() })) }),
  ),
})

/** One run of the built action against the account. */
async function runGate(
  bench: Bench,
  inputs: Readonly<Record<string, string>> = {},
): Promise<{ result: ActionResult; commands: readonly string[] }> {
  const { authorityHost, resourceManager } = bench.cloud.endpoints
  const { tenantId } = bench.cloud.world.subscriptions[0] ?? {}
  const result = await startAction({
    action: repositoryRoot,
    inputs: {
      'client-id': PIPELINE_CLIENT,
      'tenant-id': String(tenantId),
      'resource-id': scopeOf(bench),
      cloud: 'custom',
      'authority-host': authorityHost,
      'resource-manager-endpoint': resourceManager,
      ...inputs,
    },
    env: bench.cloud.runnerEnvironment(),
    workFolder: bench.newFolder(),
  }).result
  const { diagnosis } = v.parse(reportSchema, JSON.parse(readFileSync(result.outputs.report ?? '', 'utf8')))
  const commands = (diagnosis?.fixes ?? []).filter(({ language }) => language === 'bash')
  return { result, commands: commands.map(({ text }) => text) }
}

/** The commands of a run that must fail with `code`. */
async function fixesOf(bench: Bench, code: string, inputs?: Record<string, string>): Promise<string[]> {
  const { result, commands } = await runGate(bench, inputs)
  assert.equal(result.outputs.diagnosis, code)
  assert(commands.length > 0, `${code} prints no command`)
  return [...commands]
}

async function requirePassed(bench: Bench): Promise<void> {
  const { result } = await runGate(bench)
  assert.equal(result.outputs.result, 'passed', result.log.join('\n'))
}

/** Runs the first command of a diagnosis, as the administrator who pastes it. */
async function paste(bench: Bench, [command = '']: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await bench.admin.shell(command)
  assert.equal(status, 0, `${command}\n${stderr}`)
  return stdout
}

/** Grants by hand what many checks need. */
function grantPipeline(bench: Bench, scope = scopeOf(bench)): void {
  bench.cloud.world.roleAssignments.push({
    name: crypto.randomUUID(),
    scope,
    roleDefinitionId: COGNITIVE_SERVICES_USER,
    principalId: PIPELINE,
    principalType: 'ServicePrincipal',
    description: null,
    condition: null,
    conditionVersion: null,
    createdBy: null,
    updatedBy: null,
  })
}

const setUpScript = join(repositoryRoot, 'examples/setup/setup.sh')

/** What the script prints; its second run must change nothing. */
async function setUpTwice(bench: Bench, ...options: readonly string[]): Promise<string> {
  const { world } = bench.cloud
  const command = [
    setUpScript,
    ...['--resource-id', scopeOf(bench), '--repository', 'contoso/shop', ...options],
  ].join(' ')
  const first = await bench.admin.shell(command)
  assert.equal(first.status, 0, first.stderr)
  const afterFirst = structuredClone(world)
  const second = await bench.admin.shell(command)
  assert.deepEqual({ status: second.status, stdout: second.stdout }, { status: 0, stdout: first.stdout })
  assert.deepEqual(world, afterFirst)
  return first.stdout
}

const clientIdIn = (printed: string, whose = '') =>
  new RegExp(`gh variable set AZURE_${whose}CLIENT_ID .*--body (.+)`).exec(printed)?.[1] ?? ''

type Check = (bench: Bench) => Promise<void>

/** By title; every check but those that sign in finds the world as it was sown. */
const checks: Readonly<Record<string, Check>> = {
  async 'az cloud register: needs no more than the address of Resource Manager'({ cloud, admin }) {
    const schema = v.object({
      isActive: v.boolean(),
      endpoints: v.object({ activeDirectory: v.string(), resourceManager: v.string() }),
    })
    const shown = v.parse(schema, await admin.json('cloud', 'show'))
    assert.deepEqual(shown, {
      isActive: true,
      endpoints: {
        activeDirectory: cloud.endpoints.authorityHost,
        resourceManager: cloud.endpoints.resourceManager,
      },
    })
  },

  async 'az login: where instance discovery is not turned off, az asks login.microsoftonline.com'(bench) {
    const az = createAz(bench.cloud, join(bench.newFolder(), 'az'), bench.fence.url, {
      AZURE_CORE_INSTANCE_DISCOVERY: 'true',
    })
    await register(az, bench.cloud)
    const { status } = await signIn(az, bench.cloud, ADMIN_CLIENT)
    assert.notEqual(status, 0)
    assert.deepEqual([...new Set(bench.fence.caught.splice(0))], ['login.microsoftonline.com:443'])
  },

  async 'az login: a subject that does not match is AADSTS700213'({ cloud, fence, newFolder }) {
    const az = createAz(cloud, join(newFolder(), 'az'), fence.url)
    await register(az, cloud)
    const { status, stderr } = await signIn(az, cloud, MANAGED_IDENTITY_CLIENT)
    assert.equal(status, 1)
    assert.match(stderr, /AADSTS700213: .*'repo:contoso\/shop:ref:refs\/heads\/main'/)
  },

  async 'az login, account show, list: the pipeline and its subscription'({ cloud, pipeline }) {
    const [subscription] = cloud.world.subscriptions
    const schema = v.object({ id: v.string(), tenantId: v.string(), user: v.object({ name: v.string() }) })
    const expected = {
      id: subscription?.id,
      tenantId: subscription?.tenantId,
      user: { name: PIPELINE_CLIENT },
    }
    assert.deepEqual(v.parse(schema, await pipeline.json('account', 'show')), expected)
    assert.deepEqual(v.parse(v.array(schema), await pipeline.json('account', 'list', '--refresh')), [
      expected,
    ])
  },

  async 'az role definition list: a role by name'({ admin }) {
    const roles = await admin.json('role', 'definition', 'list', '--name', 'Cognitive Services User')
    assert.deepEqual(v.parse(v.array(named), roles), [{ name: COGNITIVE_SERVICES_USER }])
  },

  async 'az role assignment create: refused to whom the right is missing'(bench) {
    const { status, stderr } = await bench.pipeline.run(...grant(bench, COGNITIVE_SERVICES_USER))
    assert.equal(status, 1)
    assert.match(
      stderr,
      /\(AuthorizationFailed\) The client '.*' with object id '.*' does not have authorization/,
    )
    assert.match(stderr, /'Microsoft\.Authorization\/roleAssignments\/write'/)
  },

  async 'az role assignment create: by name, and once more by GUID, is one assignment'(bench) {
    const first = v.parse(
      assignmentSchema,
      await bench.admin.json(...grant(bench, 'Cognitive Services User')),
    )
    assert.equal(first.principalId, PIPELINE)
    assert(first.roleDefinitionId.endsWith(COGNITIVE_SERVICES_USER))
    const again = v.parse(assignmentSchema, await bench.admin.json(...grant(bench, COGNITIVE_SERVICES_USER)))
    assert.equal(again.name, first.name)
    const at = await listed(bench.admin, '--scope', scopeOf(bench), '--role', COGNITIVE_SERVICES_USER)
    assert.deepEqual(at, [first])
  },

  async 'az role assignment create: an unknown principal is PrincipalNotFound'(bench) {
    const command = grant(bench, COGNITIVE_SERVICES_USER).map(word =>
      word === PIPELINE ? '00000000-0000-4000-8000-000000000001' : word,
    )
    const { status, stderr } = await bench.admin.run(...command)
    assert.equal(status, 1)
    assert.match(stderr, /\(PrincipalNotFound\) Principal 00000000000040008000000000000001 does not exist/)
  },

  async 'az role assignment list: at, above and below a scope, by assignee and with groups'(bench) {
    grantPipeline(bench)
    const scope = scopeOf(bench)
    const count = async (...filter: readonly string[]) => (await listed(bench.admin, ...filter)).length
    assert.equal(await count('--scope', scope), 2)
    assert.equal(await count('--scope', scope, '--include-inherited'), 4)
    assert.equal(await count('--all'), 4)
    assert.equal(await count('--all', '--assignee-object-id', PIPELINE), 2)
    assert.equal(await count('--scope', scope, '--assignee-object-id', PIPELINE, '--include-groups'), 2)
    // With Graph asked for the names, in vain: az goes on without them.
    const unnamed = await bench.admin.json('role', 'assignment', 'list', '--scope', scope)
    assert.equal(v.parse(v.array(assignmentSchema), unnamed).length, 2)
  },

  async 'az role assignment delete: it is gone, and once more az finds none'(bench) {
    grantPipeline(bench)
    const scope = ['--scope', scopeOf(bench), '--role', COGNITIVE_SERVICES_USER]
    const remove = ['role', 'assignment', 'delete', '--assignee-object-id', PIPELINE, ...scope]
    assert.equal((await bench.admin.run(...remove)).status, 0)
    assert.deepEqual(await listed(bench.admin, ...scope), [])
    const again = await bench.admin.run(...remove)
    assert.equal(again.status, 1)
    assert.match(again.stderr, /No matched assignments were found/)
  },

  async 'az cognitiveservices account show, list: the resource and its endpoint'(bench) {
    const { cloud, pipeline } = bench
    const shown = await pipeline.json('cognitiveservices', 'account', 'show', ...account(bench))
    const schema = v.object({
      id: v.string(),
      properties: v.object({ endpoint: v.string(), disableLocalAuth: v.boolean() }),
    })
    const [hosts] = cloud.endpoints.hosts.values()
    assert.deepEqual(v.parse(schema, shown), {
      id: scopeOf(bench),
      properties: { endpoint: `${hosts?.cognitiveServices}/`, disableLocalAuth: true },
    })
    const all = await pipeline.json('cognitiveservices', 'account', 'list')
    assert.deepEqual(v.parse(v.array(named), all), [{ name: accountOf(cloud).name }])
  },

  async 'az cognitiveservices account show: what does not exist is ResourceNotFound'({ admin }) {
    const nowhere = ['--name', 'contoso-nowhere', '--resource-group', 'rg-keyless']
    const { status, stderr } = await admin.run('cognitiveservices', 'account', 'show', ...nowhere)
    assert.equal(status, 3)
    assert.match(stderr, /\(ResourceNotFound\)/)
  },

  async 'az cognitiveservices account deployment create, list, delete'(bench) {
    const deployment = ['cognitiveservices', 'account', 'deployment']
    const model = [
      '--model-name',
      'gpt-4.1-mini',
      '--model-version',
      '2025-04-14',
      '--model-format',
      'OpenAI',
    ]
    const names = async () =>
      v
        .parse(v.array(named), await bench.admin.json(...deployment, 'list', ...account(bench)))
        .map(({ name }) => name)
    const chat = [...account(bench), '--deployment-name', 'chat']
    const before = await names()
    await bench.admin.json(
      ...[...deployment, 'create', ...chat, ...model],
      ...['--sku-name', 'GlobalStandard', '--sku-capacity', '3'],
    )
    assert.deepEqual(await names(), [...before, 'chat'])
    assert.equal((await bench.admin.run(...deployment, 'delete', ...chat)).status, 0)
    assert.deepEqual(await names(), before)
  },

  async 'az resource update: turns key access on and off'(bench) {
    const schema = v.object({ properties: v.object({ disableLocalAuth: v.boolean() }) })
    for (const disableLocalAuth of [false, true]) {
      const change = ['--ids', scopeOf(bench), '--set', `properties.disableLocalAuth=${disableLocalAuth}`]
      const updated = v.parse(schema, await bench.admin.json('resource', 'update', ...change))
      assert.deepEqual(updated, { properties: { disableLocalAuth } })
    }
  },

  async 'az cognitiveservices account keys list, regenerate: only the one asked for is another'(bench) {
    accountOf(bench.cloud).disableLocalAuth = false
    const keys = ['cognitiveservices', 'account', 'keys']
    const before = v.parse(keysSchema, await bench.admin.json(...keys, 'list', ...account(bench)))
    const regenerate = [...keys, 'regenerate', ...account(bench), '--key-name', 'key2']
    const after = v.parse(keysSchema, await bench.admin.json(...regenerate))
    assert.equal(after.key1, before.key1)
    assert.notEqual(after.key2, before.key2)
  },

  async 'az cognitiveservices account project create, list, delete'(bench) {
    const project = ['cognitiveservices', 'account', 'project']
    const other = [...account(bench), '--project-name', 'shop']
    const names = async () =>
      v
        .parse(v.array(named), await bench.admin.json(...project, 'list', ...account(bench)))
        .map(({ name }) => name)
    await bench.admin.json(...project, 'create', ...other, '--location', 'swedencentral')
    assert.deepEqual(await names(), [`${accountOf(bench.cloud).name}/shop`])
    assert.equal((await bench.admin.run(...project, 'delete', ...other)).status, 0)
    assert.deepEqual(await names(), [])
  },

  async 'az lock create, list, delete: a role under it cannot be taken away'(bench) {
    grantPipeline(bench)
    const group = ['--resource-group', accountOf(bench.cloud).resourceGroup]
    const lock = [...group, '--name', 'stop']
    await bench.admin.json('lock', 'create', ...lock, '--lock-type', 'CanNotDelete')
    assert.deepEqual(v.parse(v.array(named), await bench.admin.json('lock', 'list')), [{ name: 'stop' }])
    const scope = ['--scope', scopeOf(bench), '--role', COGNITIVE_SERVICES_USER]
    const remove = ['role', 'assignment', 'delete', '--assignee-object-id', PIPELINE, ...scope]
    const locked = await bench.admin.run(...remove)
    assert.equal(locked.status, 1)
    assert.match(locked.stderr, /\(ScopeLocked\)/)
    assert.equal((await bench.admin.run('lock', 'delete', ...lock)).status, 0)
    assert.equal((await bench.admin.run(...remove)).status, 0)
  },

  async 'az role definition create, delete: a custom role, as long as nobody holds it'(bench) {
    const [subscription] = bench.cloud.world.subscriptions
    const definition = {
      Name: 'Chat only',
      Description: '',
      DataActions: ['Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'],
      AssignableScopes: [`/subscriptions/${subscription?.id}`],
    }
    await bench.admin.json('role', 'definition', 'create', '--role-definition', JSON.stringify(definition))
    await bench.admin.json(...grant(bench, 'Chat only'))
    const remove = ['role', 'definition', 'delete', '--name', 'Chat only']
    assert.match((await bench.admin.run(...remove)).stderr, /\(RoleDefinitionHasAssignments\)/)
    const assigned = ['--assignee-object-id', PIPELINE, '--scope', scopeOf(bench), '--role', 'Chat only']
    assert.equal((await bench.admin.run('role', 'assignment', 'delete', ...assigned)).status, 0)
    assert.equal((await bench.admin.run(...remove)).status, 0)
    assert.deepEqual(bench.cloud.world.roleDefinitions, [])
  },

  async 'az group exists: tells groups from what is none'({ admin }) {
    assert.equal(await admin.json('group', 'exists', '--name', 'rg-keyless'), true)
    assert.equal(await admin.json('group', 'exists', '--name', 'rg-nowhere'), false)
  },

  async 'az rest: Resource Manager by path, and inference by its audience once the role is there'(bench) {
    const shown = await bench.pipeline.json('rest', '--url', `${scopeOf(bench)}?api-version=2025-06-01`)
    assert.deepEqual(v.parse(named, shown), { name: accountOf(bench.cloud).name })
    const [endpoint] = bench.cloud.endpoints.accounts.values()
    const models = ['rest', '--url', `${endpoint}/openai/v1/models`]
    const inference = [...models, '--resource', 'https://cognitiveservices.azure.com']
    const denied = await bench.pipeline.run(...inference)
    assert.equal(denied.status, 1)
    assert.match(denied.stderr, /"PermissionDenied"/)
    grantPipeline(bench)
    assert.equal((await bench.pipeline.run(...inference)).status, 0)
  },

  async 'examples/setup/setup.sh: run twice it changes nothing more, and the gate has nothing left to grant'(
    bench,
  ) {
    accountOf(bench.cloud).disableLocalAuth = false
    const printed = await setUpTwice(bench, '--identity', 'shop-pipeline')
    const { result } = await runGate(bench, { 'client-id': clientIdIn(printed), grant: 'never' })
    assert.equal(result.outputs.result, 'passed', result.log.join('\n'))
    assert.equal(accountOf(bench.cloud).disableLocalAuth, false)
  },

  async 'examples/setup/setup.sh --application: the same with an app registration, by Microsoft Graph'(
    bench,
  ) {
    const printed = await setUpTwice(bench, '--application', 'shop-application')
    const { result } = await runGate(bench, { 'client-id': clientIdIn(printed), grant: 'never' })
    assert.equal(result.outputs.result, 'passed', result.log.join('\n'))
  },

  async 'examples/setup/setup.sh --disable-keys: switches keys off, and prints the command that takes it back'(
    bench,
  ) {
    const target = accountOf(bench.cloud)
    target.disableLocalAuth = false
    const { status, stdout, stderr } = await bench.admin.shell(
      `${setUpScript} --resource-id ${scopeOf(bench)} --disable-keys`,
    )
    assert.equal(status, 0, stderr)
    assert.equal(target.disableLocalAuth, true)
    await paste(bench, /az rest .*/.exec(stdout) ?? [])
    assert.equal(target.disableLocalAuth, false)
  },

  async 'examples/setup/setup.sh --setup-identity: the condition lets it grant the one role'(bench) {
    const ids = ['--repository-ids', '1200345/674512309', '--subject-form', 'both']
    const printed = await setUpTwice(
      bench,
      '--identity',
      'shop-pipeline',
      '--setup-identity',
      'shop-setup',
      ...ids,
    )
    const inputs = { 'client-id': clientIdIn(printed), 'setup-client-id': clientIdIn(printed, 'SETUP_') }
    const { result } = await runGate(bench, inputs)
    assert.equal(result.outputs['role-state'], 'granted', result.log.join('\n'))
  },

  async 'fix of cannot-assign-role: the next run passes'(bench) {
    await paste(bench, await fixesOf(bench, 'cannot-assign-role'))
    await requirePassed(bench)
  },

  async 'fix of resource-manager-forbidden: the next run passes'(bench) {
    const { world } = bench.cloud
    world.roleAssignments = world.roleAssignments.filter(({ principalId }) => principalId !== PIPELINE)
    await paste(bench, await fixesOf(bench, 'resource-manager-forbidden'))
    await requirePassed(bench)
  },

  async 'fix of custom-subdomain-missing: the next run passes'(bench) {
    grantPipeline(bench)
    accountOf(bench.cloud).customSubDomainName = null
    await paste(bench, await fixesOf(bench, 'custom-subdomain-missing'))
    await requirePassed(bench)
  },

  async 'fix of keys-enabled: a Cognitive Services Contributor of the resource can use it'(bench) {
    grantPipeline(bench)
    accountOf(bench.cloud).disableLocalAuth = false
    const owner = bench.cloud.world.roleAssignments.find(({ principalId }) => principalId === ADMIN)
    assert(owner)
    Object.assign(owner, { scope: scopeOf(bench), roleDefinitionId: COGNITIVE_SERVICES_CONTRIBUTOR })
    await paste(bench, await fixesOf(bench, 'keys-enabled', { 'key-access': 'forbid' }))
    assert.equal(accountOf(bench.cloud).disableLocalAuth, true)
  },

  async 'fix of retired-key-accepted: a key that was made anew is refused'(bench) {
    grantPipeline(bench)
    const account = accountOf(bench.cloud)
    account.disableLocalAuth = false
    const inputs = { 'retired-key': keysOf(account).key1, 'propagation-timeout': '1s' }
    const commands = await fixesOf(bench, 'retired-key-accepted', inputs)
    const regenerate = commands.find(command => command.includes('<KEY-NAME>'))
    await paste(bench, [regenerate?.replace('<KEY-NAME>', 'key1') ?? ''])
    const { result } = await runGate(bench, inputs)
    assert.equal(result.outputs.result, 'passed', result.log.join('\n'))
  },

  async 'fix of deployment-not-found: lists the deployments'(bench) {
    grantPipeline(bench)
    const printed = await paste(bench, await fixesOf(bench, 'deployment-not-found', { deployments: 'none' }))
    for (const { name } of accountOf(bench.cloud).deployments) assert(printed.includes(name), printed)
  },

  async 'fix of resource-not-found: lists the resources'(bench) {
    grantPipeline(bench, scopeOf(bench).replace(/\/providers\/.*/, ''))
    const nowhere = scopeOf(bench).replace(/[^/]+$/, 'contoso-nowhere')
    const printed = await paste(bench, await fixesOf(bench, 'resource-not-found', { 'resource-id': nowhere }))
    assert(printed.includes(scopeOf(bench)), `its id is not in what is printed:\n${printed}`)
  },

  async 'fix of role-not-found: lists the roles'(bench) {
    const printed = await paste(bench, await fixesOf(bench, 'role-not-found', { role: 'No Such Role' }))
    assert(printed.includes(COGNITIVE_SERVICES_USER), printed)
  },

  async 'what examples/setup/main.bicep makes: account with an identity, models, pipeline, credential, role'(
    bench,
  ) {
    const { admin, cloud } = bench
    const group = ['--resource-group', 'rg-bicep']
    await admin.json('group', 'create', '--name', 'rg-bicep', '--location', 'swedencentral')
    const target = ['--name', 'contoso-bicep', ...group]
    const made = await admin.json(
      ...['cognitiveservices', 'account', 'create', ...target, '--kind', 'AIServices', '--sku', 'S0'],
      ...['--location', 'swedencentral', '--custom-domain', 'contoso-bicep', '--assign-identity', '--yes'],
    )
    const accountSchema = v.object({
      id: v.string(),
      identity: v.object({ type: v.literal('SystemAssigned'), principalId: v.string() }),
      properties: v.object({ provisioningState: v.literal('Succeeded') }),
    })
    const { id } = v.parse(accountSchema, made)
    const off = await admin.run(
      'resource',
      'update',
      '--ids',
      id,
      '--set',
      'properties.disableLocalAuth=true',
    )
    assert.equal(off.status, 0, off.stderr)
    await admin.json(
      ...['cognitiveservices', 'account', 'deployment', 'create', ...target, '--deployment-name', 'chat'],
      ...['--model-format', 'OpenAI', '--model-name', 'gpt-4.1-mini', '--model-version', '2025-04-14'],
      ...['--sku-name', 'GlobalStandard', '--sku-capacity', '1'],
    )
    const identity = v.parse(
      v.object({ clientId: v.string(), principalId: v.string() }),
      await admin.json('identity', 'create', '--name', 'bicep-pipeline', ...group),
    )
    await admin.json(
      ...[
        'identity',
        'federated-credential',
        'create',
        '--name',
        'github',
        '--identity-name',
        'bicep-pipeline',
      ],
      ...[...group, '--issuer', GITHUB_ISSUER, '--subject', 'repo:contoso/shop:ref:refs/heads/main'],
      ...['--audiences', 'api://AzureADTokenExchange'],
    )
    await admin.json(
      ...['role', 'assignment', 'create', '--assignee-object-id', identity.principalId],
      ...['--assignee-principal-type', 'ServicePrincipal', '--role', COGNITIVE_SERVICES_USER, '--scope', id],
    )
    const { result } = await runGate(bench, {
      'client-id': identity.clientId,
      'resource-id': id,
      grant: 'never',
    })
    assert.equal(result.outputs.result, 'passed', result.log.join('\n'))

    const gone = await admin.run('group', 'delete', '--name', 'rg-bicep', '--yes')
    assert.equal(gone.status, 0, gone.stderr)
    assert.deepEqual(
      cloud.world.deletedAccounts.map(({ account: { name } }) => name),
      ['contoso-bicep'],
    )
  },

  async 'az cognitiveservices account delete, list-deleted, recover, purge: as long as it can be restored'(
    bench,
  ) {
    const { admin } = bench
    const target = account(bench)
    const located = [...target, '--location', 'swedencentral']
    const verb = async (...words: readonly string[]) => {
      const { status, stderr } = await admin.run('cognitiveservices', 'account', ...words)
      assert.equal(status, 0, stderr)
    }
    for (const { name } of accountOf(bench.cloud).projects) {
      await verb('project', 'delete', ...target, '--project-name', name)
    }
    await verb('delete', ...target)
    assert.deepEqual(
      v.parse(v.array(named), await admin.json('cognitiveservices', 'account', 'list-deleted')),
      [{ name: 'contoso-ai' }],
    )
    await verb('recover', ...located)
    await verb('delete', ...target)
    await verb('purge', ...located)
    assert.deepEqual(await admin.json('cognitiveservices', 'account', 'list-deleted'), [])
  },

  async 'az resource list, provider register, account list-locations, cognitiveservices model list'({
    admin,
  }) {
    const count = async (...command: readonly string[]) =>
      v.parse(v.number(), await admin.json(...command, '--query', 'length(@)'))
    assert((await count('resource', 'list')) > 1)
    assert((await count('account', 'list-locations')) > 20)
    assert((await count('cognitiveservices', 'model', 'list', '--location', 'swedencentral')) > 20)
    const { status, stderr } = await admin.run(
      'provider',
      'register',
      '--namespace',
      'Microsoft.CognitiveServices',
    )
    assert.equal(status, 0, stderr)
  },

  async 'fixes of federated-issuer-mismatch and service-principal-missing: az knows the commands'(bench) {
    const application = bench.cloud.world.applications.find(({ clientId }) => clientId === PIPELINE_CLIENT)
    assert(application?.federatedCredentials[0])
    application.federatedCredentials[0].issuer = 'https://issuer.invalid'
    const commands = await fixesOf(bench, 'federated-issuer-mismatch')
    application.servicePrincipal = null
    commands.push(...(await fixesOf(bench, 'service-principal-missing')))
    for (const command of commands) {
      const { stderr } = await bench.admin.shell(command)
      // Some leave a name for a person to fill in.
      assert.doesNotMatch(stderr, /unrecognized arguments|misspelled|required/)
    }
    assert.notEqual(application.servicePrincipal, null)
  },
}

async function createBench(cloud: LocalCloud, fence: Fence): Promise<Bench> {
  const root = temporaryFolder()
  let folders = 0
  const newFolder = () => {
    folders += 1
    const folder = join(root, String(folders))
    mkdirSync(folder)
    return folder
  }
  async function signedIn(clientId: string): Promise<Az> {
    const az = createAz(cloud, join(newFolder(), 'az'), fence.url)
    await register(az, cloud)
    const { status, stderr } = await signIn(az, cloud, clientId)
    assert.equal(status, 0, stderr)
    return az
  }
  return {
    cloud,
    fence,
    admin: await signedIn(ADMIN_CLIENT),
    pipeline: await signedIn(PIPELINE_CLIENT),
    newFolder,
  }
}

const say = (line: string) => process.stdout.write(`${line}\n`)

/** True where the check holds and nothing tried to leave the machine. */
async function holds(title: string, check: Check, bench: Bench): Promise<boolean> {
  bench.cloud.reset()
  try {
    await check(bench)
    assert.deepEqual(bench.fence.caught.splice(0), [], 'requests to other machines')
    say(`ok      ${title}`)
    return true
  } catch (error) {
    say(`not ok  ${title}\n        ${error instanceof Error ? error.message : String(error)}`)
    return false
  }
}

async function main(): Promise<void> {
  if (!isOnPath('az')) {
    say(
      'az is not on the PATH. Install the Azure CLI (https://learn.microsoft.com/cli/azure/install-azure-cli, or `pip install azure-cli`) and try again.',
    )
    process.exitCode = 1
    return
  }
  const cloud = await createLocalCloud({ seed: seedWithAdministrator() })
  const fence = await createFence()
  try {
    const bench = await createBench(cloud, fence)
    let failed = 0
    for (const [title, check] of Object.entries(checks)) {
      if (!(await holds(title, check, bench))) failed += 1
    }
    say(`${Object.keys(checks).length - failed} passed, ${failed} failed`)
    if (failed > 0) process.exitCode = 1
  } finally {
    fence.close()
    await cloud.close()
  }
}

await main()
