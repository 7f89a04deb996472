import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { parse } from 'yaml'
import { expressionFault } from '../../local-cloud/claims-matching.ts'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import { findRole } from '../../local-cloud/rbac.ts'
import { requireScope } from '../../local-cloud/resource-manager/existence.ts'
import { directoryObject } from '../../local-cloud/resource-manager/principals.ts'
import { accountId, normalizeScope } from '../../local-cloud/scopes.ts'
import { model as modelSchema } from '../../local-cloud/world/account.ts'
import {
  type Application,
  type FederatedCredential,
  GITHUB_ISSUER,
  type World,
} from '../../local-cloud/world.ts'
import { argumentsOf as wordsOf } from './pasted-command.ts'

/**
 * Applies the fixes that a diagnosis prints to the world of a local cloud, as an administrator would who pastes them: az
 * commands go through a real shell, YAML and Bicep are read as such. What it does not know it refuses, loudly.
 */

export const fixSchema = v.object({
  title: v.string(),
  language: v.picklist(['bash', 'yaml', 'bicep', 'text']),
  text: v.string(),
})
export type Fix = v.InferOutput<typeof fixSchema>

/** What a change of the workflow file does to the next run. */
interface WorkflowChange {
  inputs: Record<string, string>
  env: Record<string, string>
  /** A condition of the job or of the step leaves the next run out. */
  skipped: boolean
}

/** @param fill what a person puts instead of `<PLACEHOLDERS>` */
export function applyFix(
  cloud: LocalCloud,
  fix: Fix,
  fill: Readonly<Record<string, string>> = {},
): WorkflowChange {
  const text = Object.entries(fill).reduce(
    (filled, [name, value]) => filled.replaceAll(name, value),
    fix.text,
  )
  const left = /<[A-Z][A-Z0-9 _-]*>/.exec(text)
  if (left !== null) throw new Error(`Nobody filled in ${left[0]} of "${fix.title}":\n${text}`)
  switch (fix.language) {
    case 'bash':
      runAz(cloud, wordsOf({ text }))
      return { inputs: {}, env: {}, skipped: false }
    case 'bicep':
      deploy(cloud.world, text)
      return { inputs: {}, env: {}, skipped: false }
    case 'yaml':
      return changeOf(parse(text), cloud)
    case 'text':
      throw new Error(`"${fix.title}" is advice to a person: ${text}`)
  }
}

export interface Arguments {
  /** The value of an option that must be there, once. */
  one(name: string): string
  many(name: string): readonly string[]
  optional(name: string): string | undefined
}

/** Does what a command does, and returns what it prints, if anybody reads that. */
export type Handler = (args: Arguments, world: World) => unknown

function runAz({ world }: LocalCloud, words: readonly string[]): void {
  const { command, args } = wordsToCommand(words)
  if (/ (list|show)$/.test(command)) return
  const handler = azHandlers[command]
  if (handler === undefined) throw new Error(`Nobody taught the tests what \`az ${words.join(' ')}\` does`)
  handler(args, world)
}

export function wordsToCommand(words: readonly string[]): { command: string; args: Arguments } {
  const firstOption = words.findIndex(word => word.startsWith('-'))
  const end = firstOption < 0 ? words.length : firstOption
  const command = words.slice(0, end).join(' ')
  return { command, args: argumentsOf(command, words.slice(end)) }
}

function argumentsOf(command: string, words: readonly string[]): Arguments {
  const options = new Map<string, string[]>()
  let values: string[] = []
  for (const word of words) {
    if (word.startsWith('--')) {
      // What is given twice adds up, as --set does.
      values = options.get(word.slice(2)) ?? []
      options.set(word.slice(2), values)
    } else {
      values.push(word)
    }
  }
  const many = (name: string) => options.get(name) ?? []
  const optional = (name: string) => many(name)[0]
  return {
    many,
    optional,
    one(name) {
      const given = many(name)
      if (given[0] === undefined || given.length > 1)
        throw new Error(`az ${command}: --${name} takes one value, and has ${given.length}`)
      return given[0]
    },
  }
}

