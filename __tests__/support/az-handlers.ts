import { randomUUID } from 'node:crypto'
import * as v from 'valibot'
import { requireScope } from '../../local-cloud/resource-manager/existence.ts'
import { accountId, normalizeScope } from '../../local-cloud/scopes.ts'
import { model as modelSchema } from '../../local-cloud/world/account.ts'
import type { Application, World } from '../../local-cloud/world.ts'
import type { Arguments, Handler } from './az-arguments.ts'
import {
  accountOf,
  addCredential,
  applicationOf,
  credential,
  grant,
  identityOf,
  only,
  removeCredential,
  trust,
} from './az-world.ts'

/** What each command of az does to a world. */
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
