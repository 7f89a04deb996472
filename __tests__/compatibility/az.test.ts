import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Agent, request } from 'undici'
import * as v from 'valibot'
import { type ActionResult, startAction } from '../../action-runner/index.ts'
import { createClock } from '../../local-cloud/clock.ts'
import { keysOf } from '../../local-cloud/inference/keys.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { accountId } from '../../local-cloud/scopes.ts'
import { GITHUB_ISSUER } from '../../local-cloud/world.ts'
import { ADMIN, ADMIN_CLIENT, seedWithAdministrator } from '../../scripts/administrator.ts'
import { type Az, createAz, createFence, type Fence } from '../../scripts/az.ts'
import { isOnPath, type Outcome } from '../../scripts/programs.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { codeBlocks, readDocument } from '../support/documents.ts'
import { environmentOf, withDrivenClock, withLog } from '../support/scenario.ts'

/**
 * Whether the az command line, which nobody here wrote, takes the local cloud for Azure, and whether the commands that the action
 * prints as fixes do what they promise. On Linux and macOS; no request leaves the machine. Where az is not installed, every test
 * is reported as skipped.
 */

const PIPELINE_CLIENT = '1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37'
const PIPELINE = '3b9d5f72-1c84-4e06-b7a3-9f20d6e85c41'
const MANAGED_IDENTITY_CLIENT = 'c65d2e8f-90b4-4317-a8fc-15d73b0e6a92'

const COGNITIVE_SERVICES_USER = 'a97b65f3-24c7-4388-baec-2e87135dc908'
const COGNITIVE_SERVICES_CONTRIBUTOR = '25fbc0a9-bd7c-42a3-aa1a-3b75d497ee68'

/** What the tests work with. */
interface Bench {
  cloud: LocalCloud
  fence: Fence
  /** Signed in as somebody who owns the subscription. */
  admin: Az
  /** Signed in as the pipeline, which may look at the resource and no more. */
  pipeline: Az
  newFolder(): string
  close(): Promise<void>
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
    env: environmentOf(bench.cloud, {}),
    workFolder: bench.newFolder(),
    ...withDrivenClock,
    ...withLog(),
  }).result
  const { diagnosis } = v.parse(reportSchema, JSON.parse(readFileSync(result.outputs.report ?? '', 'utf8')))
  const commands = (diagnosis?.fixes ?? []).filter(({ language }) => language === 'bash')
  return { result, commands: commands.map(({ text }) => text) }
}

/** The commands of a run that must fail with `code`. */
async function fixesOf(bench: Bench, code: string, inputs?: Record<string, string>): Promise<string[]> {
  const { result, commands } = await runGate(bench, inputs)
  expect(result.outputs.diagnosis).toBe(code)
  expect(commands).not.toEqual([])
  return [...commands]
}

async function requirePassed(bench: Bench): Promise<void> {
  const { result } = await runGate(bench)
  expect(result.outputs.result).toBe('passed')
}

/** Runs the first command of a diagnosis, as the administrator who pastes it. */
async function paste(bench: Bench, [command = '']: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await bench.admin.shell(command)
  succeeds({ status, stderr })
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

/** @throws Error with what the command said, where it failed */
function succeeds({ status, stderr }: Pick<Outcome, 'status' | 'stderr'>): void {
  if (status !== 0) throw new Error(`It ended with ${status}: ${stderr.trim()}`)
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
  succeeds(first)
  const afterFirst = structuredClone(world)
  const second = await bench.admin.shell(command)
  expect({ status: second.status, stdout: second.stdout }).toEqual({ status: 0, stdout: first.stdout })
  expect(world).toEqual(afterFirst)
  return first.stdout
}

const clientIdIn = (printed: string, whose = '') =>
  new RegExp(`gh variable set AZURE_${whose}CLIENT_ID .*--body (.+)`).exec(printed)?.[1] ?? ''

async function createBench(): Promise<Bench> {
  // Its time stands still: az signs in once, by a token of the job that is good for minutes, and it alone takes longer.
  const begin = Date.now()
  const cloud = await createLocalCloud({ seed: seedWithAdministrator(), clock: createClock(() => begin) })
  const fence = await createFence()
  const root = mkdtempSync(join(tmpdir(), 'key-less-gate-az-'))
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
    succeeds(await signIn(az, cloud, clientId))
    return az
  }
  return {
    cloud,
    fence,
    admin: await signedIn(ADMIN_CLIENT),
    pipeline: await signedIn(PIPELINE_CLIENT),
    newFolder,
    async close() {
      fence.close()
      await cloud.close()
      rmSync(root, { recursive: true, force: true })
    },
  }
}

