import type { Assignment } from '../../src/azure/rbac/assignment.ts'
import {
  type AlsoAccess,
  alsoFailure,
  alsoNotLive,
  closeAlso,
  neededBy,
  restsOnAnswers,
} from '../../src/gate/also.ts'
import type { ToldAccess } from '../../src/gate/told-access.ts'
import { assigned, ids, route, scope } from '../support/record-fixture.ts'

/** What becomes of what `also` asks for, without a service. */

const files = 'Microsoft.CognitiveServices/accounts/OpenAI/files/write'
const also = (access: ToldAccess): AlsoAccess => ({ dataAction: files, scope, access })
const young = also({ word: 'not-known-live', through: [], ageMs: 0, isGranted: true })
const openAIUser = '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd'

const resource = {
  subscriptionId: ids.subscription,
  resourceGroup: scope.split('/')[4] ?? '',
  account: scope.split('/')[8] ?? '',
  project: undefined,
}
const telling = {
  context: { resource, principalId: ids.principal },
  definitions: { known: () => new Map() },
} as unknown as Parameters<typeof closeAlso>[2]

const closed = (assignments: readonly Assignment[], routes = [route]) =>
  closeAlso([young], { assignments, routes, lease: ids.client }, telling).map(({ access }) => access.word)

test.each<[string, readonly Assignment[], string]>([
  ['the one role that lets the calls through gives it', [assigned(ids.role)], 'allowed'],
  ['another role lets them through as well', [assigned(ids.role), assigned(openAIUser)], 'not-known-live'],
  ['the one that lets them through does not give it', [assigned(openAIUser)], 'not-known-live'],
])('a young role is proven live if %s', (_, assignments, expected) => {
  expect(closed(assignments)).toEqual([expected])
})

test('no call was answered: nothing is proven', () => {
  expect(closed([assigned(ids.role)], [])).toEqual(['not-known-live'])
})

test('the answered call is billed per item and meets only one replica: nothing is proven', () => {
  expect(closed([assigned(ids.role)], [{ ...route, api: 'images' }])).toEqual(['not-known-live'])
})

test.each<[string, number | undefined, boolean]>([
  ['was given a moment ago', 0, true],
  ['is a millisecond younger than half an hour', 30 * 60_000 - 1, true],
  ['has been there for half an hour', 30 * 60_000, false],
  ['is of unknown age', undefined, true],
])('whether to check that answers come from a role that %s: %s', (_, ageMs, expected) => {
  const given = also({ word: 'not-known-live', through: [], ageMs, isGranted: false })
  const answered = { assignments: [assigned(ids.role)], routes: [route], lease: ids.client }
  expect(restsOnAnswers([given], answered, telling)).toBe(expected)
})

const settings = (names: readonly string[]) =>
  ({ also: names.map(name => ({ name, dataActions: [name] })) }) as unknown as Parameters<
    typeof alsoFailure
  >[0]

test.each<[string, AlsoAccess[] | undefined, string | undefined]>([
  ['roles were not looked up', undefined, 'resource-manager-forbidden'],
  ['missing', [also({ word: 'missing', because: { kind: 'no-role', lacks: [files] } })], 'access-denied'],
  [
    'forbidden',
    [also({ word: 'missing', because: { kind: 'denied', deny: { name: 'x', scope } } })],
    'deny-assignment',
  ],
  [
    'of a role that nobody may read',
    [also({ word: 'unknown', because: { kind: 'role-unread', roleGuid: ids.role } })],
    'resource-manager-forbidden',
  ],
  ['for a call to show', [also({ word: 'unknown', because: { kind: 'own-calls' } })], undefined],
  ['young', [young], undefined],
  ['given', [also({ word: 'allowed', through: [] })], undefined],
])('before the proof: %s', (_, told, code) => {
  expect(alsoFailure(settings([files]), { routes: [route], also: told })?.failure.code).toBe(code)
})

test('without role data, the calls are enough', () => {
  expect(alsoFailure(settings([route.dataAction]), { routes: [route] })).toBeUndefined()
})

test('after the proof: a young role still fails', () => {
  expect(alsoNotLive({ also: [young] })?.failure.code).toBe('access-not-propagated')
  expect(alsoNotLive({ also: [also({ word: 'called' })] })).toBeUndefined()
})

test('the needs are those of the calls and of also, each once', () => {
  const access = settings([files, route.dataAction])
  const needed = neededBy({ routes: [route], settings: { access } })

  expect(needed).toEqual([route.dataAction, files])
})
