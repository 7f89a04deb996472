import * as v from 'valibot'
import { accountId } from '../../local-cloud/scopes.ts'
import type { World } from '../../local-cloud/world.ts'
import { addCredential, credential, grant, managedIdentityNamed, only } from './az-world.ts'

/** The two kinds of Bicep files that diagnoses print: a role assignment, and a credential of a managed identity. */
export function deploy(world: World, text: string): void {
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
