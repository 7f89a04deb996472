import data from '../../built-in-roles/roles.json' with { type: 'json' }
import { BUILT_IN_ROLES } from '../../local-cloud/built-in-roles.ts'
import { builtInPermissions, roleNameOf } from '../../src/azure/rbac/built-in-roles.ts'
import { filesLike, readDocument, textOf } from '../support/documents.ts'

interface OfficialRole {
  name: string
  roleName: string
  description: string
  permissions: Array<{
    actions?: string[]
    dataActions?: string[]
    condition?: string
    conditionVersion?: string
  }>
}

const roles: readonly OfficialRole[] = data.roles
const months = Array.from({ length: 12 }, (_, at) =>
  new Date(2026, at).toLocaleDateString('en', { month: 'long' }),
)
const guid = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

test('every role has a unique id and name, a description, and permissions', () => {
  expect(roles.length).toBeGreaterThanOrEqual(20)
  expect(new Set(roles.map(({ name }) => name)).size).toBe(roles.length)
  expect(new Set(roles.map(({ roleName }) => roleName)).size).toBe(roles.length)
  for (const { name, roleName, description, permissions } of roles) {
    expect(name).toMatch(guid)
    expect([roleName, description]).not.toContain('')
    expect(
      permissions.flatMap(({ actions = [], dataActions = [] }) => [...actions, ...dataActions]),
    ).not.toEqual([])
  }
})

test('a condition has its version', () => {
  for (const { condition, conditionVersion } of roles.flatMap(({ permissions }) => permissions))
    expect(conditionVersion).toBe(condition === undefined ? undefined : '2.0')
})

test('documents give the day of the list, and no other', () => {
  const { text } = readDocument('docs/findings.md')

  expect(text).toContain(`as they were on ${data.asOf}`)
  expect(text).toContain(`from what it allowed on ${data.asOf}`)
  expect(new Set(text.match(/\bon 20\d\d-\d\d-\d\d/g))).toStrictEqual(new Set([`on ${data.asOf}`]))
})

test('the day is written nowhere else by hand', () => {
  const month = new RegExp(
    `(?:as of|were [io]n|(?:held|allowed) [io]n|\\() ?(?:20\\d\\d-\\d\\d|(?:${months.join('|')}) 20\\d\\d)`,
    'i',
  )
  const files = filesLike(/^(src|local-cloud|scripts|docs|examples|README\.md|action\.yml)/)

  expect(files.filter(file => month.test(textOf(file)))).toEqual(['docs/findings.md'])
})

test('the list has its day', () => {
  expect(new Date(data.asOf).toISOString()).toBe(`${data.asOf}T00:00:00.000Z`)
})

test('former names are those of roles in the list', () => {
  const ids = roles.map(({ name }) => name)
  expect(Object.keys(data.formerNames).filter(id => !ids.includes(id))).toEqual([])
})

test.each(roles.map(role => [role.roleName, role] as const))(
  '%s: the action and the local cloud read the same',
  (roleName, { name, permissions }) => {
    const inCloud = BUILT_IN_ROLES.find(({ id }) => id === name)
    expect(inCloud).toMatchObject({ roleName, type: 'BuiltInRole', assignableScopes: ['/'], permissions })
    expect(roleNameOf(name)).toBe(roleName)
    expect(builtInPermissions(name)).toEqual(permissions)
  },
)
