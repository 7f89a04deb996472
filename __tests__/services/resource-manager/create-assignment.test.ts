import { assignmentIdIn } from '../../../src/services/resource-manager/create-assignment.ts'

test.each([
  [
    'The role assignment already exists. The ID of the conflicting role assignment is 593d47719b195096804b7b96d6e5a5ac.',
    '593d4771-9b19-5096-804b-7b96d6e5a5ac',
  ],
  [
    'The ID of the existing role assignment is 593D47719B195096804B7B96D6E5A5AC',
    '593d4771-9b19-5096-804b-7b96d6e5a5ac',
  ],
  ['The role assignment already exists.', undefined],
  ['The ID of the conflicting role assignment is 593d4771.', undefined],
])('the id in "%s"', (message, id) => {
  expect(assignmentIdIn(message)).toBe(id)
})
