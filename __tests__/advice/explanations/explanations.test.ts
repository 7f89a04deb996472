import { readFileSync } from 'node:fs'
import fc from 'fast-check'
import { parse } from 'yaml'
import { bicepLiteral, inputs, yamlScalar } from '../../../src/advice/explanations/commands.ts'
import { diagnose } from '../../../src/advice/explanations/diagnose.ts'
import type { Diagnosis } from '../../../src/advice/explanations/diagnosis.ts'
import { otherForms } from '../../../src/advice/explanations/entra/subjects.ts'
import type { DiagnosisCode } from '../../../src/core/failures/codes.ts'
import { type Failure, localFailure, StepError } from '../../../src/core/failures/failure.ts'
import type { RunRecord } from '../../../src/gate/record.ts'
import { readWorkflowRun } from '../../../src/services/github/workflow-run.ts'
import type { SmokeResult } from '../../../src/services/inference/smoke-call.ts'
import type { AfterDenial } from '../../../src/services/resource-manager/denial-evidence.ts'
import { hostileText, unprintable } from '../../support/hostile-text.ts'
import { argumentsOf, valueAfter } from '../../support/pasted-command.ts'
import {
  allCodes,
  assigned,
  denial,
  failureOf,
  fullRecord,
  ids,
  route,
  scope,
} from '../../support/record-fixture.ts'