/** Limits of Entra: learn.microsoft.com, considerations for federated identity credentials. */
const trust = v.strictObject({
  issuer: v.pipe(v.string(), v.url()),
  subject: v.optional(v.pipe(v.string(), v.maxLength(600))),
  claimsMatchingExpression: v.optional(v.strictObject({ value: v.string(), languageVersion: v.literal(1) })),
  audiences: v.pipe(v.array(v.string()), v.length(1)),
})
const credential = v.pipe(
  v.strictObject({
    name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w-]{2,119}$/)),
    ...trust.entries,
  }),
  v.check(
    ({ claimsMatchingExpression: expression }) =>
      expression === undefined || expressionFault(expression.value, GITHUB_ISSUER, true) === undefined,
  ),
)

export const azHandlers: Readonly<Record<string, Handler>> = {
  'ad app federated-credential create': (args, world) => {
    const application = applicationOf(world, args.one('id'))
    if (application.kind !== 'application')
      throw new Error('A managed identity has no application registration')
    addCredential(application, v.parse(credential, JSON.parse(args.one('parameters'))))
  },
  'ad app federated-credential update': (args, world) =>
    changeCredential(
      applicationOf(world, args.one('id')),
      args.one('federated-credential-id'),
      v.parse(trust, JSON.parse(args.one('parameters'))),
    ),
  'identity federated-credential create': (args, world) =>
    addCredential(identityOf(world, args), v.parse(credential, { name: args.one('name'), ...trustIn(args) })),
  'ad app federated-credential delete': (args, world) =>
    removeCredential(applicationOf(world, args.one('id')), args.one('federated-credential-id')),
  'identity federated-credential delete': (args, world) =>
    removeCredential(identityOf(world, args), args.one('name')),
  rest: (args, world) => {
    const isLook = args.one('method') === 'get'
    const [, clientId] =
      /^https:\/\/graph\.microsoft\.com\/beta\/applications\(appId='([^']+)'\)\/federatedIdentityCredentials$/.exec(
        args.one('url'),
      ) ?? []
    if (clientId === undefined && isLook) return
    const application = applicationOf(world, clientId ?? '')
    if (isLook) return application.federatedCredentials
    addCredential(application, v.parse(credential, JSON.parse(args.one('body'))))
  },
  'ad app update': (args, world) => {
    if (args.one('set') !== 'isFallbackPublicClient=false') throw new Error('Only one thing is switched off')
    applicationOf(world, args.one('id')).isFallbackPublicClient = false
  },
  'identity federated-credential update': (args, world) =>
    changeCredential(identityOf(world, args), args.one('name'), v.parse(trust, trustIn(args))),
  'ad sp create': (args, world) => {
    applicationOf(world, args.one('id')).servicePrincipal = { objectId: randomUUID(), enabled: true }
  },
  'ad sp update': (args, world) => {
    const principal = applicationOf(world, args.one('id')).servicePrincipal
    if (principal === null) throw new Error('There is no service principal to update')
    if (!args.many('set').includes('accountEnabled=true')) throw new Error('Only sign-in can be switched on')
    principal.enabled = true
  },
  // Registering a provider gives the tenant the service principals of its resources.
  'provider register': (args, world) => {
    if (args.one('namespace') !== 'Microsoft.CognitiveServices') throw new Error('Only models are asked for')
    const subscription = only(
      world.subscriptions.filter(({ id }) => id === args.one('subscription')),
      'the subscription',
    )
    delete subscription.unregisteredProviders
    for (const tenant of world.tenants)
      if (tenant.id === subscription.tenantId) tenant.absentResources.length = 0
  },
  'role assignment create': (args, world) =>
    grant(world, {
      principalId: args.one('assignee-object-id'),
      principalType: args.one('assignee-principal-type'),
      role: args.one('role'),
      scope: args.one('scope'),
      condition: args.optional('condition') ?? null,
      conditionVersion: args.optional('condition-version') ?? null,
    }),
  'role assignment delete': (args, world) => {
    for (const id of args.many('ids')) {
      const at = world.roleAssignments.findIndex(
        ({ scope, name }) =>
          normalizeScope(`${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`) ===
          normalizeScope(id),
      )
      if (at < 0) throw new Error(`There is no role assignment ${id}`)
      world.roleAssignments.splice(at, 1)
    }
  },
  'cognitiveservices account update': (args, world) => {
    const account = accountOf(world, args)
    const subdomain = args.one('custom-domain')
    if (account.customSubDomainName !== null) throw new Error('A subdomain cannot be changed')
    account.customSubDomainName = subdomain
  },
  'resource update': (args, world) => {
    const id = normalizeScope(args.one('ids'))
    if (/\/deployments\/[^/]+$/.test(id)) return moveDeployment(args, world)
    const account = only(
      world.accounts.filter(candidate => normalizeScope(accountId(candidate)) === id),
      `account ${id}`,
    )
    const [, value] = /^properties\.disableLocalAuth=(true|false)$/.exec(args.one('set')) ?? []
    if (value === undefined) throw new Error('Only key access can be switched')
    account.disableLocalAuth = value === 'true'
  },
  'cognitiveservices account deployment create': (args, world) => {
    const deployment = only(
      accountOf(world, args).deployments.filter(({ name }) => name === args.one('deployment-name')),
      'the deployment',
    )
    const model = { format: args.one('model-format'), name: args.one('model-name') }
    deployment.model = v.parse(modelSchema, { ...model, version: args.one('model-version') })
    deployment.sku = { name: args.one('sku-name'), capacity: Number(args.one('sku-capacity')) }
  },
  'cognitiveservices account network-rule add': (args, world) => {
    // The runner's address is the only one that asks here.
    accountOf(world, args).networkDefaultAction = 'Allow'
  },
  'lock delete': (args, world) => {
    for (const id of args.many('ids')) {
      const at = world.locks.findIndex(
        ({ scope, name }) =>
          normalizeScope(`${scope}/providers/Microsoft.Authorization/locks/${name}`) === normalizeScope(id),
      )
      if (at < 0) throw new Error(`There is no lock ${id}`)
      world.locks.splice(at, 1)
    }
  },
  'policy exemption create': (args, world) => {
    const id = args.one('policy-assignment')
    const policy = only(
      world.policyAssignments.filter(
        ({ scope, name }) =>
          normalizeScope(`${scope}/providers/Microsoft.Authorization/policyAssignments/${name}`) ===
          normalizeScope(id),
      ),
      `policy assignment ${id}`,
    )
    const scope = args.one('scope')
    requireScope(world, scope)
    policy.exemptScopes.push(scope)
  },
}

