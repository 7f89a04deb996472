import type { Assignment } from '../../src/azure/rbac/assignment.ts'
import { ageOfAccess, isMembershipOpen, isSettled, mayExpire, needsGrant } from '../../src/gate/access.ts'
import type { Settings } from '../../src/gate/settings.ts'
import type { GrantResult, Inspection, RoleAccess } from '../../src/gate/values.ts'
import {
  assigned,
  denial,
  fullRecord,
  ids,
  inspectionOf,
  resource,
  rolesOf,
  route,
} from '../support/record-fixture.ts'

const denied: Inspection['first'] = {
  results: [],
  round: { kind: 'refused', failure: denial() },
  endedAt: 0,
}
const covering = [{ dataActions: [route.dataAction] }]
const other = assigned(ids.role)

describe('whether to grant', () => {
  test.each<[string, Partial<Inspection>, boolean]>([
    ['no role is known', { first: denied }, false],
    ['denied, and the role is missing', { first: denied, roles: rolesOf('missing') }, true],
    ['denied, and nobody may look', { first: denied, roles: rolesOf('unknown') }, true],
    ['denied, and the role is held', { first: denied, roles: rolesOf('direct') }, false],
    ['denied, and another role covers the calls', { first: denied, roles: rolesOf('covered') }, false],
    ['let through, and the role is held', { roles: rolesOf('direct') }, false],
    ['let through, and nobody may look', { roles: rolesOf('unknown') }, false],
    [
      'let through, nobody may list roles, and permissions do not cover the calls',
      { roles: rolesOf('unknown', { permissions: [] }) },
      true,
    ],
    ['let through, and the role is missing as far as nobody knows', { roles: rolesOf('missing') }, false],
    ['let through, and nothing gives the right', { roles: rolesOf('missing', { permissions: [] }) }, true],
    ['let through, and the role is for a group', { roles: rolesOf('missing', { holder: 'group' }) }, true],
    ['held for another job only', { roles: rolesOf('direct', { heldByOtherJob: other }) }, true],
  ])('%s', (_, seen, expected) => {
    expect(needsGrant(inspectionOf(seen))).toBe(expected)
  })
})

test.each<[string, Partial<Inspection>, boolean]>([
  ['by nothing that is known', {}, true],
  ['by a right that is known', { roles: rolesOf('covered', { permissions: covering }) }, false],
  ['by rights to something else', { roles: rolesOf('missing', { permissions: [{ actions: ['*'] }] }) }, true],
  ['not at all', { first: denied }, false],
])('calls that are allowed %s', (_, seen, expected) => {
  expect(mayExpire(inspectionOf(seen))).toBe(expected)
})

const refused: GrantResult = { outcome: 'refused', age: { kind: 'unknown' } }

describe('whether to read the members of a group again', () => {
  test.each<[string, Partial<Inspection>, GrantResult | undefined, boolean]>([
    ['the pipeline holds the role itself', { first: denied, roles: rolesOf('missing') }, refused, false],
    ['the calls are let through', { roles: rolesOf('direct', { holder: 'group' }) }, refused, false],
    [
      'the group holds nothing',
      { first: denied, roles: rolesOf('missing', { holder: 'group' }) },
      undefined,
      false,
    ],
    [
      'the group holds the role, without the pipeline',
      { first: denied, roles: rolesOf('direct', { holder: 'group', membership: 'not-member' }) },
      undefined,
      true,
    ],
    ['a grant was tried', { first: denied, roles: rolesOf('unknown', { holder: 'group' }) }, refused, true],
  ])('%s', (_, seen, grant, expected) => {
    expect(isMembershipOpen(inspectionOf(seen), grant)).toBe(expected)
  })
})

