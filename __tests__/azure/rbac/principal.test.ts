import { principalTypes, servicePrincipal } from '../../../src/azure/rbac/principal.ts'

test('a pipeline’s identity is a service principal', () => {
  expect(servicePrincipal('p')).toEqual({ principalId: 'p', principalType: 'ServicePrincipal' })
})

test('every kind of principal that can call a model is known', () => {
  expect(principalTypes).toEqual(['ServicePrincipal', 'Group', 'User'])
})
