import { existsSync, readFileSync } from 'node:fs'
import { BUILT_IN_ROLES } from '../../local-cloud/built-in-roles.ts'

const officialFile = new URL('../../../shared/roles.json', import.meta.url)

interface OfficialRole {
  name: string
  roleName: string
  roleType: string
  assignableScopes: string[]
  permissions: Array<Record<string, unknown>>
}

if (existsSync(officialFile)) {
  const official: OfficialRole[] = JSON.parse(readFileSync(officialFile, 'utf8'))

  test('the roles are those of the official list, in its order', () => {
    expect(BUILT_IN_ROLES.map(({ id }) => id)).toEqual(official.map(({ name }) => name))
  })

  test.each(official.map(role => [role.roleName, role] as const))(
    '%s is as Azure defines it',
    (roleName, role) => {
      const ours = BUILT_IN_ROLES.find(({ id }) => id === role.name)
      expect(ours).toMatchObject({ roleName, type: role.roleType, assignableScopes: role.assignableScopes })
      const comparable = ours?.permissions.map(({ condition = null, ...lists }) => ({
        ...lists,
        condition,
        conditionVersion: condition === null ? null : '2.0',
      }))
      expect(comparable).toEqual(role.permissions)
    },
  )
} else {
  test('official descriptions not present: nothing compared', () => {
    expect(existsSync(officialFile)).toBe(false)
  })
}

test('ids and names are unique, and every role says what it is for', () => {
  expect(new Set(BUILT_IN_ROLES.map(({ id }) => id)).size).toBe(BUILT_IN_ROLES.length)
  expect(new Set(BUILT_IN_ROLES.map(({ roleName }) => roleName)).size).toBe(BUILT_IN_ROLES.length)
  expect(BUILT_IN_ROLES.filter(({ description }) => description === '')).toEqual([])
})
