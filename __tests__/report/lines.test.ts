import assert from 'node:assert/strict'
import { diagnose } from '../../src/advice/explanations/diagnose.ts'
import { delegationCondition } from '../../src/azure/rbac/delegation-conditions.ts'
import { localFailure, StepError } from '../../src/core/failures/failure.ts'
import type { RunRecord } from '../../src/gate/record.ts'
import {
  assertionLines,
  diagnosisLines,
  findingFolds,
  findingLines,
  fixFolds,
  inspectionLines,
  recordLines,
  smokeLine,
  verdictLine,
} from '../../src/report/lines.ts'
import { planLines } from '../../src/report/plan-lines.ts'
import {
  assigned,
  denial,
  emptyRecord,
  failureOf,
  fullRecord,
  ids,
  inspectionOf,
  probedRecord,
  rolesOf,
  scope,
} from '../support/record-fixture.ts'

test('the claims that a person must compare are shown', () => {
  expect(assertionLines({ iss: 'https://issuer', sub: 'repo:a/b', aud: 'api://audience' }).slice(1)).toEqual([
    '  issuer   https://issuer',
    '  subject  repo:a/b',
    '  audience api://audience',
  ])
})

test('the log shows endpoint, role, keys, and a denial in its own words', () => {
  const refused = { kind: 'refused', failure: denial() } as const
  const { account, smoke } = fullRecord()
  const first = { results: smoke, round: refused, endedAt: 0 }

  expect(inspectionLines(inspectionOf({ account, first, roles: rolesOf('missing') }))).toEqual([
    'Endpoint https://contoso.openai.azure.com',
    'Role Cognitive Services User: missing',
    'First calls (probe 1)',
    expect.stringContaining('  chat by chat-completions: "ready" in 412 ms'),
    '  vectors by embeddings: access-denied',
    '    The principal lacks the required data action',
  ])
  expect(inspectionLines(inspectionOf())).toEqual(['Endpoint https://contoso.openai.azure.com'])
})

test('a role that is held for another job is reported as such', () => {
  const heldByOtherJob = assigned(ids.role, { description: 'Key-less Gate, until its job ends' })
  const roles = { ...rolesOf('direct'), heldByOtherJob }

  expect(inspectionLines(inspectionOf({ roles }))).toContain(
    'Role Cognitive Services User: held directly, by a temporary assignment that ends with another job (Key-less Gate, until its job ends)',
  )
})

test('an answer is shown with its latency and any adaptations', () => {
  const [answered] = fullRecord().smoke
  if (answered?.kind !== 'ok') throw new Error('A full run was answered')

  expect(smokeLine(answered)).toBe(
    'chat by chat-completions: "ready" in 412 ms (adapted: 2048 tokens: the budget was spent before the answer began)',
  )
  expect(smokeLine({ ...answered, adaptations: [], answer: { ...answered.answer, text: '' } })).toContain(
    'an answer without text in 412 ms',
  )
  const instead = 'an embedding of 3072 dimensions'
  expect(smokeLine({ ...answered, answer: { ...answered.answer, text: '', instead } })).toContain(instead)
  expect(
    smokeLine({ ...answered, answer: { ...answered.answer, instead: 'a refusal: "\n::error::b"' } }),
  ).toContain('a refusal: " : :error: :b"')
  expect(
    smokeLine({ ...answered, answer: { ...answered.answer, text: 'a\n::error::b##[error]c' } }),
  ).toContain('"a : :error: :b# #[error]c"')
})

