import { globSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import * as v from 'valibot'
import { endpointsAt } from '../src/azure/endpoint.ts'
import { coversDataAction } from '../src/azure/rbac/permissions.ts'
import { registry } from '../src/services/inference/apis/index.ts'
import { repositoryRoot } from './tools.ts'

/**
 * Usage: node scripts/role-drift.ts FOLDER [FILE]
 *
 * Compares the built-in roles in this repository with those that Microsoft documents. FOLDER has the pages
 * articles/role-based-access-control/built-in-roles of the repository MicrosoftDocs/azure-docs, which show every role as JSON. Writes
 * changes into FILE (built-in-roles/roles.json), and prints what changed. Prints nothing if nothing did.
 * A new role is added only if it lets its holder call a model. The gate does not need the others.
 */

const actions = v.optional(v.array(v.string()), [])
const condition = v.optional(v.nullable(v.string()), null)
export const permission = v.object({
  actions,
  notActions: actions,
  dataActions: actions,
  notDataActions: actions,
  condition,
  conditionVersion: condition,
})
export const documentedRole = v.object({
  name: v.string(),
  roleName: v.string(),
  description: v.string(),
  permissions: v.array(permission),
})
type Role = v.InferOutput<typeof documentedRole>

const shippedRole = v.looseObject({ ...documentedRole.entries })
const shippedSchema = v.looseObject({
  asOf: v.string(),
  formerNames: v.record(v.string(), v.string()),
  roles: v.array(shippedRole),
})

const block = /```json\n(.*?)\n```/gs

/** The roles on a page. JSON that is not a role is skipped. */
function documentedRoles(page: string): Role[] {
  return [...page.replaceAll('\r\n', '\n').matchAll(block)].flatMap(([, json = '']) => {
    try {
      const role = v.safeParse(documentedRole, JSON.parse(json))
      return role.success ? [role.output] : []
    } catch {
      return []
    }
  })
}

const lists = ['actions', 'notActions', 'dataActions', 'notDataActions'] as const

/** The changes of a role, one line each. */
export function changesOf(shipped: Role, documented: Role): string[] {
  const named = [
    ...(shipped.roleName === documented.roleName ? [] : [`is now called ${documented.roleName}`]),
  ]
  return [
    ...named,
    ...lists.flatMap(list => {
      const before = new Set(shipped.permissions.flatMap(each => each[list]))
      const after = new Set(documented.permissions.flatMap(each => each[list]))
      return [
        ...[...after]
          .filter(action => !before.has(action))
          .map(action => `\`${list}\` has gained \`${action}\``),
        ...[...before]
          .filter(action => !after.has(action))
          .map(action => `\`${list}\` has lost \`${action}\``),
      ]
    }),
    ...(conditionsOf(shipped) === conditionsOf(documented) ? [] : ['its conditions have changed']),
  ]
}

const conditionsOf = ({ permissions }: Role) =>
  JSON.stringify(permissions.map(({ condition, conditionVersion }) => [condition, conditionVersion]))

/** The data actions that model calls need, for all APIs. */
const callsOfModels: readonly string[] = [
  ...new Set(
    registry
      .flatMap(({ placesOf }) =>
        placesOf({ deployment: 'any', model: 'any' }, endpointsAt('https://any.example')),
      )
      .map(({ dataAction }) => dataAction),
  ),
].toSorted()

/** The calls of the gate that a role allows. */
function callableBy({ permissions }: Role): string[] {
  const ofData = permissions.map(({ dataActions, notDataActions }) => ({ dataActions, notDataActions }))
  return callsOfModels.filter(dataAction => coversDataAction(ofData, dataAction))
}

/** A reviewer decides about a new role: `auto` never chooses a role that has no place in the order. */
function lineOfNew(role: Role): string {
  const callable = callableBy(role).map(dataAction => `\`${dataAction}\``)
  return (
    `- ${role.roleName}: is new, and lets its holder call models (${callable.join(', ')}). ` +
    'The input `role` accepts its name from now on. `role: auto` chooses it only after you add it to `leastFirst` (src/azure/rbac/built-in-roles.ts)'
  )
}

/** In the form of roles.json, which leaves out empty lists. */
const asShipped = ({ permissions, ...role }: Role) => ({
  ...role,
  permissions: permissions.map(each =>
    Object.fromEntries(Object.entries(each).filter(([, value]) => value !== null && value.length > 0)),
  ),
})

/** Former names, by role. Workflows name roles, and must not fail because Microsoft renamed one. */
const namesGivenUp = (shipped: readonly Role[], documented: ReadonlyMap<string, Role>) =>
  Object.fromEntries(
    shipped
      .filter(({ name, roleName }) => (documented.get(name)?.roleName ?? roleName) !== roleName)
      .map(({ name, roleName }) => [name, roleName]),
  )

function main([folder, file = join(repositoryRoot, 'built-in-roles/roles.json')]: readonly string[]): void {
  if (folder === undefined) throw new Error('Usage: node scripts/role-drift.ts FOLDER [FILE]')
  const documented = new Map(
    globSync('*.md', { cwd: folder })
      .flatMap(page => documentedRoles(readFileSync(resolve(folder, page), 'utf8')))
      .map(role => [role.name, role]),
  )
  if (documented.size === 0) throw new Error(`${folder} documents no role`)
  const shipped = v.parse(shippedSchema, JSON.parse(readFileSync(file, 'utf8')))
  const known = new Set(shipped.roles.map(({ name }) => name))
  const added = [...documented.values()].filter(role => !known.has(role.name) && callableBy(role).length > 0)
  const lines = [
    ...shipped.roles.flatMap(role => {
      const now = documented.get(role.name)
      if (now === undefined) return [`- ${role.roleName}: is no longer documented`]
      return changesOf(role, now).map(change => `- ${role.roleName}: ${change}`)
    }),
    ...added.map(lineOfNew),
  ]
  if (lines.length === 0) return
  const roles = [
    ...shipped.roles.map(role => {
      const now = documented.get(role.name)
      return now !== undefined && changesOf(role, now).length > 0 ? asShipped(now) : asShipped(role)
    }),
    ...added.map(asShipped),
  ]
  const asOf = new Date().toISOString().slice(0, 10)
  const formerNames = { ...namesGivenUp(shipped.roles, documented), ...shipped.formerNames }
  writeFileSync(file, `${JSON.stringify({ ...shipped, asOf, formerNames, roles }, null, 2)}\n`)
  process.stdout.write(`${lines.join('\n')}\n`)
}

if (import.meta.main) main(process.argv.slice(2))
