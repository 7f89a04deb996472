import fc from 'fast-check'
import { fulfils } from '../../../local-cloud/delegation-conditions.ts'
import {
  allowsAssigning,
  assignRoles,
  delegationCondition,
  leaves,
  type NewAssignment,
} from '../../../src/azure/rbac/delegation-conditions.ts'
import { hostileText } from '../../support/hostile-text.ts'

const openAIUser = '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'
const owner = '8e3af657-a8ff-443c-a75c-2fe8c4bcb635'
const pipeline = '99999999-8888-4777-8666-555555555555'
const attribute = (name: string, source = 'Request') =>
  `@${source}[Microsoft.Authorization/roleAssignments:${name}]`
const assignment: NewAssignment = {
  roleGuid: openAIUser,
  principalType: 'ServicePrincipal',
  principalId: pipeline,
}

const openTo = (guid: string) => `${attribute('PrincipalId')} GuidEquals ${guid}`

/** As the portal lays them out. */
const portal = `
(
 (
  !(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})
 )
 OR
 (
  ${attribute('RoleDefinitionId')} ForAnyOfAnyValues:GuidEquals {${openAIUser}, ${owner}}
  AND
  ${attribute('PrincipalType')} ForAnyOfAnyValues:StringEqualsIgnoreCase {'serviceprincipal', 'Group'}
 )
)
AND
(
 (
  !(ActionMatches{'Microsoft.Authorization/roleAssignments/delete'})
 )
 OR
 (
  ${attribute('RoleDefinitionId', 'Resource')} ForAnyOfAnyValues:GuidEquals {${owner}}
 )
)`
const allButPrivileged = `(!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'}) OR (${attribute('RoleDefinitionId')} ForAnyOfAllValues:GuidNotEquals {${owner}}))`

