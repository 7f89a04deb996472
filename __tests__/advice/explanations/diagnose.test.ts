import fc from 'fast-check'
import { parse } from 'yaml'
import { diagnose } from '../../../src/advice/explanations/diagnose.ts'
import type { Diagnosis } from '../../../src/advice/explanations/diagnosis.ts'
import type { Fix } from '../../../src/advice/explanations/explanation.ts'
import { roleHasDataActions, roleNameOf, rolesInTable } from '../../../src/azure/rbac/built-in-roles.ts'
import type { DiagnosisCode } from '../../../src/core/failures/codes.ts'
import { StepError } from '../../../src/core/failures/failure.ts'
import type { RunRecord } from '../../../src/gate/record.ts'
import { hostileText, unprintable } from '../../support/hostile-text.ts'
import { argumentsOf, valueAfter } from '../../support/pasted-command.ts'
import {
  allCodes,
  denial,
  emptyRecord,
  failureOf,
  fullRecord,
  ids,
  resource,
  scope,
} from '../../support/record-fixture.ts'

/** What stands instead of a value that no shell takes as one word. */
const unquotable = '<A-VALUE-WITH-QUOTES>'

const textsOf = ({ title, why, fixes }: Diagnosis) => [
  title,
  why,
  ...fixes.flatMap(fix => [fix.title, fix.text]),
]
const ofLanguage = (language: Fix['language'], { fixes }: Diagnosis) =>
  fixes.filter(fix => fix.language === language)

const inWhichever: ReadonlyArray<readonly [string, RunRecord]> = [
  ['nothing is known', emptyRecord()],
  ['all is known', fullRecord()],
  ['the role is missing', fullRecord({ roleState: 'missing', permissions: [{ dataActions: ['*'] }] })],
  ['the role is unknown', fullRecord({ roleState: 'unknown' })],
  ['the role is covered', fullRecord({ roleState: 'covered' })],
  ['the role is inherited', fullRecord({ roleState: 'inherited' })],
]

