import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { alsoHolds, app, customRole, holds, managedIdentity, roles } from '../support/arrange.ts'
import { type CodeCases, everyService, testCodes } from '../support/code-cases.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud({ lag: { roleAssignments: [0, 40_000, 90_000] } })
})
beforeEach(() => {
  cloud.reset()
  alsoHolds(cloud, { role: roles.user })
})
afterAll(() => cloud.close())

const identity = () => managedIdentity(cloud).principal.objectId

const cases: Pick<CodeCases<'production'>, 'runtime-access-missing' | 'runtime-access-unknown'> = {
  'runtime-access-missing': [
    {
      when: 'nothing is to be granted: the command grants it',
      run: () => ({ inputs: { grant: 'never', 'runtime-principals': identity() } }),
      outputs: { 'runtime-access': 'missing', 'role-state': 'direct' },
      mend: { fix: /^az role assignment create/ },
    },
    {
      when: 'its role does not cover its deployment: another one is named',
      run: () => ({
        inputs: {
          grant: 'never',
          'runtime-principals': `${identity()}; deployments=DeepSeek-V3; role=Cognitive Services OpenAI User`,
        },
      }),
      says: /Cognitive Services OpenAI User is not granted, because it does not cover/,
      mend: {
        fix: /role=Cognitive Services User/,
        by: () => alsoHolds(cloud, { role: roles.user, principalId: identity() }),
      },
    },
  ],
  'runtime-access-unknown': [
    {
      when: 'a resource that may not be read: the command lets it be',
      arrange: () => {
        const { principalId } = app(cloud, 'shop')
        holds(cloud, { role: roles.reader }, { role: roles.user }, { role: roles.user, principalId })
      },
      run: () => ({ inputs: { 'runtime-principals': cloud.world.resources[0]?.id ?? '' } }),
      outputs: { 'runtime-access': 'unknown' },
      mend: { fix: /^az role assignment create[\s\S]*containerApps\/shop$/ },
    },
    {
      when: 'role assignments that may not be read: the command lets them be',
      arrange: () => holds(cloud, { role: roles.user }, { role: roles.user, principalId: identity() }),
      run: () => ({ inputs: { grant: 'never', 'runtime-principals': identity() } }),
      mend: { fix: /^az role assignment create/ },
    },
    {
      when: 'a role whose definition may not be read',
      arrange: () => {
        const looker = customRole(cloud, {
          actions: [
            'Microsoft.CognitiveServices/*/read',
            'Microsoft.Authorization/roleAssignments/read',
            'Microsoft.Authorization/denyAssignments/read',
          ],
        })
        const caller = customRole(cloud, { dataActions: ['Microsoft.CognitiveServices/*'] })
        holds(
          cloud,
          { role: looker },
          { role: roles.dataContributor },
          { role: caller, principalId: identity() },
        )
      },
      run: () => ({ inputs: { grant: 'never', 'runtime-principals': identity() } }),
      says: /whose definition cannot be read/,
      mend: { fix: /^az role assignment create/ },
    },
    {
      when: 'nobody wants to fail for it',
      run: () => ({
        inputs: { 'runtime-principals': app(cloud, 'shop', { systemAssigned: false }).id },
      }),
      mend: { fix: /runtime-unknown: warn/ },
    },
  ],
}
testCodes(() => cloud, cases, everyService)