export function only<T>(found: readonly T[], what: string): T {
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(`There are ${found.length} of ${what}`)
  return first
}

export const applicationOf = (world: World, clientId: string): Application =>
  only(
    world.applications.filter(application => application.clientId === clientId.toLowerCase()),
    `application ${clientId}`,
  )

export const identityOf = (world: World, args: Arguments): Application =>
  managedIdentityNamed(world, args.one('identity-name'), `/resourceGroups/${args.one('resource-group')}/`)

const managedIdentityNamed = (world: World, name: string, group = ''): Application =>
  only(
    world.applications.filter(
      ({ resourceId = '' }) =>
        resourceId.toLowerCase().includes(group.toLowerCase()) &&
        resourceId.toLowerCase().endsWith(`/userassignedidentities/${name}`.toLowerCase()),
    ),
    `managed identity ${name}`,
  )

const trustIn = (args: Arguments) => ({
  issuer: args.one('issuer'),
  audiences: args.many('audiences'),
  ...(args.optional('claims-matching-expression-value') === undefined
    ? { subject: args.one('subject') }
    : {
        claimsMatchingExpression: {
          value: args.one('claims-matching-expression-value'),
          languageVersion: Number(args.one('claims-matching-expression-version')),
        },
      }),
})

function changeCredential(
  { federatedCredentials }: Application,
  name: string,
  change: v.InferOutput<typeof trust>,
): void {
  Object.assign(
    only(
      federatedCredentials.filter(candidate => candidate.name === name),
      `credential ${name}`,
    ),
    change,
  )
}