const roles = {
  user: { guid: ids.role, name: 'Cognitive Services User' },
  openAIUser: { guid: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd', name: 'Cognitive Services OpenAI User' },
  owner: '8e3af657-a8ff-443c-a75c-2fe8c4bcb635',
  reader: 'acdd72a7-3385-48ef-bd42-f606fba81ae7',
}
const foundryCall = 'Microsoft.CognitiveServices/accounts/MaaS/chat/completions/action'
const minute = 60_000

const bashOf = ({ fixes }: Diagnosis) => fixes.filter(({ language }) => language === 'bash')
const firstCommand = (diagnosis: Diagnosis) => argumentsOf(bashOf(diagnosis)[0] ?? { text: '' })

const refused = (failure: Failure, differing: Partial<typeof route> = {}): SmokeResult => ({
  kind: 'refused',
  route: { ...route, ...differing },
  failure,
  adaptations: [],
})

describe('a denied call is explained with everything known about roles', () => {
  const nothingSeen: AfterDenial = {
    onProjects: [],
    heldByOthers: [],
    denyAssignments: [],
    denyingGrants: [],
  }
  const missing = (differing: Partial<RunRecord> = {}): Partial<RunRecord> => ({
    roleState: 'missing',
    permissions: [],
    assignments: [],
    ...differing,
  })
  const roleHere = (role: { guid: string; name: string }, at = scope): NonNullable<RunRecord['role']> => ({
    ...role,
    scope: at,
    definitionId: `/providers/Microsoft.Authorization/roleDefinitions/${role.guid}`,
  })
  const denied = (record: Partial<RunRecord>, details: Failure['details'] = denial().details ?? {}) =>
    diagnose(
      new StepError('calling the model', { ...denial(), details }),
      fullRecord({ smoke: [refused({ ...denial(), details })], ...record }),
    )

  test.each<[string, Partial<RunRecord>, RegExp]>([
    [
      'a role that is too young',
      { roleState: 'direct', permissions: [{ dataActions: ['*'] }], roleAgeMs: 4 * minute },
      /assigned 4 minutes before/,
    ],
    [
      'Owner and Reader',
      missing({ assignments: [assigned(roles.owner), assigned(roles.reader)] }),
      /It holds Owner, Reader, but no role that gives access to the models/,
    ],
    [
      'a role for other models',
      missing({ assignments: [assigned('142bfaed-a13f-4c2d-bed2-6db62c4a1009')] }),
      /It holds Foundry Project Runtime User\. It does not hold Cognitive Services User, neither on the resource/,
    ],
    [
      'the client id instead of the object id',
      missing({
        afterDenial: { ...nothingSeen, heldByOthers: [assigned(ids.role, { principalId: ids.client })] },
      }),
      new RegExp(`assigned here to ${ids.client}, which is the client id`),
    ],
    [
      'another object id',
      missing({
        afterDenial: { ...nothingSeen, heldByOthers: [assigned(ids.role, { principalId: ids.tenant })] },
      }),
      /probably that of the app registration/,
    ],
    [
      'a deny assignment',
      {
        roleState: 'direct',
        afterDenial: {
          ...nothingSeen,
          denyAssignments: [{ name: 'stack "models"', scope }],
          denyingGrants: [],
        },
      },
      /The deny assignment "stack "models"" at .* overrides every role/,
    ],
  ])('%s', (_, record, expected) => {
    expect(denied(record).why).toMatch(expected)
  })

  test('Cognitive Services OpenAI User against a Foundry model: the data action, the least role, and its grant', () => {
    const { permissions: _, ...record } = fullRecord({
      roleState: 'direct',
      role: roleHere(roles.openAIUser),
    })
    const diagnosis = diagnose(
      new StepError('calling the model', { ...denial(), details: { dataAction: foundryCall } }),
      record,
    )

    expect(diagnosis.why).toContain(`lacks the data action ${foundryCall}`)
    expect(diagnosis.why).toContain('The least built-in role that has it is Cognitive Services User.')
    expect(diagnosis.why).toContain(
      'It holds Cognitive Services OpenAI User, but that role does not cover this operation',
    )
    expect(valueAfter('--role', firstCommand(diagnosis))).toBe(roles.user.guid)
    expect(parse(diagnosis.fixes.at(-1)?.text ?? '')).toEqual({ with: { role: roles.user.name } })
  })

  test('the fix does not grant a role that would not help', () => {
    const owner = missing({
      assignments: [assigned(roles.owner)],
      role: roleHere(roles.openAIUser),
      coverage: 'insufficient',
    })
    const { why, fixes } = denied(owner, { dataAction: foundryCall })

    expect(why).toContain('It holds Owner, but no role that gives access to the models')
    expect(why).toContain('does not cover this operation: it would not help to hold it.')
    expect(valueAfter('--role', argumentsOf(fixes[0] ?? { text: '' }))).toBe(roles.user.guid)
    expect(parse(fixes.at(-1)?.text ?? '')).toEqual({ with: { role: roles.user.name } })
  })

  test('a granted role that can never become live is not reported as slow', () => {
    const record = {
      role: roleHere(roles.openAIUser),
      smoke: [refused({ ...denial(), details: { dataAction: foundryCall } })],
    }
    const never = diagnose(failureOf('access-not-propagated'), fullRecord(record))
    const notYet = diagnose(failureOf('access-not-propagated'), fullRecord({ smoke: [refused(denial())] }))

    expect(never.why).toContain('does not cover this operation')
    expect(valueAfter('--role', firstCommand(never))).toBe(roles.user.guid)
    expect(notYet.why).toContain('still denied the call after 15 min')
    expect(parse(notYet.fixes[0]?.text ?? '')).toEqual({ with: { 'propagation-timeout': '30m' } })
  })

  test('the fix for a role on a project grants it on the account', () => {
    const project = `${scope}/projects/chat`
    const below = missing({
      afterDenial: { ...nothingSeen, onProjects: [assigned(ids.role, { scope: project })] },
    })
    const atProject: Partial<RunRecord> = {
      roleState: 'direct',
      permissions: [{ dataActions: ['*'] }],
      role: roleHere(roles.user, project),
    }

    for (const diagnosis of [denied(below), denied(atProject)]) {
      expect(diagnosis.why).toContain(
        `It holds Cognitive Services User at ${project}, but this call goes to the account`,
      )
      expect(valueAfter('--scope', firstCommand(diagnosis))).toBe(scope)
    }
  })

  test('a role on a project is right if the calls go to the project', () => {
    const project = `${scope}/projects/chat`
    const { why, fixes } = denied({
      roleState: 'missing',
      permissions: [],
      role: roleHere(roles.user, project),
      smoke: [
        refused(denial(), {
          url: 'https://contoso.services.ai.azure.com/api/projects/chat/openai/v1/responses',
        }),
      ],
    })

    expect(why).not.toContain('goes to the account')
    expect(valueAfter('--scope', argumentsOf(fixes[0] ?? { text: '' }))).toBe(project)
    expect(fixes[1]?.text).toContain('scope: project')
  })

  test('no fix grants a role against a deny assignment', () => {
    const diagnosis = denied({
      afterDenial: { ...nothingSeen, denyAssignments: [{ name: 'stack', scope }], denyingGrants: [] },
    })

    expect(firstCommand(diagnosis).slice(0, 3)).toEqual(['rest', '--method', 'get'])
    expect(diagnosis.fixes.every(({ text }) => !text.includes('role assignment create'))).toBe(true)
  })

  test('if the service does not name the data action, the route does', () => {
    expect(denied({}, {}).why).toContain(route.dataAction)
  })
})

describe('subjects that an existing credential may name instead', () => {
  const claims = { iss: 'i', aud: 'a', repository: 'contoso/app', ref: 'refs/heads/main' }

  test.each([
    [
      'an environment',
      { sub: 'repo:contoso/app:environment:eu%3Aprod', environment: 'eu:prod' },
      ['repo:contoso/app:ref:refs/heads/main', 'repo:contoso/app:pull_request'],
    ],
    [
      'numeric ids',
      { sub: 'repo:contoso@12/app@34:ref:refs/heads/main' },
      [
        'repo:contoso/app:ref:refs/heads/main',
        'repo:contoso@12/app@34:pull_request',
        'repo:contoso@12/app@34:environment:<NAME>',
        'repo:contoso/app:pull_request',
        'repo:contoso/app:environment:<NAME>',
      ],
    ],
    [
      'a pull request',
      {
        sub: 'repo:contoso/app:pull_request',
        event_name: 'pull_request',
        ref: 'refs/pull/7/merge',
        base_ref: 'release',
      },
      ['repo:contoso/app:ref:refs/heads/release', 'repo:contoso/app:environment:<NAME>'],
    ],
    [
      'a template of its own',
      { sub: 'repository_owner_id:12:repository_id:34' },
      [
        'repo:contoso/app:ref:refs/heads/main',
        'repo:contoso/app:pull_request',
        'repo:contoso/app:environment:<NAME>',
      ],
    ],
    ['nothing that is known', { sub: 'x', repository: undefined }, []],
  ])('a run with %s', (_, differing, expected) => {
    expect(otherForms({ ...claims, ...differing })).toEqual(expected)
  })

  test('are named, with the template and the reusable workflow', () => {
    const assertion = {
      ...claims,
      sub: 'repository_owner_id:12:repository_id:34:pull_request',
      workflow_ref: 'contoso/app/.github/workflows/deploy.yml@refs/heads/main',
      job_workflow_ref: 'contoso/shared/.github/workflows/gate.yml@v1',
    }
    const { why, comparison } = diagnose(failureOf('federated-subject-mismatch'), fullRecord({ assertion }))

    expect(why).toContain('organisation (repository_owner_id, repository_id, pull_request)')
    expect(why).toContain('the reusable workflow contoso/shared/.github/workflows/gate.yml@v1')
    expect(comparison?.[1]?.expected).toContain('`repo:contoso/app:ref:refs/heads/main` or ')
  })
})

describe('the owner of the federated credential', () => {
  const mirid = `/subscriptions/${ids.subscription}/resourcegroups/rg-ids/providers/Microsoft.ManagedIdentity/userAssignedIdentities/pipeline`
  const verbs = (principal: RunRecord['principal']) => {
    const { principal: _, ...record } = fullRecord()
    const diagnosis = diagnose(
      failureOf('federated-credential-missing'),
      principal === undefined ? record : { ...record, principal },
    )
    return bashOf(diagnosis).map(fix => argumentsOf(fix).slice(0, 2).join(' '))
  }

  test('both commands before any token came, one if the token shows the kind', () => {
    const application = { oid: ids.principal, tid: ids.tenant }

    expect(verbs(undefined)).toEqual(['ad app', 'identity federated-credential', 'identity list'])
    expect(verbs(application)).toEqual(['ad app'])
    expect(verbs({ ...application, xms_mirid: mirid })).toEqual(['identity federated-credential'])
  })

  test('a managed identity is named by the token', () => {
    const principal = { oid: ids.principal, tid: ids.tenant, xms_mirid: mirid }
    const words = firstCommand(diagnose(failureOf('federated-subject-mismatch'), fullRecord({ principal })))

    expect([valueAfter('--resource-group', words), valueAfter('--identity-name', words)]).toEqual([
      'rg-ids',
      'pipeline',
    ])
  })

  test('another audience than the usual one: the first fix is to leave the input out', () => {
    const record = fullRecord()
    const { settings } = record
    if (settings === undefined) throw new Error('A full run has settings')
    const identity = { ...settings.identity, assertionAudience: 'api://Other' }
    const { fixes } = diagnose(failureOf('federated-audience-mismatch'), {
      ...record,
      settings: { ...settings, identity },
    })

    expect(parse(fixes[0]?.text ?? '')).toEqual({ with: { audience: 'api://AzureADTokenExchange' } })
  })
})

describe('runs that get no OIDC token', () => {
  const told = (env: Readonly<Record<string, string>>, differing = {}) => {
    const run = { ...readWorkflowRun(env), ...differing }
    return diagnose(failureOf('oidc-unavailable-fork'), { ...fullRecord(), run })
  }

  test('a fork: skip the gate, and beware of pull_request_target', () => {
    const { why, fixes } = told({ GITHUB_EVENT_NAME: 'pull_request' }, { fromFork: true })

    expect(why).toContain('Pull requests from forks')
    expect(parse(fixes[0]?.text ?? '').if).toContain("github.event_name != 'pull_request' ||")
    expect(fixes[1]?.text).toContain('Do not move the job to pull_request_target')
  })

  test('Dependabot: the job may name the permission, but not for pull_request_target', () => {
    const push = told({ GITHUB_ACTOR: 'dependabot[bot]', GITHUB_JOB: 'gate' })
    const target = told({ GITHUB_ACTOR: 'dependabot[bot]', GITHUB_EVENT_NAME: 'pull_request_target' })

    expect(parse(push.fixes[1]?.text ?? '')).toEqual({
      jobs: { gate: { permissions: { 'id-token': 'write', contents: 'read' } } },
    })
    expect(target.why).toContain('pull_request_target get a read-only token')
    expect(target.fixes).toHaveLength(1)
  })

  test('a missing permission names the file, and the job that calls a reusable workflow', () => {
    const run = readWorkflowRun({
      GITHUB_JOB: 'gate',
      GITHUB_WORKFLOW_REF: 'contoso/app/.github/workflows/deploy.yml@refs/heads/main',
    })
    const [own, caller] = diagnose(failureOf('oidc-permission-missing'), { ...fullRecord(), run }).fixes

    expect(own?.title).toBe('Give the job the permission (.github/workflows/deploy.yml)')
    expect(caller?.title).toContain('(.github/workflows/deploy.yml)')
    expect(parse(caller?.text ?? '').jobs.call).toMatchObject({
      permissions: { 'id-token': 'write' },
      uses: expect.any(String),
    })
  })

  describe.each([
    ['was called by its own API', { api: 'messages' as const }, undefined],
    ['is known from the list', {}, 'Anthropic'],
  ])('Claude that %s', (_, differing, modelFormat) => {
    const record = fullRecord({
      smoke: [refused(localFailure('operation-unsupported', ''), { deployment: 'writer', ...differing })],
      deployments: [
        {
          name: 'Writer',
          modelName: 'claude-opus-4-5',
          modelFormat,
          state: 'Succeeded',
          capabilities: new Set(),
        },
      ],
    })
    test.each<DiagnosisCode>([
      'endpoint-not-found',
      'operation-unsupported',
      'api-version-unsupported',
      'parameter-unsupported',
    ])('never gets a call to an API that it does not have: %s', code => {
      const { fixes } = diagnose(failureOf(code), record)

      expect(fixes.length).toBeGreaterThan(0)
      for (const { text } of fixes) expect(text).not.toMatch(/=(chat-completions|responses|embeddings)/)
    })
  })

  test.each([
    ['a fork', { fromFork: true }, /passes no secrets/],
    ['Dependabot', { actor: 'dependabot[bot]' }, /Dependabot's secrets/],
    [
      'the repository itself',
      {},
      /^Inputs are checked before anything else, all of them at once\. No request was made\.$/,
    ],
  ])('inputs that are empty in a run of %s', (_, differing, expected) => {
    const run = { ...readWorkflowRun({}), ...differing }

    expect(diagnose(failureOf('input-invalid'), { ...fullRecord(), run }).why).toMatch(expected)
  })
})

describe('the docs', () => {
  const page = readFileSync(new URL('../../../docs/diagnosis.md', import.meta.url), 'utf8')
  const docsOf = (env: Readonly<Record<string, string>>) =>
    diagnose(failureOf('access-denied'), { ...fullRecord(), run: readWorkflowRun(env) }).docs

  test.each(allCodes)('have a section on %s, and the index links to it', code => {
    expect(page.split('\n').filter(line => line === `### ${code}`)).toHaveLength(1)
    expect(page).toContain(`[\`${code}\`](#${code})`)
  })

  test.each([
    [
      'contoso/key-less-gate',
      'v1',
      'https://github.com/contoso/key-less-gate/blob/v1/docs/diagnosis.md#access-denied',
    ],
    [
      'contoso/key-less-gate',
      'releases/v1',
      'https://github.com/contoso/key-less-gate/blob/releases/v1/docs/diagnosis.md#access-denied',
    ],
    [
      'contoso/key-less-gate',
      'a b>',
      'https://github.com/contoso/key-less-gate/blob/a%20b%3E/docs/diagnosis.md#access-denied',
    ],
    ['', '', 'docs/diagnosis.md#access-denied'],
    ['contoso/x)](evil', 'v1', 'docs/diagnosis.md#access-denied'],
  ])('of the action from %j at %j', (repository, ref, address) => {
    expect(docsOf({ GITHUB_ACTION_REPOSITORY: repository, GITHUB_ACTION_REF: ref })).toBe(address)
  })
})

/** What a Bicep literal means: learn.microsoft.com, Bicep data types. */
function bicepValue(literal: string): string {
  expect(literal).toMatch(/^'(?:[^'\\$]|\\'|\\\\|\\\$|\$(?!\{))*'$/)
  return literal.slice(1, -1).replace(/\\(['\\$])/g, '$1')
}

describe('values cannot break out of their quotes', () => {
  const visible = hostileText.filter(text => !unprintable.test(text))

  test('a Bicep literal', () => {
    fc.assert(
      fc.property(
        fc.oneof(visible, fc.string()).filter(text => !unprintable.test(text)),
        text => {
          expect(bicepValue(bicepLiteral(text))).toBe(text)
        },
      ),
    )
  })

  test('a YAML scalar', () => {
    fc.assert(
      fc.property(visible, text => {
        expect(parse(`with:\n  value: ${yamlScalar(text)}\n`)).toEqual({ with: { value: text } })
      }),
    )
  })

  /** A run in which everything that others can choose was chosen by somebody hostile. */
  const hostileRun = (text: string): [RunRecord, Failure] => {
    const record = fullRecord()
    const { role, settings } = record
    if (role === undefined || settings?.target.kind !== 'resource')
      throw new Error('A full run has a role and a resource')
    // What comes through the environment is UTF-8, and holds no half characters.
    const odd = text.replaceAll('/', '|').toWellFormed()
    const refusal = {
      ...denial(),
      details: { dataAction: text, action: text, audience: text, parameter: text, deployment: text },
    }
    const hostile: RunRecord = {
      ...record,
      run: { ...record.run, job: text, workflowRef: `a/b/${text}@x`, action: { repository: text, ref: odd } },
      assertion: {
        iss: text,
        sub: text,
        aud: text,
        environment: text,
        repository: text,
        ref: text,
        enterprise: text,
      },
      subjectTemplate: text,
      principal: {
        oid: odd,
        tid: text,
        xms_mirid: `/subscriptions/s/resourcegroups/${odd}/providers/p/userAssignedIdentities/${odd}`,
      },
      settings: {
        ...settings,
        target: {
          ...settings.target,
          resource: { ...settings.target.resource, resourceGroup: odd, account: odd },
        },
      },
      role: { ...role, name: text, scope: scope.replace('contoso', () => odd) },
      roleState: 'missing',
      deployments: [{ name: text, modelName: text, modelFormat: text, state: text, capabilities: new Set() }],
      afterDenial: {
        onProjects: [],
        heldByOthers: [],
        denyAssignments: [{ name: text, scope: text }],
        denyingGrants: [],
      },
      smoke: [refused(refusal, { deployment: text, url: text })],
    }
    return [hostile, refusal]
  }

  test('every command of every code stays one call of one program', () => {
    fc.assert(
      fc.property(hostileText, fc.constantFrom(...allCodes), (text, code: DiagnosisCode) => {
        const [record, failure] = hostileRun(text)
        for (const fix of bashOf(diagnose(new StepError('asking', { ...failure, code }), record)))
          expect(argumentsOf(fix).length).toBeGreaterThan(0)
      }),
      { numRuns: 60 },
    )
  })

  const diagnosesOf = (text: string): Diagnosis[] => {
    const [record, failure] = hostileRun(text)
    return allCodes.map(code => diagnose(new StepError('asking', { ...failure, code }), record))
  }

  test('every word of every code is harmless', () => {
    fc.assert(
      fc.property(hostileText, text => {
        for (const { why, operation, docs, fixes } of diagnosesOf(text)) {
          const words = [why, operation, docs, ...fixes.map(({ title }) => title)].join('')
          expect(words).not.toMatch(unprintable)
          expect(words).not.toContain('##[')
          expect(fixes.map(fix => fix.text.replaceAll('\n', '')).join('')).not.toMatch(unprintable)
        }
      }),
      { numRuns: 40 },
    )
  })

  test.each([
    ['an empty entry', '\r\n=responses', ['=responses']],
    ['blanks before the first', '   chat\nembeddings', ['chat', 'embeddings']],
    ['blanks of every kind', '  \u00a0\nchat', ['chat']],
    ['nothing but line ends', '\n\n', []],
  ])('a list of inputs with %s stays a list', (_, deployments, entries) => {
    const { text } = inputs('Name them', { deployments })

    expect(parse(text).with.deployments.trim().split('\n').filter(Boolean)).toEqual(entries)
  })

  test('every piece of YAML contains only what it must', () => {
    const known = expect.stringMatching(/^(with|jobs|if|env|concurrency)$/)
    fc.assert(
      fc.property(hostileText, text => {
        const pieces = diagnosesOf(text).flatMap(({ fixes }) =>
          fixes.filter(({ language }) => language === 'yaml'),
        )
        for (const { text: yaml } of pieces) expect(Object.keys(parse(yaml))).toEqual([known])
      }),
      { numRuns: 40 },
    )
  })
})

test('a refusal that Entra has no code for leads to the page of its number', () => {
  const refusal = {
    ...localFailure('entra-rejected', ''),
    said: { status: 401, serviceCode: 'AADSTS7000222', message: '', ids: {} },
  }

  expect(diagnose(new StepError('signing in', refusal), fullRecord()).fixes[0]?.text).toContain(
    'error?code=7000222',
  )
})

test("if Resource Manager refuses the runner's network, the resource's own rules are not blamed", () => {
  const { failure } = failureOf('network-blocked')
  const blocked = new StepError('reading the account', {
    ...failure,
    details: { keptFrom: 'resource-manager' },
  })
  const { why, fixes } = diagnose(blocked, fullRecord())

  expect(why).toMatch(/^Resource Manager itself refuses the call/)
  expect(fixes.map(({ language }) => language)).toEqual(['text', 'text'])
})

test.each([
  ['NoRegisteredProviderFound', /version of the API that Azure does not serve/, 2],
  ['BadRequestFormat', /^This action does not know the reason/, 1],
])('a refusal of Resource Manager as %s says so', (serviceCode, expected, count) => {
  const { failure } = failureOf('resource-manager-rejected')
  const refused = new StepError('reading the account', { ...failure, said: { ...failure.said, serviceCode } })
  const { why, fixes } = diagnose(refused, fullRecord())

  expect(why).toMatch(expected)
  expect(fixes).toHaveLength(count)
})

test('a deployment that only the endpoint names is not reported as listed', () => {
  const { why } = diagnose(failureOf('deployment-not-ready'), { ...fullRecord(), deployments: [] })

  expect(why).toMatch(/^The endpoint says so; no list/)
})
