import { type Note, openRecord } from '../../src/gate/record.ts'
import { readWorkflowRun } from '../../src/services/github/workflow-run.ts'
import { assigned, ids, route } from '../support/record-fixture.ts'

const run = readWorkflowRun({})

test('a run that has not begun has an empty record', () => {
  expect(openRecord(run).snapshot()).toMatchObject({
    run,
    roleState: 'unknown',
    smoke: [],
    rounds: 0,
    probes: [],
    propagationMs: 0,
    steps: [],
  })
})

test('a step adds to its chapter, and cannot read any', () => {
  const record = openRecord(run)
  const note: Note<'inspection'> = record.note('inspection')

  expect(note({ routes: [route] })).toBeUndefined()
  note({ endpoint: 'https://contoso.openai.azure.com' })

  expect(record.snapshot()).toMatchObject({ routes: [route], endpoint: 'https://contoso.openai.azure.com' })
})

test('the compiler allows a note only for its own chapter', () => {
  const { note } = openRecord(run)
  const forProof: Note<'proof'> = note('proof')

  // @ts-expect-error What was seen is not for the proof to write.
  forProof({ endpoint: 'https://contoso.openai.azure.com' })
  // @ts-expect-error A note gives nothing back.
  const read: Parameters<Note<'proof'>>[0] = forProof({ rounds: 1 })
  // @ts-expect-error Nor does one chapter's note serve for another.
  const forRoles: Note<'roles'> = forProof

  expect([read, typeof forRoles]).toEqual([undefined, 'function'])
})

test('a snapshot does not change with later notes', () => {
  const record = openRecord(run)
  record.note('proof')({ rounds: 1 })
  const before = record.snapshot()
  record.note('proof')({ rounds: 2, propagationMs: 5 })
  record.step({ name: 'Prove', tookMs: 1, outcome: 'done' })

  expect(before).toMatchObject({ rounds: 1, propagationMs: 0, steps: [] })
})

describe('values that two steps know', () => {
  test('the rounds of look and proof are added up, and the last calls are kept', () => {
    const record = openRecord(run)
    const [first, last] = ['wait', 'fatal'].map(
      kind =>
        [{ kind: 'refused', route, adaptations: [], failure: { kind, code: 'access-denied' } }] as never,
    )
    record.note('inspection')({ rounds: 2, calls: first as never })
    expect(record.snapshot()).toMatchObject({ rounds: 2, smoke: first })
    record.note('proof')({ rounds: 3, calls: last as never })
    expect(record.snapshot()).toMatchObject({ rounds: 5, smoke: last })
  })

  test('the assignment of the grant counts before the one that was seen', () => {
    const record = openRecord(run)
    const held = assigned(ids.role)
    record.note('roles')({ held: { state: 'direct', assignment: held }, ageMs: 60_000 })
    expect(record.snapshot()).toMatchObject({
      roleAssignmentId: held.id,
      roleAgeMs: 60_000,
      roleState: 'direct',
    })
    record.note('grant')({ progress: { outcome: 'exists', assignmentId: 'another', ageMs: 5 } })
    expect(record.snapshot()).toMatchObject({ roleAssignmentId: 'another', roleAgeMs: 5 })
  })

  test("an assignment of a covering role is not reported as the role's own", () => {
    const record = openRecord(run)
    record.note('roles')({ held: { state: 'covered', assignment: assigned(ids.role) } })
    expect(record.snapshot().roleAssignmentId).toBeUndefined()
  })

  test("a grant that waits for another job is not tried yet; after it the role is not another job's", () => {
    const record = openRecord(run)
    const heldByOtherJob = assigned(ids.role)
    record.note('roles')({ heldByOtherJob })
    record.note('grant')({ progress: { outcome: 'waiting', heldByOtherJob } })
    expect(record.snapshot()).toMatchObject({ grant: undefined, heldByOtherJob })
    record.note('grant')({ progress: { outcome: 'granted' } })
    expect(record.snapshot()).toMatchObject({ grant: { outcome: 'granted' }, heldByOtherJob: undefined })
  })

  test('a plan reads rights that the look did not need', () => {
    const record = openRecord(run)
    const permissions = [{ actions: ['*/read'] }]
    record.note('plan')({ grants: true, permissions })
    expect(record.snapshot()).toMatchObject({ grant: { outcome: 'planned' }, permissions })
  })
})
