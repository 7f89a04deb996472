import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { fulfils } from '../../local-cloud/delegation-conditions.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { repositoryRoot, temporaryFolder } from '../../scripts/tools.ts'
import { account, app, holds, managedIdentity, roles, subscription, tenant } from '../support/arrange.ts'
import { type AzProgram, createAzProgram } from '../support/az-program.ts'
import { ownRepository } from '../support/own-actions.ts'
import { accountScope, runGate } from '../support/scenario.ts'
import { runScript } from '../support/shell.ts'

const folder = join(repositoryRoot, 'examples/setup')

describe('setup.sh', () => {
  let cloud: LocalCloud
  let az: AzProgram
  beforeAll(async () => {
    cloud = await createLocalCloud()
    az = await createAzProgram(cloud)
  })
  beforeEach(() => {
    cloud.reset()
    holds(cloud)
    account(cloud).disableLocalAuth = false
    az.calls.length = 0
    az.refused.length = 0
  })
  afterAll(async () => {
    az.close()
    await cloud.close()
  })

  const setUp = (...options: readonly string[]) => runScript(join(folder, 'setup.sh'), options, az.folder)

  const target = () => [
    ...['--resource-id', accountScope(cloud), '--repository', 'contoso/shop'],
    ...['--issuer', cloud.endpoints.github],
  ]
  const printed = (stdout: string, name: string) =>
    new RegExp(
      `^ {2}gh variable set ${name} --repo contoso/shop(?: --env 'production')? --body (.+)$`,
      'm',
    ).exec(stdout)?.[1] ?? ''
  const deployOnly = (...formats: readonly string[]) => {
    account(cloud).deployments = account(cloud).deployments.filter(({ model }) =>
      formats.includes(model.format),
    )
  }
  const changes = () =>
    az.calls.flatMap(words => {
      const verbs = words.slice(
        0,
        words.findIndex(word => word.startsWith('-')),
      )
      const looks = ['list', 'show'].includes(verbs.at(-1) ?? '') || words.includes('get')
      return looks ? [] : [verbs.join(' ')]
    })

  test.each([
    {
      identity: ['--identity', 'shop-pipeline'],
      created: ['identity create', 'identity federated-credential create', 'role assignment create'],
    },
    {
      identity: ['--application', 'Shop pipeline'],
      created: ['ad app create', 'ad sp create', 'rest', 'role assignment create'],
    },
    {
      identity: ['--identity', 'Contoso-Pipeline-Identity'],
      created: ['identity federated-credential create', 'role assignment create'],
    },
  ])('$identity: creates what is missing once, and the gate has nothing left to grant', async options => {
    const keys = account(cloud).disableLocalAuth
    const first = await setUp(...target(), ...options.identity)
    expect(first).toMatchObject({ status: 0 })
    expect(changes()).toEqual(options.created)
    const world = structuredClone(cloud.world)
    az.calls.length = 0

    const second = await setUp(...target(), ...options.identity)
    expect(second).toEqual({ status: 0, stdout: first.stdout, stderr: '' })
    expect(changes()).toEqual([])
    expect(cloud.world).toEqual(world)
    expect(account(cloud).disableLocalAuth).toBe(keys)

    const run = await runGate(cloud, {
      inputs: {
        'client-id': printed(first.stdout, 'AZURE_CLIENT_ID'),
        'tenant-id': printed(first.stdout, 'AZURE_TENANT_ID'),
        grant: 'never',
      },
    })
    expect(run.outputs).toMatchObject({ result: 'passed', diagnosis: '' })
  })

  test('does not call Microsoft Graph for a managed identity', async () => {
    await setUp(...target(), '--identity', 'shop-pipeline', '--setup-identity', 'shop-setup')

    expect(az.calls.length).toBeGreaterThan(0)
    for (const [first, ...others] of az.calls) {
      expect(first).not.toBe('ad')
      if (first === 'role' && others.includes('list'))
        expect(others.join(' ')).toContain('--fill-principal-name false --fill-role-definition-name false')
      if (first === 'role' && others.includes('create'))
        expect(others).toEqual(expect.arrayContaining(['--assignee-object-id', '--assignee-principal-type']))
    }
  })

  const classic = 'repo:contoso/shop:environment:production'
  const immutable = 'repo:contoso@1200345/shop@674512309:environment:production'
  const ids = ['--repository-ids', '1200345/674512309']

  test.each([
    { options: [], subjects: [classic] },
    { options: ids, subjects: [immutable] },
    { options: [...ids, '--subject-form', 'both'], subjects: [classic, immutable] },
  ])('$options: trusts $subjects', async ({ options, subjects }) => {
    const environment = ['--entity', 'environment:production']
    expect(await setUp(...target(), '--identity', 'shop-pipeline', ...environment, ...options)).toMatchObject(
      { status: 0 },
    )

    const identity = cloud.world.applications.find(({ displayName }) => displayName === 'shop-pipeline')
    expect(identity?.federatedCredentials.map(({ subject }) => subject)).toEqual(subjects)
  })

  test('a setup identity can grant one role to the pipeline and nothing to itself; the pipeline does not get the role', async () => {
    const { stdout } = await setUp(
      ...target(),
      '--identity',
      'shop-pipeline',
      '--setup-identity',
      'shop-setup',
    )
    expect(cloud.world.roleAssignments).toMatchObject([
      {
        roleDefinitionId: roles.rbacAdministrator,
        principalType: 'ServicePrincipal',
        conditionVersion: '2.0',
      },
    ])

    const setup = printed(stdout, 'AZURE_SETUP_CLIENT_ID')
    const identities = { 'client-id': printed(stdout, 'AZURE_CLIENT_ID'), 'setup-client-id': setup }
    const other = await runGate(cloud, { inputs: { ...identities, role: roles.foundryUser } })
    expect(other.outputs.diagnosis).toBe('delegation-condition-unmet')
    const itself = await runGate(cloud, { inputs: { 'client-id': setup } })
    expect(itself.outputs.diagnosis).toBe('delegation-condition-unmet')
    const run = await runGate(cloud, { inputs: identities })
    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
  })

  describe('--app-principal', () => {
    const shop = () => managedIdentity(cloud).principal.objectId
    const options = () => ['--identity', 'shop-pipeline', '--app-principal', shop()]
    const setup = ['--setup-identity', 'shop-setup']
    const identitiesIn = (stdout: string) => ({
      'client-id': printed(stdout, 'AZURE_CLIENT_ID'),
      'setup-client-id': printed(stdout, 'AZURE_SETUP_CLIENT_ID'),
    })

    test('an app gets the same role, once', async () => {
      for (const _ of ['first', 'second'])
        expect(await setUp(...target(), ...options())).toMatchObject({ status: 0 })

      expect(cloud.world.roleAssignments).toMatchObject([
        { roleDefinitionId: roles.user },
        { roleDefinitionId: roles.user, principalId: shop(), principalType: 'ServicePrincipal' },
      ])
    })

    test('the setup identity grants it in the gate, and to no other app', async () => {
      const { stdout, stderr } = await setUp(...target(), ...options(), ...setup)
      expect(stderr).not.toContain('Warning')
      const inputs = identitiesIn(stdout)
      const another = app(cloud, 'another').principalId
      const refused = await runGate(cloud, { inputs: { ...inputs, 'runtime-principals': another } })
      expect(refused.outputs).toMatchObject({ result: 'failed', diagnosis: 'runtime-access-missing' })
      const run = await runGate(cloud, { inputs: { ...inputs, 'runtime-principals': shop() } })
      expect(run.outputs).toMatchObject({ result: 'passed', 'runtime-access': 'passed' })
    })

    test('if the setup identity already has its role, prints the command that allows replacing it', async () => {
      await setUp(...target(), '--identity', 'shop-pipeline', ...setup)
      const { stderr } = await setUp(...target(), ...options(), ...setup)
      const [, command = ''] = /^ {2}(az role assignment delete .*)$/m.exec(stderr) ?? []
      expect(stderr).toContain(`does not name ${shop()}, so it cannot grant`)

      const remove = join(temporaryFolder(), 'remove.sh')
      writeFileSync(remove, `${command}\n`)
      expect(await runScript(remove, [], az.folder)).toMatchObject({ status: 0 })
      const again = await setUp(...target(), ...options(), ...setup)
      expect(again.stderr).not.toContain('Warning')
      const inputs = { ...identitiesIn(again.stdout), 'runtime-principals': shop() }
      expect((await runGate(cloud, { inputs })).outputs.result).toBe('passed')
    })
  })

  const formats = ['OpenAI', 'DeepSeek', 'Anthropic']

  test.each([
    {
      deployed: ['OpenAI'],
      options: [],
      granted: roles.openAIUser,
      name: ' # Cognitive Services OpenAI User',
    },
    { deployed: formats, options: [], granted: roles.user, name: ' # Cognitive Services User' },
    { deployed: ['Anthropic'], options: [], granted: roles.user, name: ' # Cognitive Services User' },
    { deployed: [], options: [], granted: roles.user, name: ' # Cognitive Services User' },
    { deployed: ['OpenAI'], options: ['--role', roles.foundryUser], granted: roles.foundryUser, name: '' },
  ])('$deployed $options: grants the least role, $granted', async ({ deployed, options, granted, name }) => {
    deployOnly(...deployed)
    const { stdout } = await setUp(...target(), '--identity', 'shop-pipeline', ...options)

    expect(cloud.world.roleAssignments.map(({ roleDefinitionId }) => roleDefinitionId)).toEqual([granted])
    expect(stdout).toContain(`          role: ${granted}${name}\n`)
  })

  test.each([
    {
      that: 'without a subdomain',
      arrange: () => (account(cloud).customSubDomainName = null),
      warns: 'has no custom subdomain',
    },
    { that: 'without deployments', arrange: () => deployOnly(), warns: 'has no deployed model' },
    {
      that: 'that az cannot read',
      arrange: () => az.refused.push('cognitiveservices account show'),
      warns: 'cannot read whether contoso-ai has a custom subdomain',
    },
    {
      that: 'whose deployments az cannot read',
      arrange: () => az.refused.push('cognitiveservices account deployment list'),
      warns: 'cannot read the deployments of contoso-ai',
    },
  ])('a resource $that: warns, and goes on', async ({ arrange, warns }) => {
    arrange()
    const { status, stderr } = await setUp(...target(), '--identity', 'shop-pipeline')

    expect({ status, stderr }).toEqual({ status: 0, stderr: expect.stringMatching(`Warning: .*${warns}`) })
    expect(changes()).toContain('role assignment create')
  })

  test('trusts one-time refs by a pattern, once, and warns about who can sign in', async () => {
    const queue = ['--entity-pattern', 'ref:refs/heads/gh-readonly-queue/main/*', ...ids]
    const first = await setUp(...target(), '--application', 'shop-pipeline', ...queue)
    expect(first).toMatchObject({
      status: 0,
      stderr: expect.stringMatching(/^Warning: anyone who can push a ref/),
    })
    const application = cloud.world.applications.find(({ displayName }) => displayName === 'shop-pipeline')
    const value =
      "claims['sub'] matches 'repo:contoso@1200345/shop@674512309:ref:refs/heads/gh-readonly-queue/main/*' and claims['repository_id'] eq '674512309'"
    expect(application?.federatedCredentials).toMatchObject([
      { claimsMatchingExpression: { value, languageVersion: 1 } },
    ])

    await setUp(...target(), '--application', 'shop-pipeline', ...queue)
    expect(application?.federatedCredentials).toHaveLength(1)
    // A subject beside it, which v1.0 of Microsoft Graph could not tell whether it is there.
    const environment = ['--entity', 'environment:production', ...ids]
    for (let time = 1; time <= 2; time += 1)
      expect(await setUp(...target(), '--application', 'shop-pipeline', ...environment)).toMatchObject({
        status: 0,
      })
    expect(application?.federatedCredentials).toHaveLength(2)
  })

  test('the same subject of another issuer gets a separate credential', async () => {
    for (const issuer of ['https://github.contoso.example/_services/token', cloud.endpoints.github])
      await setUp(...target(), '--identity', 'shop-pipeline', '--issuer', issuer)
    const identity = cloud.world.applications.find(({ displayName }) => displayName === 'shop-pipeline')
    expect(new Set(identity?.federatedCredentials.map(({ name }) => name)).size).toBe(2)
  })

  test('the checksum in the name of a credential has eight digits, leading zeros included', async () => {
    const issuer = 'https://github.contoso.example/_services/token'
    const options = ['--identity', 'shop-pipeline', '--issuer', issuer, '--entity', 'environment:e105']
    expect(await setUp(...target(), ...options)).toMatchObject({ status: 0 })

    const identity = cloud.world.applications.find(({ displayName }) => displayName === 'shop-pipeline')
    expect(identity?.federatedCredentials.map(({ name }) => name)).toEqual([
      expect.stringMatching(/^github-.*-0bf50c95$/),
    ])
  })

  test.each([
    ['environment:a_b', 'environment:a-b'],
    [`environment:${'x'.repeat(200)}`, `environment:${'x'.repeat(201)}`],
  ])('%s, %s: their credentials have different names', async (...entities) => {
    for (const entity of entities)
      expect(await setUp(...target(), '--identity', 'shop-pipeline', '--entity', entity)).toMatchObject({
        status: 0,
      })

    const identity = cloud.world.applications.find(({ displayName }) => displayName === 'shop-pipeline')
    const names = identity?.federatedCredentials.map(({ name }) => name) ?? []
    expect(new Set(names).size).toBe(2)
    for (const name of names) expect(name).toMatch(/^github-[\w-]{1,104}-[0-9a-f]{8}$/)
  })

  const variable = (name: string) => `\${{ vars.${name} }}`
  const jobIn = (stdout: string) =>
    parse(stdout.slice(stdout.indexOf('jobs:'), stdout.indexOf('The keys of'))).jobs.gate

  test('prints a job whose inputs exist in the action', async () => {
    const identities = ['--identity', 'shop-pipeline', '--setup-identity', 'shop-setup']
    const { stdout } = await setUp(...target(), ...identities)
    const { inputs } = parse(readFileSync(join(repositoryRoot, 'action.yml'), 'utf8'))
    const job = jobIn(stdout)

    expect(job).toEqual({
      'runs-on': 'ubuntu-latest',
      permissions: { contents: 'read', 'id-token': 'write' },
      steps: [
        {
          uses: `${ownRepository}@v1`,
          with: {
            'client-id': variable('AZURE_CLIENT_ID'),
            'tenant-id': variable('AZURE_TENANT_ID'),
            'setup-client-id': variable('AZURE_SETUP_CLIENT_ID'),
            'resource-id': accountScope(cloud),
            role: roles.user,
            grant: 'auto',
          },
        },
      ],
    })
    expect(Object.keys(inputs)).toEqual(expect.arrayContaining(Object.keys(job.steps[0].with)))
  })

  test('prints the environment of the job, and creates a missing one before its variables', async () => {
    const { stdout } = await setUp(
      ...target(),
      '--identity',
      'shop-pipeline',
      '--entity',
      'environment:production',
    )
    const commands = stdout.split('\n').filter(line => line.startsWith('  gh '))

    expect(jobIn(stdout).environment).toBe('production')
    expect(commands).toEqual([
      "  gh api 'repos/contoso/shop/environments/production' --silent 2>&1 | grep -q 'HTTP 404' && gh api --method PUT 'repos/contoso/shop/environments/production' --silent",
      `  gh variable set AZURE_CLIENT_ID --repo contoso/shop --env 'production' --body ${printed(stdout, 'AZURE_CLIENT_ID')}`,
      `  gh variable set AZURE_TENANT_ID --repo contoso/shop --env 'production' --body ${tenant(cloud).id}`,
      `  gh variable set AZURE_SUBSCRIPTION_ID --repo contoso/shop --env 'production' --body ${subscription(cloud).id}`,
    ])
  })

  test('switches keys off only if asked to, and prints the command that undoes it', async () => {
    const { status, stdout } = await setUp('--resource-id', accountScope(cloud), '--disable-keys')
    expect({ status, calls: changes() }).toEqual({ status: 0, calls: ['rest'] })
    expect(account(cloud).disableLocalAuth).toBe(true)

    const back = join(temporaryFolder(), 'back.sh')
    writeFileSync(back, stdout.slice(stdout.indexOf('  az rest')))
    expect(await runScript(back, [], az.folder)).toMatchObject({ status: 0 })
    expect(account(cloud).disableLocalAuth).toBe(false)
  })

  test.each([
    [['--identity', 'a', '--application', 'b'], 'not both'],
    [[], 'give --identity or --application'],
    [['--identity', 'a', '--subject-form', 'immutable'], 'needs --repository-ids'],
    [['--identity', 'a', '--repository-ids', 'contoso/shop'], 'needs --repository-ids'],
    [['--identity', 'a', '--repository-ids', '674512309'], 'needs --repository-ids'],
    [['--identity', 'a', '--subject-form', 'new'], 'classic, immutable or both'],
    [['--identity', 'a', '--entity', 'environment:"'], 'a quote'],
    [['--identity', 'a', '--repository', 'shop'], 'OWNER/REPO'],
    [['--identity', 'a', '--resource-id', '/subscriptions/1'], '--resource-id is not'],
    [
      [
        '--identity',
        'a',
        '--resource-id',
        `/subscriptions/1/resourceGroups/2/providers/Microsoft.CognitiveServices/accounts/3/projects/4`,
      ],
      'account',
    ],
    [['--identity'], 'needs a value'],
    [['--keys'], 'needs a value'],
    [['--keys', 'off'], 'unknown option --keys'],
    [['--identity', 'a', '--disable-keys'], 'a separate step'],
    [['--identity', 'a', '--entity', 'ref:refs/tags/*'], 'Use --entity-pattern'],
    [['--identity', 'a', '--entity', 'pull_request', '--entity-pattern', 'ref:refs/tags/*'], 'not both'],
    [['--identity', 'a', '--entity-pattern', 'ref:refs/tags/*'], 'is for --application'],
    [
      ['--application', 'a', '--setup-identity', 'b', '--entity-pattern', 'ref:refs/tags/*'],
      'is not for --setup-identity',
    ],
    [['--application', 'a', '--entity-pattern', 'ref:refs/tags/*'], 'needs --repository-ids'],
    [['--application', 'a', ...ids, '--entity-pattern', '*'], 'only the ref can be a pattern'],
    [['--application', 'a', ...ids, '--entity-pattern', 'environment:*'], 'only the ref can be a pattern'],
    [['--identity', 'a', '--role', "'"], 'a quote'],
    [['--identity', 'a', '--app-principal', '/subscriptions/1'], 'object id of an identity'],
  ])('%j: is refused before any request', async (options, reason) => {
    const { status, stderr } = await setUp(...target(), ...options)

    expect({ status, stderr }).toEqual({ status: 1, stderr: expect.stringContaining(reason) })
    expect(az.calls).toEqual([])
  })
})