describe('a plan', () => {
  const planned = { grant: { outcome: 'planned' }, roleState: 'missing' } as const
  const granting = ['+ role assignment Cognitive Services User', `+   to ${ids.principal}`, `+   at ${scope}`]
  const administrator = 'f58310d9-a9f6-439a-9e8d-f62e7b41a168'
  const mayAssign = (condition?: string) => ({
    permissions: [{ actions: ['*'] }],
    assignments: [
      {
        id: '1',
        scope,
        roleGuid: administrator,
        principalId: ids.principal,
        createdOn: 0,
        ...(condition === undefined ? {} : { condition }),
      },
    ],
  })

  test.each<[Partial<RunRecord>, string]>([
    [
      { permissions: [{ actions: ['*/read'] }] },
      'This identity cannot assign roles there: an administrator has to do it.',
    ],
    [
      { permissions: [{ actions: ['*'] }] },
      'This identity can assign roles there, if its conditions allow this one.',
    ],
    [mayAssign(), 'This identity can assign that role there.'],
    [
      mayAssign(delegationCondition([ids.role], ['ServicePrincipal'])),
      'This identity can assign that role there.',
    ],
    [
      mayAssign(delegationCondition([administrator])),
      'This identity can assign roles there, but the condition on that right does not allow this one: an administrator has to do it.',
    ],
    [mayAssign('Unknown'), 'This identity can assign roles there, if its conditions allow this one.'],
    [
      { setupPrincipal: { oid: ids.client, tid: ids.tenant }, setupPermissions: [{ actions: ['*'] }] },
      `The setup identity ${ids.client} can assign roles there, if its conditions allow this one.`,
    ],
    [
      { setupPrincipal: { oid: ids.client, tid: ids.tenant }, setupPermissions: [] },
      `The setup identity ${ids.client} cannot assign roles there: an administrator has to do it.`,
    ],
    [
      { setupPrincipal: { oid: ids.client, tid: ids.tenant } },
      'It is not known whether this identity may do that.',
    ],
  ])('says who can grant: %#', (differing, line) => {
    expect(planLines(fullRecord({ ...planned, ...differing }))).toEqual([...granting, line])
  })

  test('says so if it is not known who can grant', () => {
    const { permissions: _, ...unreadable } = fullRecord(planned)

    expect(planLines(unreadable)).toEqual([...granting, 'It is not known whether this identity may do that.'])
  })

  test('says if nothing would be granted', () => {
    const { grant: _, ...held } = fullRecord({ roleState: 'inherited' })

    expect(planLines(held)).toEqual([
      'Plan: nothing would be granted; the role is inherited from a scope above.',
    ])
    expect(planLines({ ...emptyRecord() })).toEqual([
      'Plan: there is no resource, only an endpoint, so no role would be granted.',
    ])
  })

  test.each<[string, Partial<RunRecord>, string[]]>([
    [
      'a role that is not live yet',
      { plannedPatienceMs: 720_000 },
      [
        'Plan: the calls are denied now. The gate would wait up to 12 min, and fail with access-denied if they are still denied.',
      ],
    ],
    [
      'a role that does not cover them',
      { plannedPatienceMs: 0, coverage: 'insufficient' },
      [
        'Plan: the calls are denied, and the gate would fail with access-denied.',
        'Cognitive Services User does not cover them, no matter who holds it.',
      ],
    ],
    [
      'a group without the pipeline',
      { plannedPatienceMs: 0, membership: 'not-member' },
      [
        'Plan: the calls are denied, and the gate would fail with access-denied.',
        'The role is held, but neither by the pipeline nor by a group that it is a member of.',
      ],
    ],
    [
      'a deny assignment',
      {
        plannedPatienceMs: 0,
        afterDenial: {
          onProjects: [],
          heldByOthers: [],
          denyAssignments: [{ name: '::warning::x', scope }],
          denyingGrants: [],
        },
      },
      [
        'Plan: the calls are denied, and the gate would fail with access-denied.',
        `A deny assignment blocks the calls: ": :warning: :x" at ${scope}.`,
      ],
    ],
  ])('says what a run would do about denied calls: %s', (_by, differing, lines) => {
    const { grant: _, ...held } = fullRecord({ roleState: 'direct', ...differing })

    expect(planLines(held)).toEqual(['Plan: nothing would be granted; the role is held directly.', ...lines])
  })

  test('says who makes the calls if the role is for somebody else, and that a temporary grant ends', () => {
    const { settings } = fullRecord()
    if (settings === undefined) throw new Error('A full run has settings')
    const linesFor = (access: Partial<typeof settings.access>) =>
      planLines(
        fullRecord({
          ...planned,
          ...mayAssign(),
          settings: { ...settings, access: { ...settings.access, ...access } },
        }),
      )
    const grantee = (principalType: 'Group' | 'User') => ({
      grantee: { principalId: ids.client, principalType },
    })

    expect(linesFor(grantee('Group'))).toContain(
      'The pipeline itself makes the calls: it has to be a member of that group.',
    )
    expect(linesFor(grantee('User'))).toContain(
      'The pipeline itself makes the calls: that role gives it no access.',
    )
    expect(linesFor({ revoke: true })).toContain('+   until the job ends (revoke)')
  })
})

function withKeyAccess(access: 'warn' | 'forbid'): RunRecord {
  const record = fullRecord()
  assert(record.settings)
  const { settings } = record
  return { ...record, settings: { ...settings, keys: { ...settings.keys, access } } }
}

test('findings are listed by id and severity, with folded details and where to read more', () => {
  const outcome = { result: 'passed', record: fullRecord() } as const
  const insists = withKeyAccess('forbid')

  expect(findingFolds({ result: 'planned', record: insists })).toEqual([
    {
      title: 'Finding keys-enabled (high): The resource still accepts API keys',
      lines: [expect.stringContaining('Key access of contoso is on')],
    },
  ])
  expect(findingLines(outcome)).toEqual(['What findings mean, and how to fix them: docs/findings.md'])
  expect(findingLines({ result: 'passed', record: emptyRecord() })).toEqual([])
  expect(findingFolds({ result: 'passed', record: emptyRecord() })).toEqual([])
})

