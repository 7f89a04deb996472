import { accountsApiVersion, authorizationApiVersion } from '../../azure/api-versions.ts'
import { accessAdministrator } from '../../azure/rbac/built-in-roles.ts'
import { delegationCondition } from '../../azure/rbac/delegation-conditions.ts'
import { type Principal, servicePrincipal } from '../../azure/rbac/principal.ts'
import { parseScope } from '../../azure/rbac/scopes.ts'
import { accountType, guidPattern } from '../../azure/resource-id.ts'
import { shellWord, visibleLine } from '../../core/text/untrusted.ts'
import { advice, type Fix } from './explanation.ts'
import type { Values } from './values.ts'

/** Commands, Bicep and YAML to paste. Values stay values, no matter what they contain. */

/** `true` means a flag without a value. */
type Options = Readonly<Record<string, string | true>>

/** One az command for POSIX shells. Options of one group share a line. */
export function az(verb: string, ...groups: readonly Options[]): string {
  const lines = groups.map(group =>
    Object.entries(group)
      .map(([name, value]) => (value === true ? `--${name}` : `--${name} ${azWord(value)}`))
      .join(' '),
  )
  return [`az ${verb}`, ...lines].join(' \\\n  ')
}

/**
 * az replaces a value that begins with `@`, or has `@` after its first `=`, by the content of that file (azure-cli-core,
 * `_expand_file_prefixed_files`). It has no way to escape the `@`.
 */
const azWord = (value: string) => shellWord(/^(?:[^=]*=)?@/.test(value) ? '<A-VALUE-WITH-AN-AT-SIGN>' : value)

/** The same on one line, for short commands. */
export function azLine(verb: string, options: Options): string {
  return az(verb, options).replace(' \\\n  ', ' ')
}

export function bash(title: string, text: string): Fix {
  return { title: `${title}, in bash`, language: 'bash', text }
}

export function bicep(title: string, text: string): Fix {
  return { title, language: 'bicep', text }
}

/** A command that shows something as a table. */
export function show(title: string, verb: string, options: Options): Fix {
  return bash(title, azLine(verb, { ...options, output: 'table' }))
}

/** The options that name the account in az commands. */
export const accountOptions = ({
  subscriptionId,
  resourceGroup,
  account,
}: Pick<Values, 'subscriptionId' | 'resourceGroup' | 'account'>): Options => ({
  subscription: subscriptionId,
  'resource-group': resourceGroup,
  name: account,
})

export const subscriptionOptions = ({ subscriptionId }: Pick<Values, 'subscriptionId'>): Options => ({
  subscription: subscriptionId,
})

/** The provider gives the tenant the service principals of its resources. */
export const registerProvider = (title: string, values: Pick<Values, 'subscriptionId'>): Fix =>
  bash(
    title,
    azLine('provider register', { ...subscriptionOptions(values), namespace: 'Microsoft.CognitiveServices' }),
  )

export const groupOptions = ({
  subscriptionId,
  resourceGroup,
}: Pick<Values, 'subscriptionId' | 'resourceGroup'>): Options => ({
  subscription: subscriptionId,
  'resource-group': resourceGroup,
})

export const whoseSubscription = (
  { subscriptionId }: Pick<Values, 'subscriptionId'>,
  title = 'See the tenant of the subscription',
): Fix =>
  show(title, 'account show', {
    subscription: subscriptionId,
    query: '{name:name, subscription:id, tenantId:tenantId, state:state}',
  })

/** A Bicep string literal (learn.microsoft.com, Bicep data types: strings). */
export function bicepLiteral(text: string): string {
  return `'${visibleLine(text).replace(/\\/g, '\\\\').replace(/'/g, "\\'").replace(/\$\{/g, '\\${')}'`
}

/** A YAML scalar: plain if no character in it has a meaning in YAML, otherwise in double quotes, as in JSON. */
export function yamlScalar(text: string): string {
  const bare =
    /^[A-Za-z][\w./=-]*( [\w./=-]+)*$/.test(text) && !/^(true|false|yes|no|on|off|null|y|n)$/i.test(text)
  return bare ? text : JSON.stringify(visibleLine(text))
}

/** Lists have one entry per line. An empty entry, or blanks before the first one, would change the meaning of the block. */
function yamlValue(value: string): string {
  if (!value.includes('\n')) return yamlScalar(value)
  const entries = value.split('\n').flatMap(line => visibleLine(line).trim() || [])
  return ['|', ...entries.map(entry => `    ${entry}`)].join('\n')
}

/** Inputs of this action, as written in its step. */
export function inputs(title: string, values: Readonly<Record<string, string>>): Fix {
  const lines = Object.entries(values).map(([name, value]) => `  ${name}: ${yamlValue(value)}`)
  return { title, language: 'yaml', text: ['with:', ...lines].join('\n'), sets: values }
}