describe.each(inWhichever)('where %s', (_, record) => {
  test.each(allCodes)('%s is explained', code => {
    const { operation, said, ...told } = diagnose(failureOf(code), record)

    expect(told.code).toBe(code)
    expect({ operation, message: said.message }).toEqual({
      operation: 'calling the model',
      message: 'The service said no.',
    })
    for (const text of textsOf({ operation, said, ...told })) {
      expect(text.trim()).not.toBe('')
      expect(text.replaceAll('/dev/null', '')).not.toMatch(/undefined|null|NaN|\[object/)
    }
  })
})

test('if everything is known, every code has a fix', () => {
  expect(allCodes.filter(code => diagnose(failureOf(code), fullRecord()).fixes.length === 0)).toEqual([])
})

test('every command can be pasted: a shell accepts it, and it is one call of one program', () => {
  const commands = allCodes.flatMap(code => ofLanguage('bash', diagnose(failureOf(code), fullRecord())))

  expect(commands.length).toBeGreaterThan(10)
  for (const command of commands) expect(argumentsOf(command).length).toBeGreaterThan(0)
})

test('every piece of YAML is YAML', () => {
  const pieces = allCodes.flatMap(code => ofLanguage('yaml', diagnose(failureOf(code), fullRecord())))

  expect(pieces.length).toBeGreaterThan(3)
  for (const { text } of pieces) expect(parse(text)).toBeInstanceOf(Object)
})

describe('the missing federated credential', () => {
  const codes: DiagnosisCode[] = [
    'federated-credential-missing',
    'federated-subject-mismatch',
    'federated-subject-case-mismatch',
    'federated-issuer-mismatch',
    'federated-audience-mismatch',
  ]

  /** No credential, no token: whose client id it is nobody knows yet. */
  const beforeSignIn = (differing: Partial<RunRecord> = {}): RunRecord => {
    const { principal: _, ...record } = fullRecord(differing)
    return record
  }

  test.each(codes)('%s: can be made for an application and for a managed identity', code => {
    const diagnosis = diagnose(failureOf(code), beforeSignIn())
    const { comparison = [] } = diagnosis
    const commands = ofLanguage('bash', diagnosis).map(argumentsOf)
    const [application, identity] = commands.filter(words => words.includes('create'))
    const { iss, sub, aud } = fullRecord().assertion ?? {}

    expect(application?.slice(0, 4)).toEqual(['ad', 'app', 'federated-credential', 'create'])
    expect(valueAfter('--id', application ?? [])).toBe(ids.client)
    expect(JSON.parse(valueAfter('--parameters', application ?? []) ?? '')).toEqual({
      name: expect.stringMatching(/^[A-Za-z0-9][\w-]{2,119}$/),
      issuer: iss,
      subject: sub,
      audiences: [aud],
    })
    expect(identity?.slice(0, 3)).toEqual(['identity', 'federated-credential', 'create'])
    expect(
      ['--issuer', '--subject', '--audiences'].map(option => valueAfter(option, identity ?? [])),
    ).toEqual([iss, sub, aud])
    expect(comparison.map(({ presented }) => presented)).toEqual([iss, sub, aud])
    expect(comparison.some(({ expected }) => expected !== undefined)).toBe(true)
  })

  test.each([
    [
      'an environment',
      { sub: 'repo:contoso/app:environment:Production', environment: 'Production' },
      /replaces the branch, tag or pull request/,
    ],
    ['no environment', { sub: 'repo:contoso/app:ref:refs/heads/main' }, /The job has no `environment`/],
    [
      'the ids of owner and repository',
      { sub: 'repo:contoso@12/app@34:pull_request' },
      /has the numeric ids/,
    ],
    [
      'a template of its own',
      { sub: 'repository_owner_id:12:repository_id:34' },
      /follows a customised template/,
    ],
    [
      'a colon in a name',
      { sub: 'repo:contoso/app:environment:a%3Ab', environment: 'a:b' },
      /is written %3A/,
    ],
  ])('the explanation of a subject with %s', (_, claims, expected) => {
    const record = fullRecord({ assertion: { iss: 'i', aud: 'a', ...claims } })

    expect(diagnose(failureOf('federated-subject-mismatch'), record).why).toMatch(expected)
  })

  /** What no quotes hold, and what az would read as a file, is not printed into commands. */
  function printedAs(value: string): string {
    if (/^([^=]*=)?@/.test(value)) return '<A-VALUE-WITH-AN-AT-SIGN>'
    const endsBoth = /['\u2018-\u201b]/.test(value) && /["$`\\!\u201c-\u201e]/.test(value)
    return endsBoth ? unquotable : value
  }

  test('commands contain any claims unchanged, and run nothing else', () => {
    const claim = hostileText.filter(text => !unprintable.test(text))
    fc.assert(
      fc.property(claim, claim, claim, (iss, sub, aud) => {
        const diagnosis = diagnose(
          failureOf('federated-subject-mismatch'),
          beforeSignIn({ assertion: { iss, sub, aud } }),
        )
        const [application, identity] = ofLanguage('bash', diagnosis).map(argumentsOf)

        expect(JSON.parse(valueAfter('--parameters', application ?? []) ?? '')).toMatchObject({
          issuer: iss,
          subject: sub,
          audiences: [aud],
        })
        expect(
          ['--issuer', '--subject', '--audiences'].map(option => valueAfter(option, identity ?? [])),
        ).toEqual([iss, sub, aud].map(printedAs))
      }),
      { numRuns: 25 },
    )
  })

  test('text about any claims stays harmless', () => {
    fc.assert(
      fc.property(hostileText, sub => {
        const { why } = diagnose(
          failureOf('federated-subject-mismatch'),
          fullRecord({ assertion: { iss: sub, sub, aud: sub } }),
        )

        expect(why).not.toMatch(unprintable)
        expect(why).not.toContain('##[')
      }),
    )
  })
})

describe('the grant for somebody else to make', () => {
  const codes: DiagnosisCode[] = [
    'access-denied',
    'cannot-assign-role',
    'delegation-condition-unmet',
    'resource-manager-forbidden',
  ]

  test.each(codes)('%s: on the command line, in Bicep, in the portal', code => {
    const { fixes } = diagnose(failureOf(code), fullRecord({ roleState: 'missing' }))
    const [command, bicep, portal] = fixes
    const words = command === undefined ? [] : argumentsOf(command)

    expect(words.slice(0, 3)).toEqual(['role', 'assignment', 'create'])
    expect(valueAfter('--assignee-object-id', words)).toBe(ids.principal)
    expect(valueAfter('--assignee-principal-type', words)).toBe('ServicePrincipal')
    expect(valueAfter('--role', words)).toBe(ids.role)
    expect(valueAfter('--scope', words)).toBe(scope)
    expect(bicep).toMatchObject({ language: 'bicep' })
    for (const value of [resource.account, ids.principal, ids.role])
      expect(bicep?.text).toContain(`'${value}'`)
    for (const value of [resource.account, ids.principal, 'Cognitive Services User'])
      expect(portal?.text).toContain(value)
  })

  test('is known even if the role could not be looked up', () => {
    const { role: _, ...record } = fullRecord()
    const [command] = diagnose(failureOf('resource-manager-forbidden'), record).fixes

    expect(command === undefined ? [] : valueAfter('--scope', argumentsOf(command))).toBe(scope)
  })

  test('a scope with quotes and dollars in its names is not printed into a command, and stays one literal of Bicep', () => {
    const { role } = fullRecord()
    if (role === undefined) throw new Error('A full run knows its role')
    // A function, so that dollars are no patterns; and in two pieces, so that they look like no mistake.
    const odd = scope.replace('contoso', () => `con'$${'{x}'}$(y)\\toso`)
    const [command, bicep] = diagnose(
      failureOf('access-denied'),
      fullRecord({ roleState: 'missing', role: { ...role, scope: odd } }),
    ).fixes

    expect(command === undefined ? [] : valueAfter('--scope', argumentsOf(command))).toBe(unquotable)
    expect(bicep?.text).toContain(`name: 'con\\'\\$${'{x}'}$(y)\\\\toso'`)
  })
})

describe('a denial is explained with everything known about roles', () => {
  const why = (record: Partial<RunRecord>) =>
    diagnose(new StepError('calling the model', denial()), fullRecord(record)).why
  const { target, ...settings } = fullRecord().settings ?? { target: undefined }
  const endpointOnly = {
    ...settings,
    target: { kind: 'endpoint', endpoint: 'https://contoso.openai.azure.com' },
  }

  test('it names the data action, and the role with it that the fix grants', () => {
    expect(target).toBeDefined()
    expect(why({})).toContain(`${denial().details?.dataAction}. Cognitive Services User has it.`)
  })

  test.each(['cannot-assign-role', 'access-denied'] as const)(
    '%s: text, command, Bicep and portal name one and the same role',
    code => {
      const { smoke } = fullRecord()
      const refused = smoke.map(({ route, adaptations }) => ({
        kind: 'refused' as const,
        route,
        adaptations,
        failure: denial(),
      }))
      for (const wanted of rolesInTable) {
        const { role } = fullRecord()
        if (role === undefined) throw new Error('A full run knows its role')
        const record = fullRecord({
          role: { ...role, ...wanted },
          roleState: 'missing',
          assignments: [],
          smoke: refused,
        })
        const { why, fixes } = diagnose(failureOf(code), record)
        const [command, bicep, portal] = fixes
        const granted = command === undefined ? '' : valueAfter('--role', argumentsOf(command))
        const name = roleNameOf(granted ?? '') ?? ''

        expect(why).toContain(name)
        expect(bicep?.text).toContain(`'${granted}'`)
        expect(portal?.text).toContain(`role ${name} ›`)
        // What was asked for and does not help is named as that; so are roles that administer.
        const others = rolesInTable.filter(
          ({ guid }) => ![granted, wanted.guid].includes(guid) && roleHasDataActions(guid),
        )
        const rest = why.replaceAll(name, '').replaceAll(wanted.name, '')
        expect(others.filter(other => rest.includes(other.name))).toEqual([])
      }
    },
  )

  test.each<[string, Partial<RunRecord>, RegExp]>([
    [
      'administration roles only',
      { roleState: 'missing', permissions: [{ actions: ['*'], dataActions: [] }] },
      /Roles that only manage, such as Owner and Contributor, do not/,
    ],
    [
      'no role at all',
      { roleState: 'missing', permissions: [] },
      /does not hold Cognitive Services User, neither on the resource, nor from a scope above, nor through a group/,
    ],
    ['roles that may not be read', { roleState: 'unknown' }, /cannot read role assignments/],
    [
      'an endpoint alone',
      { roleState: 'unknown', settings: endpointOnly as NonNullable<RunRecord['settings']> },
      /Only an endpoint was given/,
    ],
    ['another role that covers it', { roleState: 'covered' }, /effective permissions cover the call/],
    [
      'the role, which does not cover it',
      {
        roleState: 'direct',
        permissions: [{ dataActions: ['Microsoft.CognitiveServices/accounts/MaaS/*'] }],
      },
      /does not cover this operation/,
    ],
    [
      'the role, which covers it',
      { roleState: 'inherited', permissions: [{ dataActions: ['*'] }] },
      /longer than any propagation takes/,
    ],
    [
      'the role of a group, which covers it',
      { roleState: 'group', permissions: [{ dataActions: ['*'] }] },
      /through a group. A new membership counts only in new tokens/,
    ],
  ])('with %s', (_, record, expected) => {
    expect(why(record)).toMatch(expected)
  })
})

test('the missing permissions name the job, unless its name is not valid', () => {
  const yaml = (job: string | undefined) => {
    const record = fullRecord()
    const [fix] = diagnose(failureOf('oidc-permission-missing'), {
      ...record,
      run: { ...record.run, job },
    }).fixes
    return parse(fix?.text ?? '')
  }
  const permissions = { 'id-token': 'write', contents: 'read' }

  expect(yaml('deploy-models')).toEqual({ jobs: { 'deploy-models': { permissions } } })
  expect(yaml('x:\n  run: evil')).toEqual({ jobs: { deploy: { permissions } } })
  expect(yaml(undefined)).toEqual({ jobs: { deploy: { permissions } } })
})
