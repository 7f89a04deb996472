import { defaultWorld } from '../../local-cloud/default-world.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import {
  account,
  accountEndpoint,
  alsoHolds,
  groupScope,
  holds,
  refuse,
  roles,
  setupIdentity,
  subscription,
} from '../support/arrange.ts'
import type { GateRun } from '../support/gate-run.ts'
import { accountScope, logOf, operations, runGate, runPost } from '../support/scenario.ts'

/** Addresses as people have them. */

const [first] = defaultWorld.accounts
if (first === undefined) throw new Error('The default world has an account')
const second = {
  ...first,
  name: 'contoso-other',
  customSubDomainName: 'contoso-other',
  resourceGroup: 'rg-other',
  projects: [],
}

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud({
    seed: {
      ...defaultWorld,
      resourceGroups: [
        ...defaultWorld.resourceGroups,
        { subscriptionId: first.subscriptionId, name: 'rg-other', location: 'swedencentral' },
      ],
      accounts: [first, second],
    },
    granted: true,
  })
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const deployment = () => account(cloud).deployments[0]?.name ?? ''
const alone = (path: string) => ({
  'resource-id': '',
  'resource-manager-endpoint': '',
  endpoint: `${accountEndpoint(cloud)}${path}`,
})

test("a client's whole address: the gate calls its deployment, with its route and version", async () => {
  const path = `/openai/deployments/${deployment()}/chat/completions?api-version=2024-06-01`
  const run = await runGate(cloud, { inputs: { ...alone(path), deployments: '' } })

  expect(run.outputs).toMatchObject({ result: 'passed', endpoint: accountEndpoint(cloud) })
  expect(run.requests.at(-1)).toMatchObject({ target: path, status: 200 })
  expect(logOf(run)).toContain(
    `names the deployment ${deployment()} and api-version 2024-06-01, and the endpoint ${accountEndpoint(cloud)}`,
  )
})

test('with an endpoint alone there is no request to Resource Manager, and the log says how to get one', async () => {
  const run = await runGate(cloud, { inputs: { ...alone('/openai/v1/'), deployments: deployment() } })

  expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown' })
  expect(run.requests.map(({ service }) => service)).not.toContain('resource-manager')
  expect(operations(run).at(-1)).toBe('chatCompletions.create')
  expect(logOf(run)).toMatch(
    /Only `endpoint` is given.*`subscription-id`.*AZURE_SUBSCRIPTION_ID alone does not/,
  )
})