describe('the age of what should give access', () => {
  const minute = 60_000
  const deny = {
    name: '',
    scope: '/',
    principals: [],
    excluded: [],
    permissions: [],
    isForThisScopeOnly: false,
  }
  const held = (state: RoleAccess['held']['state'], differing: Partial<RoleAccess> = {}) =>
    rolesOf(state, { held: { state, assignment: other }, asOf: 5 * minute, ...differing })

  test.each<[string, RoleAccess | undefined, ReturnType<typeof ageOfAccess>]>([
    ['nothing is known of roles', undefined, { kind: 'unknown' }],
    ['the role is missing', rolesOf('missing'), { kind: 'none' }],
    ['nobody may look', rolesOf('unknown'), { kind: 'unknown' }],
    ['it is held', held('direct'), { kind: 'known', ageMs: 5 * minute }],
    ['it is held through a group', held('group'), { kind: 'of-group', ageMs: 5 * minute }],
    ['its group holds it', held('direct', { membership: 'member' }), { kind: 'of-group', ageMs: 5 * minute }],
    ['a group without the pipeline holds it', held('direct', { membership: 'not-member' }), { kind: 'none' }],
    ['a deny assignment takes the right away', held('direct', { deniedBy: [deny] }), { kind: 'none' }],
    [
      "it is made after Resource Manager's clock",
      held('direct', { asOf: -minute }),
      { kind: 'known', ageMs: 0 },
    ],
  ])('%s', (_, roles, age) => {
    expect(ageOfAccess(inspectionOf({ roles }))).toEqual(age)
  })

  const assignments = [other, assigned('another', { createdOn: 4 * minute })]

  test.each<[string, Partial<RoleAccess>, ReturnType<typeof ageOfAccess>]>([
    ['nothing else does', {}, { kind: 'none' }],
    ['a younger one does', { permissions: covering }, { kind: 'known', ageMs: minute }],
  ])('of a role that does not cover the calls, if calls are denied and %s', (_, seen, age) => {
    const roles = held('direct', { fallsShort: true, assignments, ...seen })
    expect(ageOfAccess(inspectionOf({ first: denied, roles }))).toEqual(age)
  })

  test('of a role that does not cover the calls, if calls are answered: the youngest other role counts', () => {
    const roles = held('direct', { fallsShort: true, assignments })
    expect(ageOfAccess(inspectionOf({ roles }))).toEqual({ kind: 'known', ageMs: minute })
  })

  test('a grant counts before what was seen, but does not make the pipeline a member', () => {
    expect(ageOfAccess(inspectionOf({ roles: rolesOf('missing') }), { kind: 'new' })).toEqual({ kind: 'new' })
    const outside = rolesOf('missing', { holder: 'group', membership: 'not-member' })
    expect(ageOfAccess(inspectionOf({ roles: outside }), { kind: 'new' })).toEqual({ kind: 'none' })
  })
})

describe('whether one answer is proof', () => {
  const minutes = 60_000
  const old: Assignment = { ...other, principalId: rolesOf('direct').wanted.principalId, createdOn: 0 }
  const held = (
    state: 'direct' | 'inherited' | 'covered' | 'group',
    assignment = old,
    seen: Partial<RoleAccess> = {},
  ) =>
    inspectionOf({
      roles: rolesOf(state, {
        held: { state, assignment },
        asOf: 30 * minutes,
        assignments: [assignment],
        ...seen,
      }),
    })
  const ofGroup = { ...old, principalId: ids.role }
  const at = (endpoint: string | undefined): Pick<Settings, 'target'> => ({
    target: { kind: 'resource', resource, endpoint },
  })
  const young = { ...old, createdOn: 1 }
  const above = { ...old, scope: '/providers/Microsoft.Management/managementGroups/contoso' }

  test.each<[string, Inspection, boolean]>([
    ['half an hour old', held('direct'), true],
    ['a millisecond younger', held('direct', young), false],
    ['29 minutes old', held('direct', old, { asOf: 29 * minutes }), false],
    ['of unknown age', held('direct', { ...old, createdOn: undefined }), false],
    ['from the subscription', held('inherited', { ...old, scope: '/subscriptions/1' }), true],
    ['from a management group', held('inherited', above), false],
    ['from the root', held('inherited', { ...old, scope: '/' }), false],
    ["a group's", held('group', ofGroup), false],
    ['covered by an old one', held('covered'), true],
    ['covered by an old one or a young one', held('covered', old, { assignments: [young, old] }), false],
    ["covered by its own or a group's", held('covered', old, { assignments: [old, ofGroup] }), false],
    ['half an hour old, and falls short beside an old one', held('direct', old, { fallsShort: true }), true],
    [
      'half an hour old, and falls short beside a young one',
      held('direct', old, { fallsShort: true, assignments: [old, young] }),
      false,
    ],
    ['half an hour old, and was changed a moment ago', held('direct', { ...old, changedOn: 1 }), false],
    [
      'half an hour old, with a condition, beside a young one',
      held('direct', { ...old, condition: 'x' }, { assignments: [old, young] }),
      false,
    ],
    [
      'half an hour old, beside a new deny assignment',
      held('direct', old, { newDeny: { kind: 'unknown' } }),
      false,
    ],
    ["an old one of the pipeline's group", held('direct', old, { holder: 'group' }), false],
    ['not known', inspectionOf({ roles: undefined }), false],
    ['missing', inspectionOf({ roles: rolesOf('missing') }), false],
  ])('of a role that is %s', (_, inspection, expected) => {
    expect(isSettled(at(undefined), inspection, undefined)).toBe(expected)
  })

  test('never for a role that this run has granted', () => {
    expect(isSettled(at(undefined), held('direct'), { outcome: 'granted', age: { kind: 'new' } })).toBe(false)
  })

  test.each<[string, readonly string[] | undefined, boolean]>([
    ["the resource's own", ['contoso.openai.azure.com'], true],
    ["another resource's", ['fabrikam.openai.azure.com'], false],
    ['one of which nobody knows', undefined, false],
  ])('at an endpoint that is %s', (_, hosts, expected) => {
    const { account: read } = fullRecord()
    const account = hosts && read && { ...read, hosts }
    expect(isSettled(at('https://contoso.openai.azure.com'), { ...held('direct'), account }, undefined)).toBe(
      expected,
    )
  })
})