/** Everything that is not set stays as it is. */
function moveDeployment(args: Arguments, world: World): void {
  const id = normalizeScope(args.one('ids'))
  const deployment = only(
    world.accounts.flatMap(account =>
      account.deployments.filter(
        ({ name }) => normalizeScope(`${accountId(account)}/deployments/${name}`) === id,
      ),
    ),
    `deployment ${id}`,
  )
  if (args.optional('force-string') !== undefined) throw new Error('--force-string takes no value')
  const changes = args.many('set').map(set => {
    const [, field, value] = /^properties\.model\.(name|version)=(.+)$/.exec(set) ?? []
    if (field === undefined) throw new Error(`Only the model is moved, not ${set}`)
    return [field, value] as const
  })
  deployment.model = v.parse(modelSchema, { ...deployment.model, ...Object.fromEntries(changes) })
}

function removeCredential({ federatedCredentials }: Application, name: string): void {
  const at = federatedCredentials.findIndex(candidate => candidate.name === name)
  if (at < 0) throw new Error(`There is no credential ${name}`)
  federatedCredentials.splice(at, 1)
}

function addCredential({ federatedCredentials }: Application, added: FederatedCredential): void {
  if (federatedCredentials.some(({ name }) => name === added.name))
    throw new Error(`A credential named ${added.name} exists`)
  const sameTokens = federatedCredentials.some(
    ({ issuer, subject }) => issuer === added.issuer && subject !== undefined && subject === added.subject,
  )
  if (sameTokens) throw new Error('Issuer and subject must be unique on an application')
  federatedCredentials.push(added)
}

interface Grant {
  principalId: string
  principalType: string
  role: string
  scope: string
  condition: string | null
  conditionVersion: string | null
}

function grant(world: World, { principalId, principalType, role, scope, ...conditions }: Grant): void {
  if ((conditions.condition === null) !== (conditions.conditionVersion === null))
    throw new Error('A condition and its version belong together')
  requireScope(world, scope)
  const found = findRole(world, role)
  if (found === undefined) throw new Error(`There is no role ${role}`)
  const type = world.tenants.map(({ id }) => directoryObject(world, id, principalId)).find(Boolean)
  if (type === undefined || type === 'Application' || type !== principalType)
    throw new Error(`${principalId} is ${type}, not ${principalType}`)
  world.roleAssignments.push({
    name: randomUUID(),
    scope,
    roleDefinitionId: found.id,
    principalId: principalId.toLowerCase(),
    principalType: type,
    description: null,
    ...conditions,
    createdBy: null,
    updatedBy: null,
  })
}

export function accountOf(world: World, args: Arguments) {
  const [group, name] = [args.one('resource-group'), args.one('name')]
  const subscription = args.optional('subscription')
  return only(
    world.accounts.filter(
      account =>
        account.name.toLowerCase() === name.toLowerCase() &&
        account.resourceGroup.toLowerCase() === group.toLowerCase() &&
        (subscription === undefined || account.subscriptionId === subscription.toLowerCase()),
    ),
    `account ${name} in ${group}`,
  )
}

