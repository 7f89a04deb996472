import { spawnSync } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { parse } from 'yaml'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import { findRole } from '../../local-cloud/rbac.ts'
import { requireScope } from '../../local-cloud/resource-manager/existence.ts'
import { directoryObject } from '../../local-cloud/resource-manager/principals.ts'
import { accountId, normalizeScope } from '../../local-cloud/scopes.ts'
import type { Application, World } from '../../local-cloud/world.ts'

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
export interface WorkflowChange {
  inputs: Record<string, string>
  env: Record<string, string>
  /** A condition of the job or of the step leaves the next run out. */
  skipped: boolean
}

/** @param fill what a person puts in the place of `<PLACEHOLDERS>` */
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
      for (const words of commandsOf(text)) runAz(cloud, words)
      return { inputs: {}, env: {}, skipped: false }
    case 'bicep':
      deployGrant(cloud.world, text)
      return { inputs: {}, env: {}, skipped: false }
    case 'yaml':
      return changeOf(parse(text), cloud)
    case 'text':
      throw new Error(`"${fix.title}" is advice to a person: ${text}`)
  }
}

/** The words of each az command as a real shell passes them. */
function commandsOf(script: string): string[][] {
  // The number of words goes first: any word may be empty.
  const recorder = `az() { printf '%s\\0' "$#" "$@" >&3; }`
  const { output, status, stderr } = spawnSync('sh', ['-eu', '-c', `${recorder}\n${script}`], {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'pipe', 'pipe'],
  })
  if (status !== 0) throw new Error(`The shell does not take\n${script}\n${stderr}`)
  const recorded = (output[3] ?? '').split('\0').slice(0, -1)
  const commands: string[][] = []
  for (let at = 0; at < recorded.length; at += 1 + Number(recorded[at])) {
    commands.push(recorded.slice(at + 1, at + 1 + Number(recorded[at])))
  }
  if (commands.length === 0) throw new Error(`There is no az command in\n${script}`)
  return commands
}

interface Arguments {
  /** The value of an option that must be there, once. */
  one(name: string): string
  many(name: string): readonly string[]
  optional(name: string): string | undefined
}

type Handler = (args: Arguments, world: World) => void

function runAz({ world }: LocalCloud, words: readonly string[]): void {
  const firstOption = words.findIndex(word => word.startsWith('-'))
  const command = words.slice(0, firstOption < 0 ? words.length : firstOption).join(' ')
  if (/ (list|show)$/.test(command)) return
  const handler = handlers[command]
  if (handler === undefined) throw new Error(`Nobody taught the tests what \`az ${words.join(' ')}\` does`)
  handler(argumentsOf(command, words.slice(firstOption)), world)
}

