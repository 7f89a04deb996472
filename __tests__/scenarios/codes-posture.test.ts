import { accountKeys } from '../../local-cloud/inference/keys.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { account, accountEndpoint, alsoHolds, holds, roles } from '../support/arrange.ts'
import { type CodeCases, everyService, testCodes } from '../support/code-cases.ts'
import { accountScope } from '../support/scenario.ts'

const minute = 60_000

let cloud: LocalCloud
/** Its data plane hears of key access twenty minutes late. */
let slow: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
  slow = await createLocalCloud({ lag: { keyAccess: [20 * minute] } })
})
beforeEach(() => {
  cloud.reset()
  slow.reset()
})
afterAll(() => Promise.all([cloud.close(), slow.close()]))

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
        says: /no waiting changes that/,
        mend: { fix: /^az resource update/ },
      },
    ],
    'resource-manager-forbidden': [
      {
        when: 'key-access: forbid, and the account may not be read',
        arrange: () => holds(cloud, { role: roles.dataContributor }),
        run: () => ({ inputs: { 'key-access': 'forbid', endpoint: accountEndpoint(cloud) } }),
        outputs: { 'key-access': 'unknown' },
        says: /while reading the account, which `key-access: forbid` needs.*or `retired-key` given/s,
        mend: { fix: /^az role assignment create/ },
      },
    ],
  },
  everyService,
)

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
        says: /still took the key after 15 min/,
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