test.each<[string, string, Partial<NewAssignment>, boolean | undefined]>([
  ['the portal’s form, fulfilled', portal, {}, true],
  ['a type that it does not name', portal, { principalType: 'User' }, false],
  ['a role that it does not name', portal, { roleGuid: pipeline }, false],
  ['a GUID in capitals', portal, { roleGuid: openAIUser.toUpperCase() }, true],
  ['all roles but some', allButPrivileged, {}, true],
  ['one of those roles', allButPrivileged, { roleGuid: owner }, false],
  ['a principal', `${attribute('PrincipalId')} ForAnyOfAnyValues:GuidEquals {${pipeline}}`, {}, true],
  ['another principal', `${attribute('PrincipalId')} ForAnyOfAnyValues:GuidEquals {${owner}}`, {}, false],
  ['a single value', `${attribute('RoleDefinitionId')} GuidEquals ${openAIUser}`, {}, true],
  ['a text in its case', `${attribute('PrincipalType')} StringEquals 'ServicePrincipal'`, {}, true],
  ['a text in another case', `${attribute('PrincipalType')} StringEquals 'serviceprincipal'`, {}, false],
  ['not', `NOT (${attribute('PrincipalType')} StringEquals 'User')`, {}, true],
  [
    'actions by a wildcard',
    `ActionMatches{'Microsoft.Authorization/*'} && !ActionMatches{'*/delete'}`,
    {},
    true,
  ],
  ['other actions only', `!(ActionMatches{'Microsoft.Authorization/roleAssignments/write'})`, {}, false],
  ['what is unknown, where it does not matter', `${portal} OR Exists ${attribute('Other')}`, {}, true],
  [
    'what is unknown, beside what is not fulfilled',
    `${portal} AND @Principal[a:b] StringEquals 'x'`,
    { principalType: 'User' },
    false,
  ],
  ['an unknown attribute', `${attribute('CustomSecurity')} StringEquals 'x'`, {}, undefined],
  [
    'an attribute of what is there already',
    `${attribute('RoleDefinitionId', 'Resource')} GuidEquals ${openAIUser}`,
    {},
    undefined,
  ],
  ['an unknown operator', `${attribute('PrincipalType')} StringLike 'Service*'`, {}, undefined],
  [
    'an operator for another type',
    `${attribute('RoleDefinitionId')} StringEquals '${openAIUser}'`,
    {},
    undefined,
  ],
  [
    'several values and no quantifier',
    `${attribute('RoleDefinitionId')} GuidEquals {${openAIUser},${owner}}`,
    {},
    undefined,
  ],
  ['an empty set', `${attribute('RoleDefinitionId')} ForAnyOfAnyValues:GuidEquals {}`, {}, undefined],
  [
    'two attributes',
    `${attribute('PrincipalId')} GuidEquals ${attribute('RoleDefinitionId')}`,
    {},
    undefined,
  ],
  ['sub-operations', `SubOperationMatches{'Blob.List'}`, {}, undefined],
  ['brackets left open', `(${attribute('RoleDefinitionId')} GuidEquals ${openAIUser}`, {}, undefined],
  ['text after the end', `${portal} ${openAIUser}`, {}, undefined],
  ['not what is unknown', `!(${attribute('Other')} StringEquals 'x')`, {}, undefined],
  [
    'a comparison with what is there already',
    `${attribute('PrincipalType')} StringNotEquals ${attribute('PrincipalType', 'Resource')}`,
    {},
    undefined,
  ],
  [
    'a comparison with something unknown, where it does not matter',
    `X StringEquals 'y' OR ${openTo(pipeline)}`,
    {},
    true,
  ],
  ['one of several actions', `ActionMatches{'*/read', '${assignRoles}'}`, {}, true],
  ['blanks at the end', `${openTo(pipeline)} \n`, {}, true],
  [
    'an operator with something before it',
    `${attribute('PrincipalId')} NotGuidEquals ${pipeline}`,
    {},
    undefined,
  ],
  [
    'an operator with something behind it',
    `${attribute('PrincipalId')} GuidEqualsAny ${pipeline}`,
    {},
    undefined,
  ],
  [
    'an attribute within the name of another',
    `@Resource[x:${attribute('PrincipalId')} GuidEquals ${pipeline}`,
    {},
    undefined,
  ],
  [
    'a quote in a value',
    `${attribute('PrincipalType')} StringEquals {Us'er'}`,
    { principalType: 'User' },
    false,
  ],
  [
    'a quote in front',
    `${attribute('PrincipalType')} StringEquals {'Us'er}`,
    { principalType: 'User' },
    false,
  ],
  // Nothing is known of a text of which a part has an unknown form: not even what the other part alone would allow.
  ['a text for a set', `ActionMatches 'x' OR ${openTo(pipeline)}`, {}, undefined],
  ['a set for an operator', `${attribute('PrincipalId')} {x} OR ${openTo(pipeline)}`, {}, undefined],
  [
    'an attribute for an operator',
    `${attribute('PrincipalId')} ${attribute('PrincipalId')} OR ${openTo(pipeline)}`,
    {},
    undefined,
  ],
  ['a quoted operator', `${attribute('PrincipalId')} 'x' y OR ${openTo(pipeline)}`, {}, undefined],
  ['no operand', `&& x y OR ${openTo(pipeline)}`, {}, undefined],
  ['no condition at all', '', {}, undefined],
  ['something else', 'true; drop', {}, undefined],
])('%s', (_, condition, differing, expected) => {
  expect(allowsAssigning(condition, { ...assignment, ...differing })).toBe(expected)
})

