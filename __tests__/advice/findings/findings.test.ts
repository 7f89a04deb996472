import fc from 'fast-check'
import { parse } from 'yaml'
import type { Finding, FindingId } from '../../../src/advice/findings/finding.ts'
import { findingsOf } from '../../../src/advice/findings/findings.ts'
import { informationOf } from '../../../src/advice/findings/information.ts'
import type { Assignment } from '../../../src/azure/rbac/assignment.ts'
import { delegationCondition } from '../../../src/azure/rbac/delegation-conditions.ts'
import { temporaryDescription } from '../../../src/azure/rbac/lease.ts'
import type { RunRecord } from '../../../src/gate/record.ts'
import { severities } from '../../../src/gate/settings.ts'
import { readSettings } from '../../../src/inputs/index.ts'
import { jobOf } from '../../../src/services/github/job.ts'
import { hostileText, unprintable } from '../../support/hostile-text.ts'
import { argumentsOf, valueAfter } from '../../support/pasted-command.ts'
import {
  assigned as assignedRole,
  emptyRecord,
  fullRecord,
  ids,
  route,
  scope,
} from '../../support/record-fixture.ts'

const roles = {
  user: { guid: ids.role, name: 'Cognitive Services User' },
  openAIUser: { guid: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd', name: 'Cognitive Services OpenAI User' },
  foundryUser: { guid: '53ca6127-db72-4b80-b1b0-d745d6d5456d', name: 'Foundry User' },
  dataContributor: {
    guid: '19c28022-e58e-450d-a464-0b2a53034789',
    name: 'Cognitive Services Data Contributor (Preview)',
  },
  reader: { guid: 'acdd72a7-3385-48ef-bd42-f606fba81ae7', name: 'Reader' },
  contributor: { guid: 'b24988ac-6180-42a0-ab88-20f7382dd24c', name: 'Contributor' },
  administrator: {
    guid: 'f58310d9-a9f6-439a-9e8d-f62e7b41a168',
    name: 'Role Based Access Control Administrator',
  },
  foundryOwner: { guid: 'c883944f-8b7b-4483-af10-35834be79c4a', name: 'Foundry Owner' },
  custom: { guid: 'f0a7c2d4-6b31-4c58-9e05-1d8b4a7e9c22', name: 'Shop Inference' },
}
type Role = { guid: string; name: string }

const group = scope.split('/').slice(0, 5).join('/')
const subscription = scope.split('/').slice(0, 3).join('/')
const managementGroup = '/providers/Microsoft.Management/managementGroups/contoso'
const foundryRoute = {
  ...route,
  api: 'models' as const,
  deployment: 'DeepSeek-V3',
  dataAction: 'Microsoft.CognitiveServices/accounts/MaaS/chat/completions/action',
}

const assigned = ({ guid }: Role, differing: Partial<Assignment> = {}): Assignment =>
  assignedRole(guid, {
    id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${guid}`,
    ...differing,
  })

const heldByThisJob = () => {
  const { run, assertion } = fullRecord()
  return assigned(roles.openAIUser, {
    description: temporaryDescription(undefined, jobOf(run, assertion).lease),
  })
}

const wanted = ({ guid, name }: Role): NonNullable<RunRecord['role']> => ({
  guid,
  name,
  scope,
  definitionId: `/providers/Microsoft.Authorization/roleDefinitions/${guid}`,
})

function keyAccess(keyAccess: NonNullable<RunRecord['account']>['keyAccess']): Pick<RunRecord, 'account'> {
  const { account } = fullRecord()
  if (account === undefined) throw new Error('A full run has an account')
  return { account: { ...account, keyAccess } }
}

/** A run that found nothing amiss: the least role, on the resource, keys off. */
function sound(differing: Partial<RunRecord> = {}): RunRecord {
  const {
    permissions: _,
    grant: _grant,
    ...record
  } = fullRecord({
    ...keyAccess('disabled'),
    role: wanted(roles.openAIUser),
    roleState: 'direct',
    assignments: [assigned(roles.openAIUser)],
    ...differing,
  })
  return {
    ...record,
    ...(differing.permissions === undefined ? {} : { permissions: differing.permissions }),
    ...(differing.grant === undefined ? {} : { grant: differing.grant }),
  }
}

function without<K extends keyof RunRecord>(record: RunRecord, ...names: K[]): RunRecord {
  return {
    ...emptyRecord(),
    ...Object.fromEntries(Object.entries(record).filter(([name]) => !names.some(one => one === name))),
  }
}

function withInputs(inputs: Readonly<Record<string, string>>): Pick<RunRecord, 'settings'> {
  const usual: Record<string, string> = {
    'client-id': ids.client,
    'tenant-id': ids.tenant,
    'resource-id': scope,
    ...inputs,
  }
  return { settings: readSettings(name => usual[name] ?? '', {}) }
}

const holding = (role: Role, ...others: Assignment[]): Partial<RunRecord> => ({
  role: wanted(role),
  assignments: [assigned(role), ...others],
})

const idsOf = (record: RunRecord) => findingsOf(record).map(({ id, severity }) => `${id} ${severity}`)

function finding(id: FindingId, record: RunRecord): Finding {
  const found = findingsOf(record).find(one => one.id === id)
  if (found === undefined) throw new Error(`No ${id} among: ${idsOf(record).join(', ') || 'nothing'}`)
  return found
}
const commandsOf = ({ fixes }: Finding) =>
  fixes.filter(({ language }) => language === 'bash').map(argumentsOf)
const inputsOf = ({ fixes }: Finding) =>
  fixes.filter(({ language }) => language === 'yaml').map(({ text }) => parse(text).with)

test('no findings if nothing is known, or if everything is fine', () => {
  expect(findingsOf(emptyRecord())).toEqual([])
  expect(findingsOf(sound())).toEqual([])
  expect(findingsOf(sound({ retiredKey: { outcome: 'key-access-off' } }))).toEqual([])
})

test.each<[string, Partial<RunRecord>, string[]]>([
  ['keys that work', keyAccess('enabled'), ['keys-enabled high']],
  ['keys that are to be ignored', { ...keyAccess('enabled'), ...withInputs({ 'key-access': 'ignore' }) }, []],
  [
    'an endpoint of another resource',
    withInputs({ endpoint: 'https://fabrikam.openai.azure.com' }),
    ['endpoint-of-another-resource medium'],
  ],
  [
    'a gateway in front, whatever is said of keys',
    withInputs({ endpoint: 'https://models.contoso.example', 'key-access': 'ignore' }),
    ['endpoint-of-another-resource medium'],
  ],
  ['another endpoint of the same', withInputs({ endpoint: 'https://contoso.services.ai.azure.com' }), []],
  ['a key of another resource, keys off', { retiredKey: { outcome: 'key-invalid' } }, []],
  [
    'Foundry User, for an OpenAI model',
    { ...keyAccess('enabled'), ...holding(roles.foundryUser) },
    ['keys-enabled high', 'can-list-keys medium', 'broader-role-than-needed medium'],
  ],
  [
    'the same, keys off',
    holding(roles.foundryUser),
    ['broader-role-than-needed medium', 'can-list-keys low'],
  ],
  [
    'Foundry User, where a Foundry model needs no less data actions',
    { ...holding(roles.foundryUser), routes: [route, foundryRoute] },
    ['can-list-keys low'],
  ],
  ['Cognitive Services User, as asked for', holding(roles.user), []],
  ['the same, keys on', { ...keyAccess('enabled'), ...holding(roles.user) }, ['keys-enabled high']],
  [
    'Cognitive Services User, where a lesser role was asked for',
    { role: wanted(roles.openAIUser), roleState: 'covered', assignments: [assigned(roles.user)] },
    ['broader-role-than-needed medium', 'can-list-keys low'],
  ],
  [
    'Foundry User beside Cognitive Services User, as asked for',
    holding(roles.user, assigned(roles.foundryUser)),
    ['broader-role-than-needed medium', 'can-list-keys low'],
  ],
  [
    'Foundry User in its place',
    { role: wanted(roles.user), roleState: 'covered', assignments: [assigned(roles.foundryUser)] },
    ['broader-role-than-needed medium', 'can-list-keys low'],
  ],
  [
    'an administrator of roles',
    holding(roles.openAIUser, assigned(roles.administrator, { scope: group })),
    ['can-assign-roles medium'],
  ],
  [
    'an administrator limited to a caller’s role',
    holding(roles.openAIUser, assigned(roles.administrator, { condition: delegationCondition([ids.role]) })),
    ['can-assign-roles low'],
  ],
  [
    'an administrator limited to a role that administers',
    holding(
      roles.openAIUser,
      assigned(roles.administrator, { condition: delegationCondition([roles.contributor.guid]) }),
    ),
    ['can-assign-roles medium'],
  ],
  [
    'an administrator under a condition that nobody can read',
    holding(roles.openAIUser, assigned(roles.administrator, { condition: 'Other' })),
    ['can-assign-roles medium'],
  ],
  [
    'Contributor beside the caller’s role',
    holding(roles.openAIUser, assigned(roles.contributor)),
    ['can-change-resource medium', 'can-list-keys low'],
  ],
  [
    'Foundry Owner, whose definition limits what it assigns',
    { role: wanted(roles.openAIUser), roleState: 'covered', assignments: [assigned(roles.foundryOwner)] },
    [
      'can-change-resource medium',
      'broader-role-than-needed medium',
      'can-list-keys low',
      'can-assign-roles low',
    ],
  ],
  [
    'a role from the resource group',
    { roleState: 'inherited', assignments: [assigned(roles.openAIUser, { scope: group })] },
    ['wider-scope-than-needed medium'],
  ],
  [
    'Owner of everything, on a project only',
    {
      assignments: [
        assigned(roles.openAIUser),
        assigned(roles.contributor, { scope: `${scope}/projects/p` }),
      ],
    },
    [],
  ],
  [
    'a role under a condition',
    { assignments: [assigned(roles.openAIUser, { condition: "@Resource[a:b] StringEquals 'c'" })] },
    ['conditional-assignment low'],
  ],
  [
    'a role that another job holds for itself',
    {
      assignments: [assigned(roles.openAIUser, { description: temporaryDescription(undefined, ids.tenant) })],
    },
    ['temporary-assignment low'],
  ],
  [
    'a role that this job holds for itself, to take it back',
    { ...withInputs({ role: roles.openAIUser.name, revoke: 'true' }), assignments: [heldByThisJob()] },
    [],
  ],
  [
    'a role that an earlier gate of this job takes back',
    { assignments: [heldByThisJob()] },
    ['temporary-assignment low'],
  ],
  [
    'what another identity was told: the roles, and nothing else',
    {
      ...holding(roles.foundryUser),
      setupPrincipal: { oid: ids.client, tid: ids.tenant },
      permissions: [{ actions: ['*'] }],
    },
    ['broader-role-than-needed medium', 'can-list-keys low'],
  ],
  [
    'a role granted to a group that the pipeline is no member of',
    {
      role: wanted(roles.user),
      roleState: 'missing',
      assignments: [],
      grant: { outcome: 'planned' },
      membership: 'not-member',
    },
    [],
  ],
  [
    'a custom role that is narrow',
    {
      ...holding(roles.custom),
      definitions: new Map([[roles.custom.guid, [{ dataActions: [route.dataAction] }]]]),
    },
    [],
  ],
  [
    'a custom role that is wide',
    {
      ...holding(roles.custom),
      definitions: new Map([[roles.custom.guid, [{ dataActions: ['Microsoft.CognitiveServices/*'] }]]]),
    },
    ['broader-role-than-needed medium'],
  ],
  [
    'a custom role that does not fit',
    {
      ...holding(roles.custom, assigned(roles.openAIUser)),
      roleState: 'direct',
      definitions: new Map([
        [roles.custom.guid, [{ dataActions: ['Microsoft.CognitiveServices/accounts/MaaS/*'] }]],
      ]),
    },
    ['role-does-not-fit medium'],
  ],
  ['a custom role that may not be read', holding(roles.custom), ['access-unknown low']],
  [
    'a custom role that may not be read, and effective permissions that may',
    { ...holding(roles.custom), permissions: [{ actions: ['*/listKeys/action'] }] },
    ['can-list-keys low'],
  ],
  [
    'a definition that has changed since the table was made',
    { ...holding(roles.foundryUser), permissions: [{ dataActions: ['*'] }] },
    ['broader-role-than-needed medium'],
  ],
  [
    'a role granted after the permissions were read',
    {
      role: wanted(roles.foundryUser),
      roleState: 'granted',
      assignments: [],
      permissions: [{ actions: ['*/read'] }],
      grant: { outcome: 'granted' },
    },
    ['broader-role-than-needed medium', 'can-list-keys low'],
  ],
  [
    'a role that a plan would grant',
    { role: wanted(roles.foundryUser), roleState: 'missing', assignments: [], grant: { outcome: 'planned' } },
    ['broader-role-than-needed medium', 'can-list-keys low'],
  ],
])('%s', (_, record, expected) => {
  expect(idsOf(sound(record))).toEqual(expected)
})

test.each<[string, Partial<RunRecord>, string[]]>([
  ['keys', {}, ['key-access-unknown low']],
  [
    'whose the endpoint is, is not known either',
    withInputs({ endpoint: 'https://fabrikam.openai.azure.com' }),
    ['key-access-unknown low'],
  ],
  ['keys, and a proof that they are off', { retiredKey: { outcome: 'key-access-off' } }, []],
  [
    'keys, and a key of another resource',
    { retiredKey: { outcome: 'key-invalid' } },
    ['retired-key-invalid medium', 'key-access-unknown low'],
  ],
  ['keys, and a key that was accepted', { retiredKey: { outcome: 'accepted' } }, ['keys-enabled high']],
])('if the account cannot be read: %s', (_, record, expected) => {
  expect(idsOf(without(sound(record), 'account'))).toEqual(expected)
})

test('if roles cannot be read, the finding says so, and what the role would allow', () => {
  const asking = (role: Role) => without(sound({ role: wanted(role), roleState: 'unknown' }), 'assignments')

  expect(idsOf(asking(roles.foundryUser))).toEqual(['access-unknown low'])
  expect(finding('access-unknown', asking(roles.foundryUser)).detail).toContain(
    'Foundry User, the role that this run asks for, can list',
  )
})

test('only for the recommended role is it information that its holder cannot see roles', () => {
  const record = sound({ role: wanted(roles.user), roleState: 'unknown' })
  const blind = without(record, 'assignments')
  expect(idsOf(blind)).toStrictEqual([])
  expect(informationOf(blind)).toStrictEqual([expect.stringContaining('It cannot read roles')])
  for (const seen of [record, { ...blind, permissions: [] }])
    expect(informationOf(seen)).toStrictEqual([expect.not.stringContaining('It cannot read roles')])

  const others: Partial<RunRecord>[] = [
    { role: wanted(roles.openAIUser) },
    { setupPrincipal: { oid: ids.client, tid: ids.tenant } },
    { roleState: 'granted' },
  ]
  for (const other of others) expect(idsOf({ ...blind, ...other })).toContain('access-unknown low')
})

test('with only an endpoint, the only finding is that keys may work', () => {
  const endpoint = readSettings(
    name =>
      ({
        'client-id': ids.client,
        'tenant-id': ids.tenant,
        endpoint: 'https://contoso.openai.azure.com',
        deployments: 'chat',
      })[name] ?? '',
    {},
  )
  const record = without(sound({ settings: endpoint }), 'account', 'assignments', 'role')

  expect(idsOf(record)).toEqual(['key-access-unknown low'])
  expect(finding('key-access-unknown', record).detail).toContain('Only an endpoint was given')
})

describe('words and fixes', () => {
  test('keys are switched off by the account’s id, and the inverted sample is named', () => {
    const found = finding('keys-enabled', sound(keyAccess('enabled')))

    expect(found.detail).toContain('disableLocalAuth: allowKeys')
    expect(commandsOf(found)).toEqual([
      [
        'resource',
        'update',
        '--ids',
        scope,
        '--api-version',
        '2025-06-01',
        '--set',
        'properties.disableLocalAuth=true',
      ],
    ])
    expect(found.fixes.map(({ language }) => language)).toEqual(['bash', 'bicep', 'text', 'yaml'])
    expect(found.fixes[1]?.text).toContain('disableLocalAuth: true')
  })

  test('a broader role is removed only after the least one is named and granted', () => {
    for (const id of ['broader-role-than-needed', 'can-list-keys'] as const) {
      const found = finding(id, sound(holding(roles.foundryUser)))
      const [grant, removal] = commandsOf(found)

      expect(found.detail).toContain('Foundry User at the resource')
      expect(inputsOf(found)).toEqual([{ role: roles.openAIUser.name }])
      expect(valueAfter('--role', grant ?? [])).toBe(roles.openAIUser.guid)
      expect(removal).toEqual(['role', 'assignment', 'delete', '--ids', assigned(roles.foundryUser).id])
    }
  })

  test('the least role that cannot list keys may not be able to read the resource', () => {
    const found = finding('can-list-keys', sound({ ...holding(roles.foundryUser), routes: [foundryRoute] }))

    expect(found.detail).toContain(
      'Cognitive Services Data Contributor (Preview) (it cannot read the resource: give endpoint and deployments with it)',
    )
  })

  test('a role that no call needs is removed without a replacement', () => {
    const found = finding('can-list-keys', sound(holding(roles.openAIUser, assigned(roles.contributor))))

    expect(commandsOf(found)).toEqual([
      ['role', 'assignment', 'delete', '--ids', assigned(roles.contributor).id],
    ])
  })

  test.each([
    [group, 'the resource group rg-models'],
    [subscription, `the subscription ${ids.subscription}`],
    [managementGroup, 'the management group contoso'],
    ['/', 'the root of the tenant'],
  ])('a role from %s is granted on the resource before it is removed there', (at, place) => {
    const found = finding(
      'wider-scope-than-needed',
      sound({ roleState: 'inherited', assignments: [assigned(roles.openAIUser, { scope: at })] }),
    )
    const [grant, removal] = commandsOf(found)

    expect(found.detail).toContain(`Cognitive Services OpenAI User at ${place}:`)
    expect([valueAfter('--scope', grant ?? []), valueAfter('--role', grant ?? [])]).toEqual([
      scope,
      roles.openAIUser.guid,
    ])
    expect(removal).toContain(assigned(roles.openAIUser).id)
  })

  test('a wide role that is also held on the resource only has to be removed', () => {
    const wide = assigned(roles.openAIUser, { id: `${group}/wide`, scope: group })
    const found = finding(
      'wider-scope-than-needed',
      sound({ roleState: 'direct', assignments: [wide, assigned(roles.openAIUser)] }),
    )

    expect(commandsOf(found)).toEqual([['role', 'assignment', 'delete', '--ids', wide.id]])
  })

  test('a role of a group is not removed from the group', () => {
    const ofGroup = assigned(roles.openAIUser, { scope: group, principalId: ids.tenant })
    const found = finding('wider-scope-than-needed', sound({ roleState: 'group', assignments: [ofGroup] }))

    expect(commandsOf(found)).toHaveLength(1)
    expect(found.fixes.at(-1)?.text).toContain(ids.tenant)
  })

  test('the right to assign moves to another identity, or is limited to the role, or is removed', () => {
    const found = finding(
      'can-assign-roles',
      sound(holding(roles.openAIUser, assigned(roles.administrator, { scope: group }))),
    )
    const [limited, removal] = commandsOf(found)

    expect(found.detail).toContain('Role Based Access Control Administrator at the resource group rg-models')
    expect(found.detail).toContain('it can give itself any role')
    expect(inputsOf(found)).toEqual([
      { 'setup-client-id': '<CLIENT-ID-OF-A-SECOND-IDENTITY>' },
      { grant: 'never' },
    ])
    expect(valueAfter('--condition', limited ?? [])).toBe(
      delegationCondition([roles.openAIUser.guid], ['ServicePrincipal']),
    )
    expect(removal).toContain(assigned(roles.administrator).id)
  })

  test('if another identity grants, the pipeline only has to lose the right', () => {
    const found = finding(
      'can-assign-roles',
      sound({
        ...holding(roles.openAIUser, assigned(roles.administrator)),
        ...withInputs({ 'setup-client-id': ids.tenant }),
      }),
    )

    expect(inputsOf(found)).toEqual([])
    expect(commandsOf(found)).toEqual([
      ['role', 'assignment', 'delete', '--ids', assigned(roles.administrator).id],
    ])
  })

  test('a limited right to assign names the roles that are left', () => {
    const limited = (condition: string) =>
      finding(
        'can-assign-roles',
        sound(holding(roles.openAIUser, assigned(roles.administrator, { condition }))),
      ).detail

    expect(limited(delegationCondition([ids.role, roles.reader.guid]))).toContain(
      'A condition limits it to certain roles: Cognitive Services User and Reader.',
    )
    expect(limited(delegationCondition([roles.custom.guid]))).toContain(
      'no built-in role that this action knows',
    )
    expect(limited("@Request[a:b] StringEquals 'c'")).toContain(
      "cannot determine everything that the condition allows: @Request[a:b] StringEquals 'c'",
    )
    const attribute = (name: string) => `@Request[Microsoft.Authorization/roleAssignments:${name}]`
    const notRole = `${attribute('RoleDefinitionId')} ForAnyOfAllValues:GuidNotEquals`
    expect(limited(`${notRole} {${ids.tenant}}`)).toContain('allows every built-in role')
    expect(limited(`${notRole} {${roles.reader.guid}}`)).toMatch(
      /certain roles: Cognitive Services User, .* and \d+ more\./,
    )
    expect(
      limited(`${attribute('PrincipalType')} ForAnyOfAnyValues:StringEqualsIgnoreCase {'ServicePrincipal'}`),
    ).toContain('limits it to service principals only, and not to certain roles')
    expect(limited(delegationCondition([ids.role], ['Group', 'User']))).toContain(
      'A condition limits it to certain roles: Cognitive Services User; and to groups and users only.',
    )
  })

  test('the finding lists what the pipeline can change', () => {
    const { detail } = finding(
      'can-change-resource',
      sound(holding(roles.openAIUser, assigned(roles.contributor))),
    )

    expect(detail).toContain('change its settings, key access included, delete it')
    expect(detail).toContain('and make and change projects.')
  })

  test('a role that a plan would grant is reported as such, with nothing to remove', () => {
    const found = finding(
      'can-list-keys',
      sound({
        role: wanted(roles.foundryUser),
        roleState: 'missing',
        assignments: [],
        grant: { outcome: 'planned' },
      }),
    )

    expect(found.detail).toContain('Foundry User at the resource (to be granted)')
    expect(commandsOf(found).map(words => words.slice(0, 3).join(' '))).toEqual(['role assignment create'])
  })

  test('deny assignments are never passed over', () => {
    const afterDenial = {
      onProjects: [],
      heldByOthers: [],
      denyAssignments: [{ name: 'stack', scope: group }],
      denyingGrants: [],
    }
    const record = sound({ ...holding(roles.foundryUser), afterDenial })

    expect(finding('can-list-keys', record).detail).toContain(
      `A deny assignment applies to it, and may forbid this too: "stack" at ${group}.`,
    )
  })

  test('a role that does not cover the calls gets the operation, the deployments, and a role that does', () => {
    const found = finding('role-does-not-fit', sound({ role: wanted(roles.reader), roleState: 'covered' }))

    expect(found.detail).toContain(
      `Reader does not cover ${route.dataAction}, which chat-completions needs (chat).`,
    )
    expect(inputsOf(found)).toEqual([{ role: roles.openAIUser.name }])
  })
})

const role = fc.constantFrom(...Object.values(roles))
const anyScope = fc.oneof(fc.constantFrom(scope, group, subscription, managementGroup, '/', ''), hostileText)
const permission = fc.record(
  {
    actions: fc.array(fc.oneof(hostileText, fc.constantFrom('*', '*/write', '*/action')), { maxLength: 2 }),
    dataActions: fc.array(fc.oneof(hostileText, fc.constant('*')), { maxLength: 2 }),
    condition: hostileText,
  },
  { requiredKeys: [] },
)
const anyAssignment = fc
  .record({
    role,
    scope: anyScope,
    principalId: fc.oneof(fc.constant(ids.principal), hostileText),
    id: hostileText,
    condition: fc.option(fc.oneof(hostileText, fc.constant(delegationCondition([ids.role]))), {
      nil: undefined,
    }),
  })
  .map(({ role: { guid }, condition, ...rest }) =>
    assigned({ guid, name: '' }, { ...rest, ...(condition === undefined ? {} : { condition }) }),
  )

const anyRecord: fc.Arbitrary<RunRecord> = fc
  .record({
    record: fc.record(
      {
        assignments: fc.array(anyAssignment, { maxLength: 4 }),
        permissions: fc.array(permission, { maxLength: 2 }),
        routes: fc.uniqueArray(fc.constantFrom(route, foundryRoute)),
        role: fc
          .tuple(role, hostileText, anyScope)
          .map(([one, name, at]) => ({ ...wanted(one), name, scope: at })),
        roleState: fc.constantFrom(
          'direct',
          'inherited',
          'group',
          'covered',
          'granted',
          'missing',
          'unknown',
        ),
        grant: fc.record({ outcome: fc.constantFrom('granted', 'exists', 'planned', 'unknown') }),
        account: fc.constantFrom('enabled', 'disabled', 'unknown').map(access => keyAccess(access).account),
        retiredKey: fc.record({ outcome: fc.constantFrom('key-invalid', 'key-access-off', 'accepted') }),
        afterDenial: hostileText.map(name => ({
          onProjects: [],
          heldByOthers: [],
          denyAssignments: [{ name, scope: name }],
          denyingGrants: [],
        })),
        definitions: permission.map(one => new Map([[roles.custom.guid, [one]]])),
      },
      { requiredKeys: [] },
    ),
    missing: fc.subarray(['settings', 'principal', 'assignments', 'permissions', 'account', 'role'] as const),
  })
  .map(({ record, missing }) => {
    const known = Object.fromEntries(Object.entries(record).filter(([, value]) => value !== undefined))
    return without({ ...sound(), ...known }, ...missing)
  })

test('in any state: most severe first, each once, and no text hides, floods or starts anything', () => {
  fc.assert(
    fc.property(anyRecord, record => {
      const found = findingsOf(record)
      const ranks = found.map(({ severity }) => severities.indexOf(severity))

      expect(ranks).toEqual(ranks.toSorted((a, b) => a - b))
      expect(new Set(found.map(({ id }) => id)).size).toBe(found.length)
      for (const { title, detail, fixes } of found) {
        for (const text of [title, detail, ...fixes.flatMap(fix => [fix.title, ...fix.text.split('\n')])]) {
          expect(text).not.toMatch(unprintable)
          expect(text.length).toBeLessThan(10_000)
        }
        expect(detail).not.toMatch(/##\[|^::|undefined|\[object/)
      }
    }),
    { numRuns: 300 },
  )
})

test('a hostile value stays one word of the commands', () => {
  fc.assert(
    fc.property(hostileText, id => {
      const record = sound(holding(roles.openAIUser, assigned(roles.contributor, { id })))
      const [removal] = commandsOf(finding('can-list-keys', record))

      expect(removal?.slice(0, 4)).toEqual(['role', 'assignment', 'delete', '--ids'])
      expect(removal).toHaveLength(5)
    }),
    { numRuns: 20 },
  )
})

test('a role that is exactly the least is never called broader', () => {
  const one = fc.constantFrom(route.dataAction, foundryRoute.dataAction)
  fc.assert(
    fc.property(fc.uniqueArray(one, { minLength: 1 }), dataActions => {
      const least = dataActions.includes(foundryRoute.dataAction) ? roles.user : roles.openAIUser
      const routes = dataActions.map(dataAction => ({ ...route, dataAction }))

      expect(idsOf(sound({ ...holding(least), routes })).join()).not.toContain('broader-role-than-needed')
    }),
  )
})
