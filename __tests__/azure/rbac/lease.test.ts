import fc from 'fast-check'
import {
  isMadeUnder,
  isOfAnotherJob,
  leaseIn,
  leaseOf,
  temporaryDescription,
  temporaryName,
} from '../../../src/azure/rbac/lease.ts'

type JobIdentity = Parameters<typeof leaseOf>[0]

const job: JobIdentity = {
  repository: 'contoso/app',
  runId: '42',
  runAttempt: '1',
  job: 'deploy',
  checkRunId: '900',
  runnerName: 'GitHub Actions 7',
}
const lease = leaseOf(job)

const withoutCheckRun = { ...job, checkRunId: undefined }
const otherJobs: Array<[string, JobIdentity, JobIdentity]> = [
  ['repository', job, { ...job, repository: 'contoso/other' }],
  ['run', job, { ...job, runId: '43' }],
  ['attempt', job, { ...job, runAttempt: '2' }],
  ['job', job, { ...job, job: 'test' }],
  ['leg of a matrix', job, { ...job, checkRunId: '901' }],
  [
    'runner, where the token names no check run',
    withoutCheckRun,
    { ...withoutCheckRun, runnerName: 'GitHub Actions 8' },
  ],
]

describe('a lease', () => {
  test('is the same for all steps of a job', () => {
    expect(leaseOf({ ...job })).toBe(lease)
  })

  test.each(otherJobs)('differs for another %s', (_what, one, other) => {
    expect(leaseOf(other)).not.toBe(leaseOf(one))
  })

  test('is in the description, and the next job reads it there', () => {
    const description = temporaryDescription('https://github.example/runs/42', lease)
    expect(description).toContain('https://github.example/runs/42')
    expect(leaseIn(description)).toBe(lease)
    expect(isOfAnotherJob({ description }, lease)).toBe(false)
    expect(isOfAnotherJob({ description }, leaseOf({ ...job, runId: '43' }))).toBe(true)
  })

  test.each([
    undefined,
    '',
    'Key-less Gate: https://github.com/contoso/app/actions/runs/42/attempts/1',
    'temporary, until Monday',
    `(temporary, lease ${crypto.randomUUID()}) but reviewed since, and kept`,
  ])('is in no other description: %s', description => {
    expect(leaseIn(description)).toBeUndefined()
    expect(isOfAnotherJob(description === undefined ? {} : { description }, lease)).toBe(false)
  })

  test('is read even with blanks after it, and a run elsewhere says so', () => {
    const description = temporaryDescription(undefined, lease)
    expect(description).toBe(
      `Key-less Gate, until its job ends: outside GitHub Actions (temporary, lease ${lease})`,
    )
    expect(leaseIn(`${description} \n`)).toBe(lease)
    expect(leaseIn(`${description}.`)).toBeUndefined()
  })

  test('made an assignment only if description and name say so', () => {
    const grant = { scope: '/subscriptions/S', principalId: 'p', roleGuid: 'r' }
    const made = { ...grant, description: temporaryDescription(undefined, lease) }
    const other = leaseOf({ ...job, runId: '43' })
    const name = temporaryName(grant, lease)

    // As Python's uuid5 makes it: a later version of the action finds what this one made.
    expect(name).toBe('9d69ae1c-b257-58c4-b63f-5df2ab144ec0')
    expect(isMadeUnder(lease, name.toUpperCase(), made)).toBe(true)
    expect(isMadeUnder(lease, temporaryName(grant, other), made)).toBe(false)
    expect(isMadeUnder(lease, name, { ...made, description: temporaryDescription(undefined, other) })).toBe(
      false,
    )
    expect(isMadeUnder(lease, name, grant)).toBe(false)
  })

  test('gives each job its own name for the same grant, and each grant of a job another', () => {
    const grant = fc.record({ scope: fc.string(), principalId: fc.uuid(), roleGuid: fc.uuid() })
    fc.assert(
      fc.property(grant, fc.uuid(), fc.uuid(), (role, one, other) => {
        fc.pre(one !== other)
        expect(temporaryName(role, one)).toMatch(/^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/)
        expect(temporaryName(role, one)).toBe(temporaryName(role, one))
        expect(temporaryName(role, one)).not.toBe(temporaryName(role, other))
        expect(temporaryName(role, one)).not.toBe(temporaryName({ ...role, principalId: other }, one))
      }),
    )
  })
})
