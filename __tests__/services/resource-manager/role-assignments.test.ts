import { timeOf } from '../../../src/services/resource-manager/role-assignments.ts'

test('a date that is none is no time', () => {
  expect(timeOf(new Date('no date'))).toBeUndefined()
  expect(timeOf(undefined)).toBeUndefined()
  expect(timeOf(new Date(5))).toBe(5)
})
