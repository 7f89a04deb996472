import type { Assignment } from '../../src/azure/rbac/assignment.ts'
import { assignRoles, delegationCondition } from '../../src/azure/rbac/delegation-conditions.ts'
import { codeByAssignments, codeByPermissions } from '../../src/gate/refused-grant.ts'

const scope = '/subscriptions/s/resourceGroups/g/providers/Microsoft.CognitiveServices/accounts/contoso-ai'
const administrator = 'f58310d9-a9f6-439a-9e8d-f62e7b41a168'
const foundryAccountOwner = 'e47c6f54-e4a2-4754-9501-8e0985b135e1'
const reader = 'acdd72a7-3385-48ef-bd42-f606fba81ae7'
const user = 'a97b65f3-24c7-4388-baec-2e87135dc908'

const held = (roleGuid: string, others: Partial<Assignment> = {}): Assignment => ({
  id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${roleGuid}`,
  scope,
  roleGuid,
  principalId: 'p',
  createdOn: undefined,
  ...others,
})
const underCondition = { condition: delegationCondition([user]) }

test.each([
  [
    'a right under a condition of the assignment',
    [held(administrator, underCondition)],
    'delegation-condition-unmet',
  ],
  ['a right under a condition of the definition', [held(foundryAccountOwner)], 'delegation-condition-unmet'],
  ['a right without one', [held(administrator)], 'cannot-assign-role'],
  ['both', [held(administrator, underCondition), held(administrator)], 'cannot-assign-role'],
  [
    'a right above the resource',
    [held(administrator, { scope: '/subscriptions/s', ...underCondition })],
    'delegation-condition-unmet',
  ],
  [
    'a right below the resource',
    [held(administrator, { scope: `${scope}/projects/p`, ...underCondition })],
    undefined,
  ],
  ['no right', [held(reader)], undefined],
  ['a custom role, of which nothing is known', [held('11111111-2222-4333-8444-555555555555')], undefined],
  ['nothing', [], undefined],
  ['nobody knows what', undefined, undefined],
])('assignments that hold %s', (_, assignments, code) => {
  expect(codeByAssignments({ assignments, scope })).toBe(code)
})

test.each([
  ['the right', [{ actions: ['*/read', assignRoles] }], 'delegation-condition-unmet'],
  ['no right', [{ actions: ['*'], notActions: ['Microsoft.Authorization/*/Write'] }], 'cannot-assign-role'],
  ['nobody knows what', undefined, 'cannot-assign-role'],
])('effective permissions that hold %s', (_, permissions, code) => {
  expect(codeByPermissions(permissions)).toBe(code)
})
