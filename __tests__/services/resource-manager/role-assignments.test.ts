import { timeOf } from '../../../src/services/resource-manager/role-assignments.ts'

test('a date that is none is no time', () => {
  expect(timeOf('no date')).toBeUndefined()
  expect(timeOf(undefined)).toBeUndefined()
  expect(timeOf(null)).toBeUndefined()
  expect(timeOf('1970-01-01T00:00:00.005Z')).toBe(5)
})