const describeWithAz = isOnPath('az') ? describe : describe.skip

describeWithAz('az', () => {
  let bench: Bench
  beforeAll(async () => {
    bench = await createBench()
  })
  afterAll(() => bench.close())
  beforeEach(() => bench.cloud.reset())
  afterEach(() => {
    const elsewhere = bench.fence.caught.splice(0)
    expect(elsewhere).toEqual([])
  })

  test('az cloud register: needs no more than the address of Resource Manager', async () => {
    const { cloud, admin } = bench
    const schema = v.object({
      isActive: v.boolean(),
      endpoints: v.object({ activeDirectory: v.string(), resourceManager: v.string() }),
    })
    const shown = v.parse(schema, await admin.json('cloud', 'show'))
    expect(shown).toEqual({
      isActive: true,
      endpoints: {
        activeDirectory: cloud.endpoints.authorityHost,
        resourceManager: cloud.endpoints.resourceManager,
      },
    })
  })

  test('az login: az asks login.microsoftonline.com unless instance discovery is switched off', async () => {
    const az = createAz(bench.cloud, join(bench.newFolder(), 'az'), bench.fence.url, {
      AZURE_CORE_INSTANCE_DISCOVERY: 'true',
    })
    await register(az, bench.cloud)
    const { status } = await signIn(az, bench.cloud, ADMIN_CLIENT)
    expect(status).not.toBe(0)
    expect([...new Set(bench.fence.caught.splice(0))]).toEqual(['login.microsoftonline.com:443'])
  })

  test('az login: a subject that does not match is AADSTS700213', async () => {
    const { cloud, fence, newFolder } = bench
    const az = createAz(cloud, join(newFolder(), 'az'), fence.url)
    await register(az, cloud)
    const { status, stderr } = await signIn(az, cloud, MANAGED_IDENTITY_CLIENT)
    expect(status).toBe(1)
    expect(stderr).toMatch(/AADSTS700213: .*'repo:contoso\/shop:ref:refs\/heads\/main'/)
  })

  test('az login, account show, list: the pipeline and its subscription', async () => {
    const { cloud, pipeline } = bench
    const [subscription] = cloud.world.subscriptions
    const schema = v.object({ id: v.string(), tenantId: v.string(), user: v.object({ name: v.string() }) })
    const expected = {
      id: subscription?.id,
      tenantId: subscription?.tenantId,
      user: { name: PIPELINE_CLIENT },
    }
    expect(v.parse(schema, await pipeline.json('account', 'show'))).toEqual(expected)
    expect(v.parse(v.array(schema), await pipeline.json('account', 'list', '--refresh'))).toEqual([expected])
  })

  test('az role definition list: a role by name', async () => {
    const { admin } = bench
    const roles = await admin.json('role', 'definition', 'list', '--name', 'Cognitive Services User')
    expect(v.parse(v.array(named), roles)).toEqual([{ name: COGNITIVE_SERVICES_USER }])
  })

  test('az role assignment create: refused without the right', async () => {
    const { status, stderr } = await bench.pipeline.run(...grant(bench, COGNITIVE_SERVICES_USER))
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /\(AuthorizationFailed\) The client '.*' with object id '.*' does not have authorization/,
    )
    expect(stderr).toMatch(/'Microsoft\.Authorization\/roleAssignments\/write'/)
  })

  test('az role assignment create: by name, and once more by GUID, is one assignment', async () => {
    const first = v.parse(
      assignmentSchema,
      await bench.admin.json(...grant(bench, 'Cognitive Services User')),
    )
    expect(first.principalId).toBe(PIPELINE)
    expect(first.roleDefinitionId).toMatch(new RegExp(`${COGNITIVE_SERVICES_USER}$`))
    const again = v.parse(assignmentSchema, await bench.admin.json(...grant(bench, COGNITIVE_SERVICES_USER)))
    expect(again.name).toBe(first.name)
    const at = await listed(bench.admin, '--scope', scopeOf(bench), '--role', COGNITIVE_SERVICES_USER)
    expect(at).toEqual([first])
  })

  test('az role assignment create: an unknown principal is PrincipalNotFound', async () => {
    const command = grant(bench, COGNITIVE_SERVICES_USER).map(word =>
      word === PIPELINE ? '00000000-0000-4000-8000-000000000001' : word,
    )
    const { status, stderr } = await bench.admin.run(...command)
    expect(status).toBe(1)
    expect(stderr).toMatch(/\(PrincipalNotFound\) Principal 00000000000040008000000000000001 does not exist/)
  })

  test('az role assignment list: at, above and below a scope, by assignee and with groups', async () => {
    grantPipeline(bench)
    const scope = scopeOf(bench)
    const count = async (...filter: readonly string[]) => (await listed(bench.admin, ...filter)).length
    expect(await count('--scope', scope)).toBe(2)
    expect(await count('--scope', scope, '--include-inherited')).toBe(4)
    expect(await count('--all')).toBe(4)
    expect(await count('--all', '--assignee-object-id', PIPELINE)).toBe(2)
    expect(await count('--scope', scope, '--assignee-object-id', PIPELINE, '--include-groups')).toBe(2)
    // With Graph asked for the names, in vain: az goes on without them.
    const unnamed = await bench.admin.json('role', 'assignment', 'list', '--scope', scope)
    expect(v.parse(v.array(assignmentSchema), unnamed).length).toBe(2)
  })

  test('az role assignment delete: it is gone, and once more az finds none', async () => {
    grantPipeline(bench)
    const scope = ['--scope', scopeOf(bench), '--role', COGNITIVE_SERVICES_USER]
    const remove = ['role', 'assignment', 'delete', '--assignee-object-id', PIPELINE, ...scope]
    succeeds(await bench.admin.run(...remove))
    expect(await listed(bench.admin, ...scope)).toEqual([])
    const again = await bench.admin.run(...remove)
    expect(again.status).toBe(1)
    expect(again.stderr).toMatch(/No matched assignments were found/)
  })

  test('az cognitiveservices account show, list: the resource and its endpoint', async () => {
    const { cloud, pipeline } = bench
    const shown = await pipeline.json('cognitiveservices', 'account', 'show', ...account(bench))
    const schema = v.object({
      id: v.string(),
      properties: v.object({ endpoint: v.string(), disableLocalAuth: v.boolean() }),
    })
    const [hosts] = cloud.endpoints.hosts.values()
    expect(v.parse(schema, shown)).toEqual({
      id: scopeOf(bench),
      properties: { endpoint: `${hosts?.cognitiveServices}/`, disableLocalAuth: true },
    })
    const all = await pipeline.json('cognitiveservices', 'account', 'list')
    expect(v.parse(v.array(named), all)).toEqual([{ name: accountOf(cloud).name }])
  })

  test('az cognitiveservices account show: what does not exist is ResourceNotFound', async () => {
    const { admin } = bench
    const nowhere = ['--name', 'contoso-nowhere', '--resource-group', 'rg-keyless']
    const { status, stderr } = await admin.run('cognitiveservices', 'account', 'show', ...nowhere)
    expect(status).toBe(3)
    expect(stderr).toMatch(/\(ResourceNotFound\)/)
  })

  test('az cognitiveservices account deployment create, list, delete', async () => {
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
    const own = [...account(bench), '--deployment-name', 'own']
    const before = await names()
    await bench.admin.json(
      ...[...deployment, 'create', ...own, ...model],
      ...['--sku-name', 'GlobalStandard', '--sku-capacity', '3'],
    )
    expect(await names()).toEqual([...before, 'own'])
    succeeds(await bench.admin.run(...deployment, 'delete', ...own))
    expect(await names()).toEqual(before)
  })

  test('az resource update: turns key access on and off', async () => {
    const schema = v.object({ properties: v.object({ disableLocalAuth: v.boolean() }) })
    for (const disableLocalAuth of [false, true]) {
      const change = ['--ids', scopeOf(bench), '--set', `properties.disableLocalAuth=${disableLocalAuth}`]
      const updated = v.parse(schema, await bench.admin.json('resource', 'update', ...change))
      expect(updated).toEqual({ properties: { disableLocalAuth } })
    }
  })

  test('az cognitiveservices account keys list, regenerate: only the one asked for is another', async () => {
    accountOf(bench.cloud).disableLocalAuth = false
    const keys = ['cognitiveservices', 'account', 'keys']
    const before = v.parse(keysSchema, await bench.admin.json(...keys, 'list', ...account(bench)))
    const regenerate = [...keys, 'regenerate', ...account(bench), '--key-name', 'key2']
    const after = v.parse(keysSchema, await bench.admin.json(...regenerate))
    expect(after.key1).toBe(before.key1)
    expect(after.key2).not.toBe(before.key2)
  })

  test('az cognitiveservices account project create, list, delete', async () => {
    const project = ['cognitiveservices', 'account', 'project']
    const other = [...account(bench), '--project-name', 'shop']
    const names = async () =>
      v
        .parse(v.array(named), await bench.admin.json(...project, 'list', ...account(bench)))
        .map(({ name }) => name)
    await bench.admin.json(...project, 'create', ...other, '--location', 'swedencentral')
    expect(await names()).toEqual([`${accountOf(bench.cloud).name}/shop`])
    succeeds(await bench.admin.run(...project, 'delete', ...other))
    expect(await names()).toEqual([])
  })

  test('az lock create, list, delete: a role under a lock cannot be removed', async () => {
    grantPipeline(bench)
    const group = ['--resource-group', accountOf(bench.cloud).resourceGroup]
    const lock = [...group, '--name', 'stop']
    await bench.admin.json('lock', 'create', ...lock, '--lock-type', 'CanNotDelete')
    expect(v.parse(v.array(named), await bench.admin.json('lock', 'list'))).toEqual([{ name: 'stop' }])
    const scope = ['--scope', scopeOf(bench), '--role', COGNITIVE_SERVICES_USER]
    const remove = ['role', 'assignment', 'delete', '--assignee-object-id', PIPELINE, ...scope]
    const locked = await bench.admin.run(...remove)
    expect(locked.status).toBe(1)
    expect(locked.stderr).toMatch(/\(ScopeLocked\)/)
    succeeds(await bench.admin.run('lock', 'delete', ...lock))
    succeeds(await bench.admin.run(...remove))
  })

  test('docs/retiring-the-keys.md: its log of requests is set up, and the activity log names who listed the keys', async () => {
    accountOf(bench.cloud).disableLocalAuth = false
    const page = readFileSync(join(repositoryRoot, 'docs/retiring-the-keys.md'), 'utf8')
    const [settings = '', log = ''] = page.match(/^az monitor [^`]*/gm) ?? []
    const run = (command: string) =>
      bench.admin.shell(`resource=${scopeOf(bench)}; ${command.replace('WORKSPACE_ID', 'logs').trim()}`)
    succeeds(await run(settings))
    expect(accountOf(bench.cloud).diagnosticSettings).toMatchObject([{ name: 'who-calls' }])
    await bench.admin.json('cognitiveservices', 'account', 'keys', 'list', ...account(bench))
    const shown = await run(log)
    succeeds(shown)
    expect(shown.stdout).toContain(ADMIN)
  })

  test('az role definition create, delete: a custom role, as long as nobody holds it', async () => {
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
    expect((await bench.admin.run(...remove)).stderr).toMatch(/\(RoleDefinitionHasAssignments\)/)
    const assigned = ['--assignee-object-id', PIPELINE, '--scope', scopeOf(bench), '--role', 'Chat only']
    succeeds(await bench.admin.run('role', 'assignment', 'delete', ...assigned))
    succeeds(await bench.admin.run(...remove))
    expect(bench.cloud.world.roleDefinitions).toEqual([])
  })

  test('az group exists: true for a group, false for other names', async () => {
    const { admin } = bench
    expect(await admin.json('group', 'exists', '--name', 'rg-keyless')).toBe(true)
    expect(await admin.json('group', 'exists', '--name', 'rg-nowhere')).toBe(false)
  })

  test('az rest: Resource Manager by path, and inference by its audience once the role is there', async () => {
    const shown = await bench.pipeline.json('rest', '--url', `${scopeOf(bench)}?api-version=2025-06-01`)
    expect(v.parse(named, shown)).toEqual({ name: accountOf(bench.cloud).name })
    const [endpoint] = bench.cloud.endpoints.accounts.values()
    const models = ['rest', '--url', `${endpoint}/openai/v1/models`]
    const inference = [...models, '--resource', 'https://cognitiveservices.azure.com']
    const denied = await bench.pipeline.run(...inference)
    expect(denied.status).toBe(1)
    expect(denied.stderr).toMatch(/"PermissionDenied"/)
    grantPipeline(bench)
    succeeds(await bench.pipeline.run(...inference))
  })

  test('examples/setup/setup.sh: run twice it changes nothing more, and the gate has nothing left to grant', async () => {
    accountOf(bench.cloud).disableLocalAuth = false
    const printed = await setUpTwice(bench, '--identity', 'shop-pipeline')
    const { result } = await runGate(bench, { 'client-id': clientIdIn(printed), grant: 'never' })
    expect(result.outputs.result).toBe('passed')
    expect(accountOf(bench.cloud).disableLocalAuth).toBe(false)
  })

  test('examples/setup/setup.sh --application: the same with an app registration, by Microsoft Graph', async () => {
    // An expression first: what follows has to read a list with one.
    const queue = ['--entity-pattern', 'ref:refs/tags/\\*', '--repository-ids', '1200345/674512309']
    await setUpTwice(bench, '--application', 'shop-application', ...queue)
    const printed = await setUpTwice(bench, '--application', 'shop-application')
    const { result } = await runGate(bench, { 'client-id': clientIdIn(printed), grant: 'never' })
    expect(result.outputs.result).toBe('passed')
  })

  test('examples/setup/setup.sh --disable-keys: switches keys off, and prints the command that takes it back', async () => {
    const target = accountOf(bench.cloud)
    target.disableLocalAuth = false
    const { status, stdout, stderr } = await bench.admin.shell(
      `${setUpScript} --resource-id ${scopeOf(bench)} --disable-keys`,
    )
    succeeds({ status, stderr })
    expect(target.disableLocalAuth).toBe(true)
    await paste(bench, /az rest .*/.exec(stdout) ?? [])
    expect(target.disableLocalAuth).toBe(false)
  })

  test('examples/setup/setup.sh --setup-identity: the condition lets it grant the one role', async () => {
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
    expect(result.outputs['role-state']).toBe('granted')
  })

  test('examples/setup/setup.sh --app-principal: the setup identity grants to an app that was named, and there is a warning about a later one', async () => {
    const [app, later] = ['72e09ab5-d41c-4f68-8357-e0b6c92d1f84', 'f2a6d1c8-43b7-4e95-8d0a-6c17e95b3a24']
    const setup = ['--identity', 'shop-pipeline', '--setup-identity', 'shop-setup', '--app-principal']
    const printed = await setUpTwice(bench, ...setup, app)
    const identities = { 'client-id': clientIdIn(printed), 'setup-client-id': clientIdIn(printed, 'SETUP_') }
    const { result } = await runGate(bench, { ...identities, 'runtime-principals': app })
    expect(result.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })

    const options = ['--resource-id', scopeOf(bench), '--repository', 'contoso/shop', ...setup, later]
    const { stderr } = await bench.admin.shell([setUpScript, ...options].join(' '))
    expect(stderr).toContain(`does not name ${later}, so it cannot grant`)
    const [, command = ''] = /^ {2}(az role assignment delete .*)$/m.exec(stderr) ?? []
    await paste(bench, [command])
    expect(bench.cloud.world.roleAssignments.some(({ condition }) => condition !== null)).toBe(false)
  })

  test('fix of cannot-assign-role: the next run passes', async () => {
    await paste(bench, await fixesOf(bench, 'cannot-assign-role'))
    await requirePassed(bench)
  })

  test('fix of resource-manager-forbidden: the next run passes', async () => {
    const { world } = bench.cloud
    world.roleAssignments = world.roleAssignments.filter(({ principalId }) => principalId !== PIPELINE)
    await paste(bench, await fixesOf(bench, 'resource-manager-forbidden'))
    await requirePassed(bench)
  })

  test('fix of custom-subdomain-missing: the next run passes', async () => {
    grantPipeline(bench)
    accountOf(bench.cloud).customSubDomainName = null
    await paste(bench, await fixesOf(bench, 'custom-subdomain-missing'))
    await requirePassed(bench)
  })

  test('fix of keys-enabled: a Cognitive Services Contributor of the resource can use it', async () => {
    grantPipeline(bench)
    accountOf(bench.cloud).disableLocalAuth = false
    const owner = bench.cloud.world.roleAssignments.find(({ principalId }) => principalId === ADMIN)
    assert(owner)
    Object.assign(owner, { scope: scopeOf(bench), roleDefinitionId: COGNITIVE_SERVICES_CONTRIBUTOR })
    await paste(bench, await fixesOf(bench, 'keys-enabled', { 'key-access': 'forbid' }))
    expect(accountOf(bench.cloud).disableLocalAuth).toBe(true)
  })

  test('fix of retired-key-accepted: after a regeneration the old key is refused', async () => {
    grantPipeline(bench)
    const account = accountOf(bench.cloud)
    account.disableLocalAuth = false
    const inputs = { 'retired-key': keysOf(account).key1, 'propagation-timeout': '1s' }
    const commands = await fixesOf(bench, 'retired-key-accepted', inputs)
    const regenerate = commands.find(command => command.includes('<KEY-NAME>'))
    await paste(bench, [regenerate?.replace('<KEY-NAME>', 'key1') ?? ''])
    const { result } = await runGate(bench, inputs)
    expect(result.outputs.result).toBe('passed')
  })

  test('fix of deployment-not-found: lists the deployments', async () => {
    grantPipeline(bench)
    const printed = await paste(bench, await fixesOf(bench, 'deployment-not-found', { deployments: 'none' }))
    for (const { name } of accountOf(bench.cloud).deployments) expect(printed).toContain(name)
  })

  test('fix of resource-not-found: lists the resources', async () => {
    grantPipeline(bench, scopeOf(bench).replace(/\/providers\/.*/, ''))
    const nowhere = scopeOf(bench).replace(/[^/]+$/, 'contoso-nowhere')
    const printed = await paste(bench, await fixesOf(bench, 'resource-not-found', { 'resource-id': nowhere }))
    expect(printed).toContain(scopeOf(bench))
  })

  test('fix of role-not-found: lists the roles', async () => {
    const printed = await paste(bench, await fixesOf(bench, 'role-not-found', { role: 'No Such Role' }))
    expect(printed).toContain(COGNITIVE_SERVICES_USER)
  })

  test('what examples/setup/main.bicep makes: account with an identity, models, pipeline, credential, role', async () => {
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
    succeeds(off)
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
    expect(result.outputs.result).toBe('passed')

    const gone = await admin.run('group', 'delete', '--name', 'rg-bicep', '--yes')
    succeeds(gone)
    expect(cloud.world.deletedAccounts.map(({ account: { name } }) => name)).toEqual(['contoso-bicep'])
  })

  test('az cognitiveservices account delete, list-deleted, recover, purge: as long as it can be restored', async () => {
    const { admin } = bench
    const target = account(bench)
    const located = [...target, '--location', 'swedencentral']
    const verb = async (...words: readonly string[]) => {
      const { status, stderr } = await admin.run('cognitiveservices', 'account', ...words)
      succeeds({ status, stderr })
    }
    for (const { name } of accountOf(bench.cloud).projects) {
      await verb('project', 'delete', ...target, '--project-name', name)
    }
    await verb('delete', ...target)
    expect(v.parse(v.array(named), await admin.json('cognitiveservices', 'account', 'list-deleted'))).toEqual(
      [{ name: 'contoso-ai' }],
    )
    await verb('recover', ...located)
    await verb('delete', ...target)
    await verb('purge', ...located)
    expect(await admin.json('cognitiveservices', 'account', 'list-deleted')).toEqual([])
  })

  test('az resource list, provider register, account list-locations, cognitiveservices model list', async () => {
    const { admin } = bench
    const count = async (...command: readonly string[]) =>
      v.parse(v.number(), await admin.json(...command, '--query', 'length(@)'))
    expect(await count('resource', 'list')).toBeGreaterThan(1)
    expect(await count('account', 'list-locations')).toBeGreaterThan(20)
    expect(await count('cognitiveservices', 'model', 'list', '--location', 'swedencentral')).toBeGreaterThan(
      20,
    )
    const { status, stderr } = await admin.run(
      'provider',
      'register',
      '--namespace',
      'Microsoft.CognitiveServices',
    )
    succeeds({ status, stderr })
  })

  test('fixes of federated-issuer-mismatch and service-principal-missing: az knows the commands', async () => {
    const application = bench.cloud.world.applications.find(({ clientId }) => clientId === PIPELINE_CLIENT)
    assert(application?.federatedCredentials[0])
    application.federatedCredentials[0].issuer = 'https://issuer.invalid'
    const commands = await fixesOf(bench, 'federated-issuer-mismatch')
    application.servicePrincipal = null
    commands.push(...(await fixesOf(bench, 'service-principal-missing')))
    for (const command of commands) {
      const here = command.replace('https://graph.microsoft.com', bench.cloud.endpoints.graph)
      const { stderr } = await bench.admin.shell(here)
      // Some leave a name for a person to fill in.
      expect(stderr).not.toMatch(/unrecognized arguments|misspelled|required/)
    }
    expect(application.servicePrincipal).not.toBe(null)
  })

  /** The command of a page that has this word, with the names of the world instead of those of the page. */
  const commandOf = (path: string, word: string, names: Readonly<Record<string, string>> = {}) => {
    const command = codeBlocks(readDocument(path)).find(({ text }) => text.includes(word))?.text ?? ''
    expect(command).toContain(word)
    return Object.entries(names).reduce((text, [from, to]) => text.replaceAll(from, to), command)
  }

  test('docs: list the credentials with a classic subject, and remove one after a rename', async () => {
    const page = 'docs/many-repositories.md'
    const { shell } = bench.admin
    const [pipeline] = bench.cloud.world.applications
    assert(pipeline)
    pipeline.federatedCredentials.push({
      name: 'contoso-shop-by-id',
      issuer: GITHUB_ISSUER,
      subject: 'repo:contoso@1200345/shop@674512309:ref:refs/heads/main',
      audiences: ['api://AzureADTokenExchange'],
    })

    const ofIdentities = await shell(commandOf(page, 'az identity list'))
    const identity = 'rg-keyless contoso-pipeline-identity contoso-shop-production'
    expect(ofIdentities).toMatchObject({ status: 0, stdout: expect.stringContaining(identity) })
    const ofApplications = await shell(commandOf(page, 'az ad app list'))
    expect(ofApplications).toMatchObject({ status: 0 })
    expect(ofApplications.stdout).toContain(`${PIPELINE_CLIENT} contoso-shop-main`)
    expect(ofApplications.stdout).not.toContain('contoso-shop-by-id')

    const names = {
      'my-group': 'rg-keyless',
      'my-pipeline': 'contoso-pipeline-identity',
      CLIENT_ID: PIPELINE_CLIENT,
    }
    for (const [command, old] of [
      ['az identity federated-credential delete', 'contoso-shop-production'],
      ['az ad app federated-credential delete', 'contoso-shop-main'],
    ] as const) {
      const pasted = commandOf('docs/setup.md', command, { ...names, OLD_CREDENTIAL: old })
      expect(await shell(pasted)).toMatchObject({ status: 0, stdout: expect.stringContaining(old) })
    }
    expect((await shell(commandOf(page, 'az identity list'))).stdout).not.toContain('contoso-shop-production')
    expect((await shell(commandOf(page, 'az ad app list'))).stdout).not.toContain(PIPELINE_CLIENT)
  })

  test('docs/retiring-the-keys.md: the switch, there and back', async () => {
    const target = accountOf(bench.cloud)
    const before = `resource=${scopeOf(bench)}\n`
    for (const off of [true, false]) {
      const command = commandOf('docs/retiring-the-keys.md', `"disableLocalAuth":${off}`)
      succeeds(await bench.admin.shell(before + command))
      expect(target.disableLocalAuth).toBe(off)
    }
  })

  test('docs/retiring-the-keys.md: az knows the commands that find callers', async () => {
    for (const word of ['diagnostic-settings create', 'activity-log list']) {
      const command = commandOf('docs/retiring-the-keys.md', word, { WORKSPACE_ID: `${scopeOf(bench)}` })
      const { stderr } = await bench.admin.shell(`resource=${scopeOf(bench)}\n${command}`)
      // The local cloud has no logs.
      expect(stderr).not.toMatch(/unrecognized arguments|misspelled|required|invalid/)
    }
  })
})
