import { chooseIdentity, type Identity, type IdentityBearer } from '../../src/azure/choose-identity.ts'

const system: Identity = {
  kind: 'system-assigned',
  name: 'app',
  principalId: 'p-system',
  clientId: undefined,
}
const blue: Identity = { kind: 'user-assigned', name: 'blue', principalId: 'p-blue', clientId: 'c-blue' }
const green: Identity = { ...blue, name: 'green', principalId: 'p-green', clientId: 'c-green' }
const gone: Identity = { ...blue, name: 'gone', principalId: undefined, clientId: undefined }

test.each<[string, Partial<IdentityBearer>, string]>([
  ['none', {}, 'none'],
  ['none, and a setting', { named: ['c-blue'] }, 'none'],
  ['one of its own', { identities: [system] }, 'p-system'],
  ['one that was assigned', { identities: [blue] }, 'p-blue'],
  ['one that was assigned, and is named', { identities: [blue], named: ['c-blue'] }, 'p-blue'],
  ['one, and another is named', { identities: [blue], named: ['c-green'] }, 'not-its-own'],
  ['one that was deleted', { identities: [gone] }, 'gone'],
  ['two', { identities: [system, blue] }, 'several'],
  ['two, of which one was deleted', { identities: [gone, blue] }, 'several'],
  ['two, of which one is named', { identities: [blue, green], named: ['c-green'] }, 'p-green'],
  ['two, both named', { identities: [blue, green], named: ['c-green', 'c-blue'] }, 'several'],
  ['two, one named and a foreign one', { identities: [blue, green], named: ['c-green', 'c'] }, 'not-its-own'],
])('%s', (_what, bearer, expected) => {
  const choice = chooseIdentity({ identities: [], named: [], ...bearer })
  expect(choice.kind === 'chosen' ? choice.identity.principalId : choice.kind).toBe(expected)
})
