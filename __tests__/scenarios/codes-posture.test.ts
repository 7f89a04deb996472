import { defaultWorld } from '../../local-cloud/default-world.ts'
import { accountKeys } from '../../local-cloud/inference/keys.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import {
  account,
  accountEndpoint,
  alsoHolds,
  ends,
  groupScope,
  holds,
  refuse,
  roles,
} from '../support/arrange.ts'
import { type CodeCases, everyService, testCodes } from '../support/code-cases.ts'
import { accountScope, logOf, runGate } from '../support/scenario.ts'

const minute = 60_000

function twoAccounts() {
  const [first] = defaultWorld.accounts
  if (first === undefined) throw new Error('The default world has an account')
  const second = { ...first, name: 'fabrikam-ai', customSubDomainName: 'fabrikam-ai' }
  return { ...defaultWorld, accounts: [first, second] }
}

let cloud: LocalCloud
/** Its data plane hears of key access twenty minutes late. */
let slow: LocalCloud
/** Has a second resource, in which the same deployment answers the same pipeline. */
let two: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
  slow = await createLocalCloud({ lag: { keyAccess: [20 * minute] } })
  two = await createLocalCloud({ seed: twoAccounts() })
})
beforeEach(() => {
  cloud.reset()
  slow.reset()
  two.reset()
})
afterAll(() => Promise.all([cloud.close(), slow.close(), two.close()]))

const takesKeys = (disableLocalAuth: boolean | null) => () => {
  account(cloud).disableLocalAuth = disableLocalAuth
}
const retiredKeyOf = (at: LocalCloud) => ({ 'retired-key': accountKeys(accountScope(at)).key1 })