/** The two kinds of Bicep files that diagnoses print: a role assignment, and a credential of a managed identity. */
function deploy(world: World, text: string): void {
  const value = (pattern: RegExp) => {
    const found = pattern.exec(text)?.[1]
    if (found === undefined) throw new Error(`The Bicep file does not match ${pattern}:\n${text}`)
    return found
  }
  /** A property of a resource that exists, by the resource's symbol and type. */
  const existing = (symbol: string, type: string, property: string) => {
    const head = `^resource ${symbol} '${type}@[\\d-]+' existing = \\{\\n`
    return value(new RegExp(`${head}(?: {2}parent: \\w+\\n)? {2}${property}: '([^']+)'\\n\\}$`, 'm'))
  }
  if (/^resource grant /m.test(text)) deployGrant(world, value, existing)
  else deployCredential(world, value, existing)
}

type Value = (pattern: RegExp) => string
type Existing = (symbol: string, type: string, property: string) => string

function deployGrant(world: World, value: Value, existing: Existing): void {
  value(/^(resource grant 'Microsoft\.Authorization\/roleAssignments@[\d-]+' = \{)$/m)
  const name = existing('account', 'Microsoft.CognitiveServices/accounts', 'name')
  const { subscriptionId, resourceGroup } = only(
    world.accounts.filter(candidate => candidate.name === name),
    `account ${name}`,
  )
  const id = accountId({ subscriptionId, resourceGroup, name })
  grant(world, {
    principalId: value(/^ {4}principalId: '([^']+)'$/m),
    principalType: value(/^ {4}principalType: '([^']+)'$/m),
    role: value(
      /^ {4}roleDefinitionId: subscriptionResourceId\('Microsoft\.Authorization\/roleDefinitions', '([^']+)'\)$/m,
    ),
    scope:
      value(/^ {2}scope: (account|project)$/m) === 'account'
        ? id
        : `${id}/projects/${existing('project', 'Microsoft.CognitiveServices/accounts/projects', 'name')}`,
    condition: null,
    conditionVersion: null,
  })
}

function deployCredential(world: World, value: Value, existing: Existing): void {
  const type = 'Microsoft.ManagedIdentity/userAssignedIdentities'
  value(new RegExp(`^(resource credential '${type}/federatedIdentityCredentials@[\\d-]+' = \\{)$`, 'm'))
  const identity = managedIdentityNamed(world, existing('identity', type, 'name'))
  addCredential(
    identity,
    v.parse(credential, {
      name: value(/^ {2}parent: identity\n {2}name: '([^']+)'$/m),
      issuer: value(/^ {4}issuer: '([^']+)'$/m),
      subject: value(/^ {4}subject: '([^']+)'$/m),
      audiences: [value(/^ {4}audiences: \['([^']+)'\]$/m)],
    }),
  )
}

const scalars = v.record(
  v.string(),
  v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String)),
)

/** Reads a piece of a workflow file: of a step, of a job, or of all of it. */
function changeOf(yaml: unknown, cloud: LocalCloud): WorkflowChange {
  const found = entriesOf(yaml)
  const under = (name: string) => found.filter(([key]) => key === name).map(([, value]) => value)
  const all = (name: string): Record<string, string> =>
    Object.assign({}, ...under(name).map(value => v.parse(scalars, value)))
  return {
    inputs: all('with'),
    env: { ...all('env'), ...givenBy(all('permissions'), cloud) },
    skipped: under('if').length > 0,
  }
}

/** Keys and values at every depth. */
function entriesOf(node: unknown): Array<[string, unknown]> {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([key, value]) => [[key, value], ...entriesOf(value)])
}

/** The runner offers OIDC tokens to jobs with the permission. */
function givenBy(permissions: Readonly<Record<string, string>>, cloud: LocalCloud): Record<string, string> {
  if (permissions['id-token'] !== 'write') return {}
  const { ACTIONS_ID_TOKEN_REQUEST_URL = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN = '' } = cloud.runnerEnvironment()
  return { ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN }
}