describe('Bicep, Terraform and script', () => {
  const source = (name: string) => readFileSync(join(folder, name), 'utf8')
  const files = { bicep: source('main.bicep'), terraform: source('main.tf'), script: source('setup.sh') }
  const guidsIn = (file: string) =>
    new Set(file.match(/\b[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\b/g) ?? [])
  const versionsIn = (file: string) =>
    new Set([...file.matchAll(/["'](Microsoft\.[\w/]+@[\d-]+)["']/g)].map(([, type]) => type))
  const pipeline = '3d1f8a60-7c52-4b9e-a6d4-0e95c27b1f83'
  const deployed = '5b0f3c94-2e8d-4a71-b6c5-f19d07e4a832'
  function idsAt(place: string): string {
    if (/takers/i.test(place)) return `${pipeline}, ${deployed}`
    return /principal/i.test(place) ? pipeline : roles.user
  }
  /** With the ids of the role, of the pipeline and of an app in the places where each file writes its own. */
  const conditionIn = (file: string) => {
    const place = String.raw`\{(<[\w-]+>|\$\{?[\w.]+\}?)\}`
    const found = new RegExp(
      String.raw`\(\s+\(!\(ActionMatches[^@]*(?:@[^@]*${place}[^@]*?){4}\s+\)\s+\)`,
    ).exec(file)
    return found?.[0]
      .replaceAll(new RegExp(place, 'g'), (_, name: string) => `{${idsAt(name)}}`)
      .replaceAll(/\s+/g, ' ')
  }

  test('name the same roles', () => {
    const wanted = new Set([roles.user, roles.openAIUser, roles.rbacAdministrator])
    // The namespace in which guid() makes names.
    const namespace = '11fb06fb-712d-4ddd-98c7-e71bbd588830'

    expect(guidsIn(files.bicep)).toEqual(wanted)
    expect(guidsIn(files.script)).toEqual(wanted)
    expect(guidsIn(files.terraform)).toEqual(new Set([...wanted, namespace]))
  })

  test('use the same types in the same versions', () => {
    const account = 'Microsoft.CognitiveServices/accounts@2025-06-01'

    // A template destroys nothing, so there is nothing to purge.
    const purge = 'Microsoft.CognitiveServices/locations/resourceGroups/deletedAccounts@2025-06-01'

    expect(versionsIn(files.bicep)).toContain(account)
    expect(versionsIn(files.terraform)).toEqual(versionsIn(files.bicep).add(purge))
    expect(files.script).toContain('$resource_id?api-version=2025-06-01')
  })

  test('create a resource only if asked to, and then with keys off', () => {
    expect(files.bicep).toMatch(/^param createAccount bool = false$/m)
    expect(files.bicep).toMatch(
      /accounts@2025-06-01' = if \(createAccount\) \{(?:\n .*)+\n {4}disableLocalAuth: true$/m,
    )
    expect(files.terraform).toMatch(/^variable "create_account" \{\n.*\n.*\n {2}default {5}= false$/m)
    expect(files.terraform).toMatch(
      /^resource "azapi_resource" "account" \{\n {2}count {5}= var\.create_account \? 1 : 0\n(?: .*\n)+? {6}disableLocalAuth {7}= true$/m,
    )
    for (const file of [files.bicep, files.terraform]) expect(file.match(/disableLocalAuth/g)).toHaveLength(1)
  })

  test('trust the same issuer and audience', () => {
    for (const file of Object.values(files)) {
      expect(file).toContain('https://token.actions.githubusercontent.com')
      expect(file).toContain('api://AzureADTokenExchange')
    }
  })

  test('give credentials distinct names, with a hash of issuer and subject', () => {
    expect(files.bicep).toMatch(/^ {2}name: 'github-.*-\$\{take\(uniqueString\(issuer, subject\), 8\)\}'$/m)
    expect(files.terraform).toMatch(
      /^ {4}"github-.*-\$\{substr\(sha256\("\$\{var\.issuer\} \$\{subject\}"\), 0, 8\)\}" => subject$/m,
    )
  })

  test('delegate under the same condition', () => {
    expect(conditionIn(files.bicep)).toBeDefined()
    expect(conditionIn(files.terraform)).toBe(conditionIn(files.bicep))
    expect(conditionIn(files.script)).toBe(conditionIn(files.bicep))
  })

  const ofUser = { RoleDefinitionId: roles.user, PrincipalId: pipeline, PrincipalType: 'ServicePrincipal' }
  const ofOwner = { ...ofUser, RoleDefinitionId: roles.owner }
  const ofApp = { ...ofUser, PrincipalId: deployed }
  const ofAnother = { ...ofUser, PrincipalId: '8a6e4d21-5f3b-4c70-9d18-b2c7e5a0f964' }
  test.each([
    { action: 'write', request: ofUser, allowed: true },
    { action: 'write', request: ofOwner, allowed: false },
    { action: 'write', request: ofAnother, allowed: false },
    { action: 'write', request: ofApp, allowed: true },
    { action: 'write', request: { ...ofApp, RoleDefinitionId: roles.owner }, allowed: false },
    { action: 'delete', resource: ofUser, allowed: true },
    { action: 'delete', resource: ofApp, allowed: false },
    { action: 'delete', resource: ofOwner, allowed: false },
    { action: 'delete', resource: ofAnother, allowed: false },
  ])('which allows $action of $request$resource: $allowed', ({ action, allowed, ...assignment }) => {
    const subject = { action: `Microsoft.Authorization/roleAssignments/${action}`, ...assignment }

    expect(fulfils(conditionIn(files.bicep) ?? '', subject)).toBe(allowed)
  })
})