function argumentsOf(command: string, words: readonly string[]): Arguments {
  const options = new Map<string, string[]>()
  let values: string[] = []
  for (const word of words) {
    if (word.startsWith('--')) {
      values = []
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

const credentialParameters = v.strictObject({
  name: v.pipe(v.string(), v.regex(/^[A-Za-z0-9][\w-]{2,119}$/)),
  issuer: v.pipe(v.string(), v.url()),
  subject: v.pipe(v.string(), v.maxLength(600)),
  description: v.optional(v.string()),
  audiences: v.pipe(v.array(v.string()), v.length(1)),
})

const handlers: Readonly<Record<string, Handler>> = {
  'ad app federated-credential create': (args, world) => {
    const application = applicationOf(world, args.one('id'))
    if (application.kind !== 'application')
      throw new Error('A managed identity has no application registration')
    const { description: _, ...credential } = v.parse(
      credentialParameters,
      JSON.parse(args.one('parameters')),
    )
    addCredential(application, credential)
  },
  'identity federated-credential create': (args, world) => {
    const id = `/resourceGroups/${args.one('resource-group')}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${args.one('identity-name')}`
    const identity = only(
      world.applications.filter(({ resourceId = '' }) => resourceId.toLowerCase().endsWith(id.toLowerCase())),
      `managed identity ${id}`,
    )
    const [name, issuer, subject] = [args.one('name'), args.one('issuer'), args.one('subject')]
    addCredential(
      identity,
      v.parse(credentialParameters, { name, issuer, subject, audiences: args.many('audiences') }),
    )
  },
  'ad sp create': (args, world) => {
    const id = args.one('id')
    const resource = firstPartyResources[id.toLowerCase()]
    if (resource === undefined) {
      applicationOf(world, id).servicePrincipal = { objectId: randomUUID(), enabled: true }
      return
    }
    for (const tenant of world.tenants) {
      tenant.absentResources = tenant.absentResources.filter(absent => absent !== resource)
    }
  },
  'ad sp update': (args, world) => {
    const principal = applicationOf(world, args.one('id')).servicePrincipal
    if (principal === null) throw new Error('There is no service principal to update')
    if (!args.many('set').includes('accountEnabled=true')) throw new Error('Only sign-in can be switched on')
    principal.enabled = true
  },
  'role assignment create': (args, world) =>
    grant(world, {
      principalId: args.one('assignee-object-id'),
      principalType: args.one('assignee-principal-type'),
      role: args.one('role'),
      scope: args.one('scope'),
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
    const account = accountById(world, args.one('ids'))
    for (const assignment of args.many('set')) setProperty(account, assignment)
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

/** Client ids of Microsoft's own applications, the same in every tenant. */
const firstPartyResources: Readonly<Record<string, string>> = {
  '7d312290-28c8-473c-a0ed-8e53749b6d6d': 'https://cognitiveservices.azure.com',
  '18a66f5f-dbdf-4c17-9dd7-1634712a9cbe': 'https://ai.azure.com',
}

function only<T>(found: readonly T[], what: string): T {
  const [first] = found
  if (first === undefined || found.length > 1) throw new Error(`There are ${found.length} of ${what}`)
  return first
}

const applicationOf = (world: World, clientId: string): Application =>
  only(
    world.applications.filter(application => application.clientId === clientId.toLowerCase()),
    `application ${clientId}`,
  )

function addCredential(
  { federatedCredentials }: Application,
  credential: Application['federatedCredentials'][number],
) {
  if (federatedCredentials.some(({ name }) => name === credential.name))
    throw new Error(`A credential named ${credential.name} exists`)
  const sameTokens = federatedCredentials.some(
    ({ issuer, subject }) => issuer === credential.issuer && subject === credential.subject,
  )
  if (sameTokens) throw new Error('Issuer and subject must be unique on an application')
  federatedCredentials.push(credential)
}

interface Grant {
  principalId: string
  principalType: string
  role: string
  scope: string
}

function grant(world: World, { principalId, principalType, role, scope }: Grant): void {
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
    condition: null,
    conditionVersion: null,
    createdBy: null,
    updatedBy: null,
  })
}

function accountOf(world: World, args: Arguments) {
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

function accountById(world: World, id: string) {
  const [, , subscriptionId = '', , resourceGroup = '', , , , name = ''] = id.split('/')
  return only(
    world.accounts.filter(
      account =>
        account.subscriptionId === subscriptionId.toLowerCase() &&
        account.resourceGroup.toLowerCase() === resourceGroup.toLowerCase() &&
        account.name.toLowerCase() === name.toLowerCase(),
    ),
    `account ${id}`,
  )
}

function setProperty(account: World['accounts'][number], assignment: string): void {
  switch (assignment) {
    case 'properties.publicNetworkAccess=Enabled':
      account.publicNetworkAccess = 'Enabled'
      break
    case 'properties.networkAcls.defaultAction=Allow':
      account.networkDefaultAction = 'Allow'
      break
    case 'properties.disableLocalAuth=true':
      account.disableLocalAuth = true
      break
    default:
      throw new Error(`Nobody taught the tests what setting ${assignment} does`)
  }
}

/** The one kind of Bicep file that diagnoses print: an account that exists, perhaps a project of it, and a role assignment. */
function deployGrant(world: World, text: string): void {
  const value = (pattern: RegExp) => {
    const found = pattern.exec(text)?.[1]
    if (found === undefined) throw new Error(`The Bicep file does not match ${pattern}:\n${text}`)
    return found
  }
  const name = value(
    /^resource account 'Microsoft\.CognitiveServices\/accounts@[\d-]+' existing = \{\n {2}name: '([^']+)'\n\}$/m,
  )
  const target = value(/^ {2}scope: (account|project)$/m)
  const { subscriptionId, resourceGroup } = only(
    world.accounts.filter(candidate => candidate.name === name),
    `account ${name}`,
  )
  const id = accountId({ subscriptionId, resourceGroup, name })
  const project = () =>
    value(
      /^resource project 'Microsoft\.CognitiveServices\/accounts\/projects@[\d-]+' existing = \{\n {2}parent: account\n {2}name: '([^']+)'\n\}$/m,
    )
  value(/^(resource grant 'Microsoft\.Authorization\/roleAssignments@[\d-]+' = \{)$/m)
  grant(world, {
    principalId: value(/^ {4}principalId: '([^']+)'$/m),
    principalType: value(/^ {4}principalType: '([^']+)'$/m),
    role: value(
      /^ {4}roleDefinitionId: subscriptionResourceId\('Microsoft\.Authorization\/roleDefinitions', '([^']+)'\)$/m,
    ),
    scope: target === 'account' ? id : `${id}/projects/${project()}`,
  })
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