const guid = fc.constantFrom(openAIUser, owner, pipeline)
const types = ['ServicePrincipal', 'Group', 'User']
const guids = fc.uniqueArray(guid, { minLength: 1 })
const comparison = fc.oneof(
  fc
    .tuple(fc.constantFrom('RoleDefinitionId', 'PrincipalId'), guids, fc.boolean())
    .map(([name, set, isNot]) =>
      isNot
        ? `${attribute(name)} ForAnyOfAllValues:GuidNotEquals {${set.join(', ')}}`
        : `${attribute(name)} ForAnyOfAnyValues:GuidEquals{${set.join(',')}}`,
    ),
  fc
    .uniqueArray(fc.constantFrom(...types), { minLength: 1 })
    .map(
      set => `${attribute('PrincipalType')} ForAnyOfAnyValues:StringEqualsIgnoreCase {'${set.join("', '")}'}`,
    ),
  fc
    .constantFrom('write', 'delete')
    .map(verb => `ActionMatches{'Microsoft.Authorization/roleAssignments/${verb}'}`),
)
const { condition: anyCondition } = fc.letrec<{ condition: string }>(tie => ({
  condition: fc.oneof(
    { depthSize: 'small' },
    comparison,
    tie('condition').map(inner => `!(${inner})`),
    fc
      .tuple(tie('condition'), fc.constantFrom(' AND ', ' OR\n', ' && ', ' || '), tie('condition'))
      .map(([left, operator, right]) => `(${left})${operator}(${right})`),
    // Without brackets: AND has to bind closer.
    fc
      .tuple(
        comparison,
        fc.constantFrom(' AND ', ' OR '),
        comparison,
        fc.constantFrom(' AND ', ' OR '),
        comparison,
      )
      .map(parts => parts.join('')),
  ),
}))
const anyAssignment = fc.record({
  roleGuid: guid,
  principalId: guid,
  principalType: fc.constantFrom(...types),
})

test('every known form is read as the local cloud enforces it, which has a separate parser', () => {
  fc.assert(
    fc.property(anyCondition, anyAssignment, (condition, { roleGuid, principalId, principalType }) => {
      const request = { RoleDefinitionId: roleGuid, PrincipalId: principalId, PrincipalType: principalType }

      expect(allowsAssigning(condition, { roleGuid, principalId, principalType })).toBe(
        fulfils(condition, { action: assignRoles, request }),
      )
    }),
    { numRuns: 500 },
  )
})

test('the recommended condition allows its roles for its principals, and nothing else', () => {
  fc.assert(
    fc.property(guids, fc.subarray(types), anyAssignment, (roleGuids, principalTypes, wanted) => {
      const expected =
        roleGuids.includes(wanted.roleGuid) &&
        (principalTypes.length === 0 || principalTypes.includes(wanted.principalType))

      expect(allowsAssigning(delegationCondition(roleGuids, principalTypes), wanted)).toBe(expected)
    }),
  )
})

test('the recommended condition also limits what can be removed', () => {
  const removal = 'Microsoft.Authorization/roleAssignments/delete'

  expect(leaves(delegationCondition([openAIUser]), removal)).toBeUndefined()
  expect(leaves(delegationCondition([openAIUser]), 'Microsoft.Authorization/locks/delete')).toBe(true)
})

test('a condition can be long and deeply nested', () => {
  const nested = (depth: number) => `${'('.repeat(depth)}${openTo(pipeline)}${')'.repeat(depth)}`

  expect(allowsAssigning(Array(500).fill(openTo(pipeline)).join(' AND '), assignment)).toBe(true)
  expect(allowsAssigning(nested(99), assignment)).toBe(true)
  expect(allowsAssigning(nested(100), assignment)).toBeUndefined()
})

test('no text makes it fail', () => {
  expect(allowsAssigning('('.repeat(100_000), assignment)).toBeUndefined()
  expect(allowsAssigning('!'.repeat(100_000), assignment)).toBeUndefined()
  fc.assert(
    fc.property(fc.array(fc.oneof(hostileText, comparison, fc.constantFrom('(', ')', '!', 'AND'))), parts => {
      expect([true, false, undefined]).toContain(allowsAssigning(parts.join(' '), assignment))
    }),
  )
})