describe('an endpoint, and the subscription that its resource is in', () => {
  const inSubscription = (path = '') => ({
    'resource-id': '',
    endpoint: `${accountEndpoint(cloud)}${path}`,
    'subscription-id': subscription(cloud).id,
  })
  const secondScope = () =>
    accountScope(cloud).replace('rg-keyless', 'rg-other').replace('contoso-ai', 'contoso-other')
  /** It may call the models, and read no account. */
  const callsOnly = () => holds(cloud, { role: roles.dataContributor })
  const warnings = ({ annotations }: GateRun) =>
    annotations.filter(({ level }) => level === 'warning').map(({ message }) => message)
  const targetOf = ({ report }: GateRun) => report as { target: object }

  test('the resource is found by its host: the role is granted there, and log, summary and report say which', async () => {
    holds(
      cloud,
      { role: roles.reader, scope: groupScope(cloud) },
      { role: roles.rbacAdministrator, scope: groupScope(cloud) },
    )
    const run = await runGate(cloud, { inputs: { ...inSubscription('/openai/v1'), deployments: '' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted', 'key-access': 'disabled' })
    expect(operations(run)).toContain('accounts.listBySubscription')
    expect(logOf(run)).toContain(`The endpoint belongs to the resource ${accountScope(cloud)}`)
    expect(run.log).toContain('▸ Find the resource')
    expect(run.summary).toContain('found by its host')
    expect(targetOf(run).target).toMatchObject({
      kind: 'resource',
      resourceId: accountScope(cloud),
      endpointIsOwn: true,
      search: 'found',
    })
  })

  test('the gate compares every host of every account, on all pages of the list', async () => {
    const { openAI = '' } = cloud.endpoints.hosts.get(accountScope(cloud).toLowerCase()) ?? {}
    const path = `/subscriptions/${subscription(cloud).id}/providers/Microsoft.CognitiveServices/accounts`
    const body = {
      value: [],
      nextLink: `${cloud.endpoints.resourceManager}${path}?api-version=2025-06-01`,
    }
    refuse(cloud, 'accounts.listBySubscription', 200, body, {}, 1)
    const run = await runGate(cloud, { inputs: { ...inSubscription(), endpoint: openAI } })

    expect(run.outputs).toMatchObject({ result: 'passed', endpoint: openAI })
    expect(targetOf(run).target).toMatchObject({ resourceId: accountScope(cloud), search: 'found' })
    expect(operations(run).filter(name => name === 'accounts.listBySubscription')).toHaveLength(2)
  })

  test('of a project: the role counts at the project', async () => {
    const [project] = account(cloud).projects
    const run = await runGate(cloud, {
      inputs: { ...inSubscription(`/api/projects/${project?.name}/openai/v1`), 'key-access': 'forbid' },
    })

    expect(run.outputs).toMatchObject({ result: 'passed', 'key-access': 'disabled' })
    expect(targetOf(run).target).toMatchObject({
      resourceId: `${accountScope(cloud)}/projects/${project?.name}`,
      search: 'found',
    })
  })

  test('a temporary grant there is removed at the end of the job', async () => {
    const { clientId, principalId } = setupIdentity(cloud)
    holds(cloud, { role: roles.owner, principalId })
    const inputs = { ...inSubscription(), 'setup-client-id': clientId, revoke: 'true' }
    const run = await runGate(cloud, { inputs })
    const post = await runPost(cloud, run, { inputs })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'granted' })
    expect(operations(post)).toContain('roleAssignments.delete')
    expect(cloud.world.roleAssignments).toHaveLength(1)
  })

  test('no readable account has the host: the gate only makes the call, and warns', async () => {
    callsOnly()
    alsoHolds(cloud, { role: roles.reader, scope: secondScope() })
    const run = await runGate(cloud, { inputs: inSubscription() })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown', 'key-access': 'unknown' })
    expect(operations(run)).not.toContain('roleAssignments.create')
    expect(warnings(run)).toEqual([
      expect.stringMatching(
        /^None of the 1 accounts that this identity can read .* has the host .*Only the call is proven: no role was checked or granted/,
      ),
    ])
    expect(logOf(run)).toMatch(
      /Key-less access is proven: .*no role was checked: the resource was not found\.$/,
    )
    expect(run.summary).toContain('None of the 1 accounts')
    expect(targetOf(run).target).toMatchObject({ kind: 'endpoint', resourceId: null, search: 'none' })
  })

  test('several accounts have the host: the gate does not guess', async () => {
    cloud.faults.add({
      name: 'the same host twice',
      operation: 'accounts.listBySubscription',
      effect: { kind: 'edit', path: ['value', 1, 'properties', 'endpoint'], value: accountEndpoint(cloud) },
    })
    holds(
      cloud,
      { role: roles.owner, scope: `/subscriptions/${subscription(cloud).id}` },
      { role: roles.user },
    )
    const run = await runGate(cloud, { inputs: inSubscription() })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown' })
    expect(warnings(run)).toEqual([expect.stringContaining('2 accounts of the subscription')])
    expect(warnings(run)[0]).toContain(accountScope(cloud))
    expect(warnings(run)[0]).toContain(secondScope())
    expect(targetOf(run).target).toMatchObject({ search: 'several' })
  })

  test('no account can be read: the same', async () => {
    callsOnly()
    const run = await runGate(cloud, { inputs: inSubscription() })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown' })
    expect(warnings(run)).toEqual([
      expect.stringContaining('This identity can read no account of the subscription'),
    ])
    expect(targetOf(run).target).toMatchObject({ search: 'forbidden' })
  })

  test.each([
    ['a role', { role: 'Cognitive Services OpenAI User' }, 'role'],
    ['a role that is only to be verified', { grant: 'never' }, 'grant'],
    ['a plan', { grant: 'plan' }, 'grant'],
    [
      'a group',
      { 'principal-id': '9a0c1f6e-52d7-4b83-8e4a-7f3d20b5c611', 'principal-type': 'Group' },
      'principal-id',
    ],
    ['keys that must be off', { 'key-access': 'forbid' }, 'key-access'],
    ['findings that must not be', { 'fail-on': 'high' }, 'fail-on'],
    [
      'who runs the app',
      { 'runtime-principals': '9a0c1f6e-52d7-4b83-8e4a-7f3d20b5c611' },
      'runtime-principals',
    ],
    ['a deployment of its list', { deployments: '' }, 'deployments'],
  ])('%s needs it: without it the gate is red and calls nothing', async (_, inputs, name) => {
    callsOnly()
    alsoHolds(cloud, { role: roles.reader, scope: secondScope() })
    const run = await runGate(cloud, { inputs: { ...inSubscription(), ...inputs } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'resource-not-found' })
    expect(logOf(run)).toContain(`finding the resource by its host, which \`${name}\` needs`)
    expect(logOf(run)).toMatch(/None of the 1 accounts.*Name the resource with `resource-id` instead/s)
    expect(run.requests.map(({ service }) => service)).not.toContain('inference')
  })

  test('it is needed but cannot be read: the diagnosis is the refusal', async () => {
    callsOnly()
    const run = await runGate(cloud, { inputs: { ...inSubscription(), 'key-access': 'forbid' } })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'resource-manager-forbidden' })
    expect(logOf(run)).toContain('Microsoft.CognitiveServices/accounts/read')
  })

  test('a missing subscription is an error, not a reason to check less', async () => {
    const run = await runGate(cloud, {
      inputs: { ...inSubscription(), 'subscription-id': '0e9c3a72-5b14-4d8f-96a3-c7f1e2d40b58' },
    })

    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'subscription-not-found' })
  })

  test('the variable AZURE_SUBSCRIPTION_ID alone starts no search', async () => {
    const run = await runGate(cloud, {
      inputs: { ...inSubscription(), 'subscription-id': '' },
      env: { AZURE_SUBSCRIPTION_ID: subscription(cloud).id },
    })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'unknown' })
    expect(run.requests.map(({ service }) => service)).not.toContain('resource-manager')
    expect(targetOf(run).target).toMatchObject({ search: null })
  })
})