/**
 * For throttling services, and for jobs that share something. Without `queue`, GitHub keeps only one waiting job of a group and
 * cancels the one that waited before it (github.blog, changelog of 2026-05-07).
 */
export const takeTurns: Fix = {
  title: 'Let such jobs take turns; up to a hundred can wait',
  language: 'yaml',
  text: 'concurrency:\n  group: key-less-gate\n  queue: max',
}

/** For services that fail with a server error. */
export const statusPage: Fix = advice(
  'Run the job again. If it persists, look at https://azure.status.microsoft.',
)

/** A job's id if it is a plain identifier, as GitHub requires; otherwise a name that is clearly an example. */
export const jobName = (job: string | undefined) =>
  /^[A-Za-z_][\w-]*$/.test(job ?? '') ? (job ?? '') : 'deploy'

interface Grant {
  grantee: Principal
  role: { guid: string; name: string }
  /** Id of the account, or of one of its projects. */
  scope: string
  resourceGroup: string
}

/** The grant, for somebody who can make it: az command, Bicep, and the steps in the portal. */
export function grantFixes(grant: Grant): Fix[] {
  const { grantee, role, scope, resourceGroup } = grant
  const [account, project] = parseScope(scope).resources
  const where = [account?.name, project && `project ${project.name}`].filter(Boolean).join(' › ')
  return [
    bash(
      `Grant ${role.name} (Azure CLI, as Owner, User Access Administrator or Role Based Access Control Administrator)`,
      az('role assignment create', assigneeOptions(grantee), { role: role.guid }, { scope }),
    ),
    // Only the name of a custom role is known before it is looked up, and Bicep does not accept a name.
    ...(guidPattern.test(role.guid)
      ? [bicep(`The same in Bicep, deployed to the resource group ${resourceGroup}`, grantBicep(grant))]
      : []),
    {
      title: 'The same in the portal',
      language: 'text',
      text: `Open the resource ${where} › Access control (IAM) › Add role assignment › role ${role.name} › members: the ${principalInWords(grantee)} › Review + assign.`,
    },
  ]
}

export const assigneeOptions = ({ principalId, principalType }: Principal): Options => ({
  'assignee-object-id': principalId,
  'assignee-principal-type': principalType,
})

/** For the granting identity: the right to assign only these roles, and only to principals of the grantee's type. */
export const assignOnly = (
  roleGuids: readonly string[],
  { grantorId, grantee, scope }: Pick<Values, 'grantorId' | 'grantee' | 'scope'>,
): string =>
  az(
    'role assignment create',
    assigneeOptions(servicePrincipal(grantorId)),
    { role: accessAdministrator.guid },
    { scope },
    { condition: delegationCondition(roleGuids, [grantee.principalType]), 'condition-version': '2.0' },
  )

const typesInWords: Record<Principal['principalType'], string> = {
  ServicePrincipal: 'service principal',
  Group: 'group',
  User: 'user',
}

export const principalInWords = ({ principalId, principalType }: Principal): string =>
  `${typesInWords[principalType]} with object id ${principalId}`

function grantBicep({ grantee: { principalId, principalType }, role, scope }: Grant): string {
  const [account, project] = parseScope(scope).resources
  const target = project === undefined ? 'account' : 'project'
  const existing = [existingResource('account', accountType, [`name: ${bicepLiteral(account?.name ?? '')}`])]
  if (project !== undefined)
    existing.push(
      existingResource('project', `${accountType}/projects`, [
        'parent: account',
        `name: ${bicepLiteral(project.name)}`,
      ]),
    )
  return `${existing.join('\n\n')}

resource grant 'Microsoft.Authorization/roleAssignments@${authorizationApiVersion}' = {
  name: guid(${target}.id, ${bicepLiteral(principalId)}, ${bicepLiteral(role.guid)})
  scope: ${target}
  properties: {
    principalId: ${bicepLiteral(principalId)}
    principalType: '${principalType}'
    roleDefinitionId: subscriptionResourceId('Microsoft.Authorization/roleDefinitions', ${bicepLiteral(role.guid)})
  }
}`
}

function existingResource(symbol: string, type: string, lines: readonly string[]): string {
  return [
    `resource ${symbol} '${type}@${accountsApiVersion}' existing = {`,
    ...lines.map(line => `  ${line}`),
    '}',
  ].join('\n')
}

/** The grant of this run, with some values replaced. */
export const grantOf = (values: Values, others: Partial<Grant> = {}): Grant => ({
  grantee: values.grantee,
  role: values.role,
  scope: values.scope,
  resourceGroup: values.resourceGroup,
  ...others,
})