test('a finding that a warning mentioned is not repeated', () => {
  expect(findingFolds({ result: 'passed', record: withKeyAccess('warn') })).toStrictEqual([])
})

test('if a run failed, findings are one line: the failure comes first', () => {
  const failure = failureOf('access-denied')

  expect(findingLines({ result: 'failed', record: fullRecord(), failure })).toEqual([
    'Findings (details are in the job summary and the report): keys-enabled (high)',
  ])
  expect(findingFolds({ result: 'failed', record: fullRecord(), failure })).toEqual([])
  expect(findingLines({ result: 'cancelled', record: fullRecord(), signal: 'SIGTERM' })).toEqual([])
})

describe('the log has the parts of a diagnosis that the annotation lacks', () => {
  const said = {
    status: 401,
    serviceCode: 'PermissionDenied',
    message: 'No.',
    ids: { 'apim-request-id': 'r-1' },
  }
  const failure = new StepError('calling the model', { ...localFailure('tenant-mismatch', ''), said })

  test('code, what was done, why, how to distinguish it, ids', () => {
    expect(diagnosisLines(diagnose(failure, fullRecord()))).toEqual([
      'tenant-mismatch: while calling the model',
      `  The token is of tenant ${ids.tenant}, and a token of one tenant cannot call a resource of another.`,
      '  How to distinguish it: If Resource Manager is asked first, the code is `resource-manager-token-rejected`.',
      '  Ids for support: apim-request-id r-1',
    ])
  })

  test('the other fixes, folded', () => {
    expect(fixFolds(diagnose(failure, fullRecord()))).toEqual([
      {
        title: 'What to do',
        lines: ['    Set `tenant-id` and `client-id` to an identity of the tenant that the resource is in.'],
      },
    ])
  })

  test('and the first one, if the annotation has no room for it', () => {
    const long = { ...said, message: 'x'.repeat(3990) }
    const diagnosis = diagnose(new StepError('', { ...failure.failure, said: long }), fullRecord())

    expect(fixFolds(diagnosis)).toHaveLength(2)
    expect(fixFolds(diagnosis)[0]?.title).toBe('See which tenant the resource is in, in bash')
  })

  test('for a mismatch, the claim that differs', () => {
    const lines = diagnosisLines(diagnose(failureOf('federated-audience-mismatch'), fullRecord()))

    expect(lines.filter(line => line.includes('presented'))).toEqual([
      '  audience presented: api://AzureADTokenExchange; expected: another one',
    ])
  })
})

test.each([
  [
    'passed',
    fullRecord(),
    `Key-less access is proven: Principal ${ids.principal} was answered by 2 deployments, over 3 connections, role Cognitive Services User granted by this run, live after 41.3 s.`,
  ],
  [
    'passed',
    { ...emptyRecord(), smoke: fullRecord().smoke.slice(0, 1) },
    'Key-less access is proven: The pipeline was answered by 1 deployment.',
  ],
  [
    'passed',
    {
      ...probedRecord(),
      smoke: fullRecord().smoke.slice(0, 1),
      propagationMs: 0,
      connections: 1,
    },
    `Key-less access is proven: Principal ${ids.principal} was answered by 1 deployment, role Cognitive Services User granted by this run. The app's own access is proven too: https://shop.contoso.example/probe?*** answered, live after 13 s.`,
  ],
  ['planned', fullRecord(), 'Planned; nothing was changed.'],
] as const)('%s is one line', (result, record, line) => {
  expect(verdictLine({ result, record })).toBe(line)
})

test('failed is one line', () => {
  expect(verdictLine({ result: 'failed', record: emptyRecord(), failure: failureOf('access-denied') })).toBe(
    'Key-less access is not proven.',
  )
})

test("the debug lines show the time of each step, and after a failed wait each deployment's last reply", () => {
  const took = 'Took: Sign in 0.6 s, Prove 42 s'

  expect(recordLines({ result: 'passed', record: fullRecord() })).toEqual([took])
  expect(
    recordLines({ result: 'failed', record: fullRecord(), failure: failureOf('access-not-propagated') }),
  ).toEqual([
    expect.stringContaining('chat by chat-completions: "ready" in 412 ms'),
    'vectors by embeddings: access-denied',
    took,
  ])
  expect(recordLines({ result: 'cancelled', record: emptyRecord(), signal: 'SIGTERM' })).toEqual([])
})
