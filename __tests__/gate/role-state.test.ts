import { roleStateOf } from '../../src/gate/role-state.ts'

type RoleSituation = Parameters<typeof roleStateOf>[0]

const nothing: RoleSituation = {
  holder: 'pipeline',
  held: undefined,
  membership: undefined,
  grant: undefined,
  access: 'unknown',
  isDenied: false,
  isLive: false,
}

type Row = [what: string, situation: Partial<RoleSituation>, state: ReturnType<typeof roleStateOf>]

const ofPipeline: Row[] = [
  ['nothing was looked at', {}, 'unknown'],
  ['held directly', { held: 'direct' }, 'direct'],
  ['held from above', { held: 'inherited' }, 'inherited'],
  ['held through a group', { held: 'group' }, 'group'],
  ['covered by another role', { held: 'covered' }, 'covered'],
  ['not held', { held: 'missing' }, 'missing'],
  ['not held, and granted', { held: 'missing', grant: 'granted' }, 'granted'],
  ['not held, and granted by another run meanwhile', { held: 'missing', grant: 'exists' }, 'direct'],
  ['nobody may look, and it was there', { held: 'unknown', grant: 'exists' }, 'direct'],
  ['nobody may look, and it may not be granted', { held: 'unknown', grant: 'refused' }, 'unknown'],
  ['not held, and what became of the grant is unknown', { held: 'missing', grant: 'unknown' }, 'missing'],
]

const whatAnswers: Row[] = [
  ['the role is held', { held: 'direct' }, 'direct'],
  ['another role covers it', { held: 'missing', access: 'sufficient' }, 'covered'],
  ['nothing gives the right', { held: 'missing', access: 'insufficient' }, 'unknown'],
  ['a deny assignment takes the right away', { held: 'direct', isDenied: true }, 'unknown'],
]

test.each(whatAnswers)('calls are answered, and %s', (_, situation, state) => {
  expect(roleStateOf({ ...nothing, ...situation, isLive: true })).toBe(state)
})

test('a role that is held but does not count is still held', () => {
  expect(roleStateOf({ ...nothing, held: 'direct', isDenied: true })).toBe('direct')
})

const ofGroup: Row[] = [
  ['nothing was looked at', {}, 'unknown'],
  ['the group holds it', { held: 'direct' }, 'group'],
  ['the group holds it, with the pipeline', { held: 'direct', membership: 'member' }, 'group'],
  ['the group holds it from above', { held: 'inherited', membership: 'member' }, 'group'],
  ['the group holds it, without the pipeline', { held: 'direct', membership: 'not-member' }, 'missing'],
  ['the group does not hold it', { held: 'missing' }, 'missing'],
  ['nobody may look', { held: 'unknown' }, 'unknown'],
  ['nobody may look, and the pipeline is a member', { held: 'unknown', membership: 'member' }, 'group'],
  ['granted', { held: 'missing', grant: 'granted' }, 'granted'],
  ['granted to a group without the pipeline', { grant: 'granted', membership: 'not-member' }, 'granted'],
  ['it was there', { held: 'unknown', grant: 'exists' }, 'group'],
  ['it was there, without the pipeline', { grant: 'exists', membership: 'not-member' }, 'missing'],
]

const ofAnother: Row[] = [
  ['it holds the role, which is none of the pipeline', { held: 'direct' }, 'missing'],
  ['it does not', { held: 'missing' }, 'missing'],
  ['nobody may look', { held: 'unknown', membership: 'not-member' }, 'unknown'],
  ['granted', { held: 'missing', grant: 'granted' }, 'granted'],
  ['it was there', { held: 'unknown', grant: 'exists' }, 'missing'],
]

describe.each([
  ['the pipeline', 'pipeline', ofPipeline],
  ['a group', 'group', ofGroup],
  ['another principal', 'other', ofAnother],
] as const)('the role of %s', (_, holder, rows) => {
  test.each(rows)('%s', (__, situation, state) => {
    expect(roleStateOf({ ...nothing, holder, ...situation })).toBe(state)
  })
})

describe('a missing role, while the calls are allowed', () => {
  const situation: RoleSituation = { ...nothing, held: 'missing', isLive: true }

  test('is covered, if the rights cannot be read', () => {
    expect(roleStateOf(situation)).toBe('covered')
  })

  test('is covered, if a known right allows them', () => {
    expect(roleStateOf({ ...situation, access: 'sufficient' })).toBe('covered')
  })

  test('is not known, if the rights are known and none allows them', () => {
    expect(roleStateOf({ ...situation, access: 'insufficient' })).toBe('unknown')
  })

  test('is not covered before they are allowed', () => {
    expect(roleStateOf({ ...situation, isLive: false })).toBe('missing')
  })
})