const cases: Pick<CodeCases<'posture'>, 'keys-enabled'> = {
  'keys-enabled': [
    {
      when: 'disableLocalAuth is false, and the role is missing: nothing is granted',
      arrange: takesKeys(false),
      run: () => ({ inputs: { 'key-access': 'forbid' } }),
      outputs: { 'key-access': 'enabled', 'role-state': 'missing' },
      says: /allowKeys: false leaves keys on/,
      mend: {
        fix: /^az resource update --ids \S+ --api-version \S+ --set properties\.disableLocalAuth=true$/,
      },
    },
    {
      when: 'disableLocalAuth is null',
      arrange: takesKeys(null),
      run: () => ({ inputs: { 'key-access': 'forbid' } }),
      outputs: { 'key-access': 'enabled' },
      says: /resource account 'Microsoft\.CognitiveServices\/accounts@\S+' = \{\s+name: 'contoso-ai'/,
      mend: {
        advice: /^Policy › .* › scope: the resource group rg-keyless › Remediation/,
        by: takesKeys(true),
      },
    },
  ],
}
testCodes(() => cloud, cases, everyService)

/** The role is held: what fails comes after the proof. */
const mayInfer = () => alsoHolds(cloud, { role: roles.user })

testCodes(
  () => cloud,
  {
    'retired-key-accepted': [
      {
        when: 'Resource Manager says that keys are on: at once',
        arrange: () => {
          mayInfer()
          takesKeys(false)()
        },
        run: () => ({ inputs: retiredKeyOf(cloud) }),
        outputs: { 'key-access': 'enabled', attempts: '1' },
        says: /waiting does not change that/,
        mend: { fix: /^az resource update/ },
      },
    ],
    'model-retires-soon': [
      {
        when: 'a model with fewer days left, which is moved to another one',
        arrange: () => {
          mayInfer()
          ends(cloud, 'chat', 20.5)
        },
        run: () => ({ inputs: { 'model-days-left': '30' } }),
        says: /chat must have 30 days left\. gpt-4\.1-mini .* in 20 days\./,
        mend: { fix: /^az resource update/, fill: { '<MODEL>': 'gpt-5-mini', '<VERSION>': '2025-08-07' } },
      },
      {
        when: 'fewer days are enough after all',
        arrange: () => {
          mayInfer()
          ends(cloud, 'chat', 20.5)
        },
        run: () => ({ inputs: { 'model-days-left': '30' } }),
        mend: { fix: /model-days-left: "20"/ },
      },
      {
        when: 'a model that no list has',
        arrange: () => {
          mayInfer()
          refuse(cloud, 'models.listOfAccount', 200, { value: [] })
        },
        run: () => ({ inputs: { 'model-days-left': '30' } }),
        says: /It is not known when the model of chat retires: gpt-4\.1-mini 2025-04-14 is not in the list of models\./,
        mend: { elsewhere: 'Azure lists the model, or the input is left out' },
      },
    ],
    'resource-manager-forbidden': [
      {
        when: 'key-access: forbid, and the account may not be read',
        arrange: () => holds(cloud, { role: roles.dataContributor }),
        run: () => ({ inputs: { 'key-access': 'forbid', endpoint: accountEndpoint(cloud) } }),
        outputs: { 'key-access': 'unknown' },
        says: /while reading the account, which `key-access: forbid` needs.*or test a `retired-key`/s,
        mend: { fix: /^az role assignment create/ },
      },
    ],
  },
  everyService,
)

testCodes(
  () => cloud,
  {
    'finding-forbidden': [
      {
        when: 'keys are on, and fail-on: high; the role stays as it is',
        arrange: () => {
          mayInfer()
          takesKeys(false)()
        },
        run: () => ({ inputs: { 'fail-on': 'high' } }),
        outputs: { 'key-access': 'enabled', 'role-state': 'direct', attempts: '1' },
        says: /The run leaves keys-enabled \(high\)\..*Access is proven: every deployment answered/s,
        mend: { fix: /^az resource update/ },
      },
      {
        when: 'the pipeline may assign any role, and fail-on: medium; graver ones only',
        arrange: mayInfer,
        run: () => ({ inputs: { 'fail-on': 'medium' } }),
        says: /The run leaves can-assign-roles \(medium\)\./,
        mend: { fix: /^with:\s+fail-on: high$/ },
      },
    ],
  },
  everyService,
)

describe('fail-on', () => {
  test('low passes a run with just the role of Microsoft’s guide, whose rights are only information', async () => {
    holds(cloud, { role: roles.user }, { role: roles.reader })
    const run = await runGate(cloud, { inputs: { 'fail-on': 'low' } })

    expect(run.outputs).toMatchObject({ result: 'passed', 'role-state': 'direct' })
    expect(run.report).toMatchObject({ findings: [], information: [expect.any(String)] })
  })

  test('passes less severe findings', async () => {
    mayInfer()
    const run = await runGate(cloud, { inputs: { 'fail-on': 'high' } })

    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject({ findings: [{ id: 'can-assign-roles', severity: 'medium' }] })
  })

  test('is mentioned by a plan, which does not fail', async () => {
    takesKeys(null)()
    const run = await runGate(cloud, { inputs: { 'fail-on': 'medium', grant: 'plan' } })

    expect(run.outputs).toMatchObject({ result: 'planned', diagnosis: '' })
    expect(run.log).toContain(
      'Plan: fail-on is medium, and the gate would fail with finding-forbidden: The run leaves keys-enabled (high) and can-assign-roles (medium).',
    )
  })

  test('a run that failed before keeps its diagnosis: findings count only for runs that passed', async () => {
    holds(cloud, { role: roles.reader })
    const run = await runGate(cloud, { inputs: { 'fail-on': 'low', grant: 'never' } })

    expect(run.outputs.diagnosis).toBe('access-denied')
  })
})

testCodes(
  () => slow,
  {
    'retired-key-accepted': [
      {
        when: 'a switch-off that does not get there within propagation-timeout',
        arrange: () => {
          alsoHolds(slow, { role: roles.user })
          account(slow).keyAccessChangedOn = new Date(slow.clock.now()).toISOString()
        },
        run: () => ({ inputs: retiredKeyOf(slow) }),
        within: 15 * minute,
        outputs: { 'key-access': 'disabled' },
        says: /still accepted the key after 15 min/,
        mend: { fix: /propagation-timeout: "30m"/ },
      },
      {
        when: 'an endpoint alone, whose resource is not asked',
        arrange: () => {
          alsoHolds(slow, { role: roles.user })
          account(slow).disableLocalAuth = false
        },
        run: () => ({
          inputs: {
            'resource-id': '',
            'resource-manager-endpoint': '',
            endpoint: accountEndpoint(slow),
            'propagation-timeout': '90s',
            ...retiredKeyOf(slow),
          },
        }),
        within: 90_000,
        outputs: { 'key-access': 'enabled' },
        mend: {
          advice: /^Policy › /,
          by: () => {
            account(slow).disableLocalAuth = true
          },
        },
      },
    ],
  },
  everyService,
)

/** A variable that still names the other resource. */
const staleEndpoint = () => ({ endpoint: [...two.endpoints.accounts.values()][1] ?? '' })
const mayInferInBoth = () =>
  holds(two, { role: roles.reader, scope: groupScope(two) }, { role: roles.user, scope: groupScope(two) })

testCodes(
  () => two,
  {
    'endpoint-of-another-resource': [
      {
        when: 'a stale variable, and key-access: forbid; without it the resource itself is called',
        arrange: mayInferInBoth,
        run: () => ({ inputs: { 'key-access': 'forbid', ...staleEndpoint() } }),
        outputs: { 'key-access': 'disabled' },
        says: /resource-id: \S+contoso-ai"\s+key-access: forbid.*Gate a gateway in two steps/s,
        mend: {
          advice: /^with:\s+resource-id: /,
          run: () => ({ inputs: { endpoint: '' } }),
        },
      },
      {
        when: 'keys of the other resource work: they are no concern of what Resource Manager was asked',
        arrange: () => {
          mayInferInBoth()
          const [, other] = two.world.accounts
          if (other === undefined) throw new Error('This world has two accounts')
          other.disableLocalAuth = false
        },
        run: () => ({ inputs: { 'key-access': 'forbid', ...staleEndpoint() } }),
        mend: {
          advice: /^with:\s+resource-id: /,
          run: () => ({ inputs: { endpoint: '' } }),
        },
      },
    ],
  },
  everyService,
)

const whose = (endpointIsOwn: boolean | null) => ({ target: { endpointIsOwn } })

describe('an endpoint beside the resource', () => {
  test('of another resource: passed, with a finding that names both', async () => {
    mayInferInBoth()
    const run = await runGate(two, { inputs: staleEndpoint() })
    expect(run.outputs).toMatchObject({ result: 'passed', 'key-access': 'disabled' })
    expect(run.report).toMatchObject(whose(false))
    expect(logOf(run)).toContain('Finding endpoint-of-another-resource (medium)')
    expect(logOf(run)).toContain(`The calls go to ${staleEndpoint().endpoint}. Hosts of contoso-ai are `)
    expect(run.summary).toContain('endpoint-of-another-resource')
  })

  test('of another resource: the age of the role there is unknown, so one answer is no proof', async () => {
    const old = new Date(two.clock.now() - 24 * 60 * minute)
    holds(two, { role: roles.user, createdOn: old }, { role: roles.reader, createdOn: old })
    const there = accountScope(two).replace('contoso-ai', 'fabrikam-ai')
    alsoHolds(two, { role: roles.user, scope: there, createdOn: old })
    const run = await runGate(two, { inputs: staleEndpoint() })

    expect(run.outputs).toMatchObject({ result: 'passed', connections: '3' })
    expect(run.report).toMatchObject({ row: 'made' })
  })

  test('of another resource that denies the call: the role is granted, and log and fix say why that does not help', async () => {
    holds(two, { role: roles.owner, scope: groupScope(two) })
    const run = await runGate(two, { inputs: { 'propagation-timeout': '30s', ...staleEndpoint() } })

    expect(run.outputs).toMatchObject({ diagnosis: 'access-not-propagated', 'role-state': 'granted' })
    const { endpoint } = staleEndpoint()
    expect(logOf(run)).toContain(`The calls go to ${endpoint}, which is not a host of the resource`)
    expect(logOf(run)).toContain('no role on contoso-ai counts there')
    expect(run.report).toMatchObject({
      diagnosis: { fixes: [{ title: expect.stringContaining('Remove the input `endpoint`') }, {}] },
    })
    const mended = await runGate(two, { inputs: { endpoint: '' } })
    expect(mended.outputs.result).toBe('passed')
  })

  test('of another resource, under grant: plan with forbid: the plan says what would fail', async () => {
    mayInferInBoth()
    const run = await runGate(two, {
      inputs: { 'key-access': 'forbid', grant: 'plan', ...staleEndpoint() },
    })
    expect(run.outputs).toMatchObject({ result: 'planned', diagnosis: '' })
    expect(logOf(run)).toContain('the gate would fail with endpoint-of-another-resource')
  })

  test.each([
    ['its own', () => ({ endpoint: accountEndpoint(two) }), true],
    ['none: the calls go where Resource Manager says', () => ({}), true],
  ])('%s', async (_, endpoint, isOwn) => {
    mayInferInBoth()
    const run = await runGate(two, { inputs: { 'key-access': 'forbid', ...endpoint() } })
    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject(whose(isOwn))
    expect(logOf(run)).not.toContain('endpoint-of-another-resource')
  })

  test('of another resource, with model-days-left: the models of this resource say nothing about the answer', async () => {
    mayInferInBoth()
    const run = await runGate(two, { inputs: { 'model-days-left': '1', ...staleEndpoint() } })
    expect(run.outputs).toMatchObject({ result: 'failed', diagnosis: 'model-retires-soon' })
    expect(logOf(run)).toContain(
      'It is not known when the model of chat retires: the input `endpoint` may belong to another resource',
    )
    expect(run.report).toMatchObject({
      models: [{ deployment: 'chat', unknown: expect.stringContaining('where other models answer') }],
    })
  })

  test('of an account that cannot be read: not known', async () => {
    holds(two, { role: roles.dataContributor, scope: groupScope(two) })
    const run = await runGate(two, { inputs: staleEndpoint() })
    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject(whose(null))
  })
})
