import fc from 'fast-check'
import {
  isOfAnotherJob,
  leaseIn,
  leaseOf,
  temporaryDescription,
  temporaryName,
} from '../../../src/azure/rbac/lease.ts'
import { readWorkflowRun, type WorkflowRun } from '../../../src/services/github/workflow-run.ts'

const run = readWorkflowRun({
  GITHUB_REPOSITORY: 'contoso/app',
  GITHUB_RUN_ID: '42',
  GITHUB_RUN_ATTEMPT: '1',
  GITHUB_JOB: 'deploy',
  RUNNER_NAME: 'GitHub Actions 7',
})
const assertion = { iss: 'i', sub: 's', aud: 'a', check_run_id: '900' }
const lease = leaseOf(run, assertion)

const otherJobs: Array<[string, Partial<WorkflowRun>, string | undefined]> = [
  ['repository', { repository: 'contoso/other' }, '900'],
  ['run', { runId: '43' }, '900'],
  ['attempt', { runAttempt: '2' }, '900'],
  ['job', { job: 'test' }, '900'],
  ['leg of a matrix', {}, '901'],
  ['runner, where the token names no check run', { runnerName: 'GitHub Actions 8' }, undefined],
]

describe('a lease', () => {
  test('is the same for all steps of a job', () => {
    expect(leaseOf({ ...run }, { ...assertion, sub: 'another' })).toBe(lease)
  })

  test.each(otherJobs)('is another one for another %s', (_what, differing, checkRunId) => {
    const { check_run_id: _, ...without } = assertion
    const its = checkRunId === undefined ? without : { ...without, check_run_id: checkRunId }
    expect(leaseOf({ ...run, ...differing }, its)).not.toBe(lease)
  })

  test('stands in the description, and is read from there by whoever comes next', () => {
    const description = temporaryDescription(run, lease)
    expect(description).toContain('https://github.com/contoso/app/actions/runs/42/attempts/1')
    expect(leaseIn(description)).toBe(lease)
    expect(isOfAnotherJob({ description }, lease)).toBe(false)
    expect(isOfAnotherJob({ description }, leaseOf({ ...run, runId: '43' }, assertion))).toBe(true)
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

  test('gives each job a name of its own for the same grant, and each grant of a job another', () => {
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
