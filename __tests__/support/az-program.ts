import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as v from 'valibot'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import { accountId, normalizeScope } from '../../local-cloud/scopes.ts'
import type { World } from '../../local-cloud/world.ts'
import { type Arguments, type Handler, wordsToCommand } from './az-arguments.ts'
import { azHandlers } from './az-handlers.ts'
import { accountOf, applicationOf, identityOf, only } from './az-world.ts'

/**
 * An `az` for shell scripts: a program on a PATH of its own that does to the world of a local cloud what the real one
 * does to Azure. What it does not know it refuses, as status 2. __tests__/compatibility/ runs the real one, where it is installed.
 */
export interface AzProgram {
  /** To be put before the PATH of a script. */
  folder: string
  /** Every command so far, as it was given. */
  calls: string[][]
  /** Commands that Azure refuses, as it does to whom a right is missing. */
  refused: string[]
  close(): void
}

export async function createAzProgram(cloud: LocalCloud): Promise<AzProgram> {
  const calls: string[][] = []
  const refused: string[] = []
  const server = createServer(async connection => {
    const words = await readWords(connection)
    calls.push(words)
    const { status, printed } = answer(cloud, words, refused)
    connection.end(`${status}\n${printed}`)
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no TCP port')
  const folder = mkdtempSync(join(tmpdir(), 'key-less-gate-az-'))
  writeFileSync(join(folder, 'az'), clientScript(address.port), { mode: 0o755 })
  return {
    folder,
    calls,
    refused,
    close() {
      server.close()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

/** Hands over how many arguments it has and each of them, and prints what comes back. Bash alone: a script calls az dozens of times, and Node takes longer to start than all the rest. */
const clientScript = (port: number) => `#!/usr/bin/env bash
exec 3<>/dev/tcp/127.0.0.1/${port}
printf '%s\\0' "$#" "$@" >&3
read -r status <&3
if ((status == 0)); then cat <&3; else cat <&3 >&2; fi
exit "$status"
`

/** What the client hands over: it does not say when it has no more. */
async function readWords(connection: Socket): Promise<string[]> {
  let received = Buffer.alloc(0)
  for await (const chunk of connection.iterator({ destroyOnReturn: false })) {
    received = Buffer.concat([received, v.parse(v.instance(Buffer), chunk)])
    const [count, ...words] = received.toString().split('\0')
    if (words.length > Number(count)) return words.slice(0, -1)
  }
  throw new Error('The client went away')
}

/** What az prints: on its standard output if it succeeds, on the other if not. */
function answer({ world }: LocalCloud, words: readonly string[], refused: readonly string[]) {
  try {
    const { command, args } = wordsToCommand(words)
    if (refused.includes(command)) return { status: 1, printed: 'ERROR: (AuthorizationFailed)\n' }
    const handler = scriptHandlers[command]
    if (handler === undefined) throw new Error(`Nobody taught the tests what \`az ${command}\` does`)
    return { status: 0, printed: rowsOf(handler(args, world), args) }
  } catch (error) {
    return { status: 2, printed: `ERROR: ${error instanceof Error ? error.message : error}\n` }
  }
}

/** `--output tsv` of a `--query` that makes rows of fields: `[].[a, b]`, `value[].[a, b]` or `[?a!=null].[a, b]` of a list, `[[a, b]]` of one thing. */
function rowsOf(result: unknown, args: Arguments): string {
  if (args.one('output') === 'none') return ''
  if (args.one('output') !== 'tsv') throw new Error('Only tsv is known')
  const { must, names } =
    /^(?:value)?\[(?:(?:\?(?<must>[\w.]+)!=null)?\]\.\[|\[)(?<names>[\w., ]+)\](?:\])?$/.exec(
      args.one('query'),
    )?.groups ?? {}
  const fields = names?.split(', ')
  if (fields === undefined) throw new Error(`This query is not known: ${args.one('query')}`)
  const rows = v.parse(v.array(object), Array.isArray(result) ? result : [result])
  const read = (row: Record<string, unknown>, field: string) =>
    field.split('.').reduce<unknown>((within, name) => (v.is(object, within) ? within[name] : null), row) ??
    null
  const cell = (row: Record<string, unknown>, field: string) => {
    const value = read(row, field)
    if (value === null) return 'None'
    if (typeof value !== 'string') throw new Error(`What az prints has no ${field}`)
    return value
  }
  const shown = rows.filter(row => must === undefined || read(row, must) !== null)
  return shown.map(row => `${fields.map(field => cell(row, field)).join('\t')}\n`).join('')
}

const object = v.record(v.string(), v.unknown())

const keysOff = v.strictObject({ properties: v.strictObject({ disableLocalAuth: v.boolean() }) })

const scriptHandlers: Readonly<Record<string, Handler>> = {
  ...azHandlers,
  'cloud show': () => ({ endpoints: { microsoftGraphResourceId: 'https://graph.microsoft.com/' } }),
  'account show': (args, world) => subscriptionOf(world, args.one('subscription')),
  'ad app list': (args, world) => {
    const name = filterValue(args, 'displayName')
    return world.applications
      .filter(({ kind, displayName }) => kind === 'application' && displayName === name)
      .map(({ clientId }) => ({ appId: clientId }))
  },
  'ad app create': (args, world) => {
    const [{ id: tenantId }] = atLeastOne(world.tenants)
    const clientId = randomUUID()
    world.applications.push({
      kind: 'application',
      displayName: args.one('display-name'),
      clientId,
      tenantId,
      objectId: randomUUID(),
      servicePrincipal: null,
      federatedCredentials: [],
    })
    return { appId: clientId }
  },
  'ad sp list': (args, world) => {
    const { servicePrincipal } = applicationOf(world, filterValue(args, 'appId'))
    return servicePrincipal === null ? [] : [{ id: servicePrincipal.objectId }]
  },
  'ad sp create': (args, world) => {
    azHandlers['ad sp create']?.(args, world)
    return { id: applicationOf(world, args.one('id')).servicePrincipal?.objectId }
  },
  'identity list': (args, world) => {
    const group = groupId(args)
    return world.applications
      .filter(({ resourceId = '' }) => resourceId.toLowerCase().startsWith(`${group}/`.toLowerCase()))
      .map(identityBody)
  },
  'identity create': (args, world) => {
    const name = args.one('name')
    const objectId = randomUUID()
    const identity: World['applications'][number] = {
      kind: 'managedIdentity',
      displayName: name,
      clientId: randomUUID(),
      tenantId: subscriptionOf(world, args.one('subscription')).tenantId,
      objectId,
      servicePrincipal: { objectId, enabled: true },
      resourceId: `${groupId(args)}/providers/Microsoft.ManagedIdentity/userAssignedIdentities/${name}`,
      federatedCredentials: [],
    }
    world.applications.push(identity)
    return identityBody(identity)
  },
  'identity federated-credential list': (args, world) => identityOf(world, args).federatedCredentials,
  'role assignment list': (args, world) => {
    const { id } = subscriptionOf(world, args.one('subscription'))
    const definitions = `/subscriptions/${id}/providers/Microsoft.Authorization/roleDefinitions`
    return world.roleAssignments
      .filter(({ scope }) => normalizeScope(scope) === normalizeScope(args.one('scope')))
      .map(({ name, scope, principalId, roleDefinitionId, condition }) => ({
        id: `${scope}/providers/Microsoft.Authorization/roleAssignments/${name}`,
        principalId,
        condition,
        roleDefinitionId: `${definitions}/${roleDefinitionId}`,
      }))
  },
  'cognitiveservices account show': (args, world) => {
    const { customSubDomainName } = accountOf(world, args)
    return { properties: { customSubDomainName } }
  },
  'cognitiveservices account deployment list': (args, world) =>
    accountOf(world, args).deployments.map(({ model }) => ({ properties: { model } })),
  rest: (args, world) => {
    if (args.one('url').startsWith('https://graph.')) return azHandlers.rest?.(args, world)
    if (args.one('method') !== 'patch') throw new Error('Only PATCH is known')
    const [id = '', query] = args.one('url').split('?')
    if (query !== 'api-version=2025-06-01') throw new Error(`Another api-version is meant than ${query}`)
    const account = only(
      world.accounts.filter(candidate => normalizeScope(accountId(candidate)) === normalizeScope(id)),
      id,
    )
    Object.assign(account, v.parse(keysOff, JSON.parse(args.one('body'))).properties)
  },
}

/** The value in `name eq 'value'`. */
function filterValue(args: Arguments, name: string): string {
  const value = new RegExp(`^${name} eq '([^']*)'$`).exec(args.one('filter'))?.[1]
  if (value === undefined) throw new Error(`This filter is not known: ${args.one('filter')}`)
  return value
}

const groupId = (args: Arguments) =>
  `/subscriptions/${args.one('subscription')}/resourceGroups/${args.one('resource-group')}`

const subscriptionOf = (world: World, id: string) =>
  only(
    world.subscriptions.filter(subscription => subscription.id === id),
    `subscription ${id}`,
  )

function identityBody({ displayName, clientId, tenantId, servicePrincipal }: World['applications'][number]) {
  return { name: displayName, clientId, tenantId, principalId: servicePrincipal?.objectId }
}

function atLeastOne<T>(items: readonly T[]): [T] {
  const [first] = items
  if (first === undefined) throw new Error('There is none')
  return [first]
}
