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
 * Holds the built-in roles that ship against those that Microsoft documents. FOLDER holds the pages
 * articles/role-based-access-control/built-in-roles of the repository MicrosoftDocs/azure-docs, which show every role as JSON. Writes
 * what is new into FILE (built-in-roles/roles.json), and says on standard output what changed, for people: nothing, where nothing did.
 * A role that does not ship is new where it lets its holder call a model: of all others the gate need not know.
 */

const actions = v.optional(v.array(v.string()), [])
const condition = v.optional(v.nullable(v.string()), null)
const permission = v.object({
  actions,
  notActions: actions,
  dataActions: actions,
  notDataActions: actions,
  condition,
  conditionVersion: condition,
})
const documentedRole = v.object({
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

/** Roles that a page shows; what is JSON and no role is passed over. */
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

/** What is new of a role, one line each. */
function changesOf(shipped: Role, documented: Role): string[] {
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
    ...(conditionsOf(shipped) === conditionsOf(documented) ? [] : ['its conditions are others']),
  ]
}

const conditionsOf = ({ permissions }: Role) =>
  JSON.stringify(permissions.map(({ condition, conditionVersion }) => [condition, conditionVersion]))

/** The data actions that calls of models need, by any API. */
const callsOfModels: readonly string[] = [
  ...new Set(
    registry
      .flatMap(({ placesOf }) =>
        placesOf({ deployment: 'any', model: 'any' }, endpointsAt('https://any.example')),
      )
      .map(({ dataAction }) => dataAction),
  ),
].toSorted()

/** What a role lets its holder call, of what the gate calls. */
function callableBy({ permissions }: Role): string[] {
  const ofData = permissions.map(({ dataActions, notDataActions }) => ({ dataActions, notDataActions }))
  return callsOfModels.filter(dataAction => coversDataAction(ofData, dataAction))
}

/** A reviewer decides what becomes of it: `auto` takes no role that nobody has placed among the others. */
function lineOfNew(role: Role): string {
  const callable = callableBy(role).map(dataAction => `\`${dataAction}\``)
  return (
    `- ${role.roleName}: is new, and lets its holder call models (${callable.join(', ')}). ` +
    'The input `role` takes its name from now on; `role: auto` chooses it once it stands in `leastFirst` (src/azure/rbac/built-in-roles.ts)'
  )
}

/** As roles.json writes them: what is empty is left out. */
const asShipped = ({ permissions, ...role }: Role) => ({
  ...role,
  permissions: permissions.map(each =>
    Object.fromEntries(Object.entries(each).filter(([, value]) => value !== null && value.length > 0)),
  ),
})

/** By role: what it was called until now. Workflows name roles, and must not fail because Microsoft renamed one. */
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
  if (documented.size === 0) throw new Error(`No role is documented in ${folder}`)
  const shipped = v.parse(shippedSchema, JSON.parse(readFileSync(file, 'utf8')))
  const known = new Set(shipped.roles.map(({ name }) => name))
  const added = [...documented.values()].filter(role => !known.has(role.name) && callableBy(role).length > 0)
  const lines = [
    ...shipped.roles.flatMap(role => {
      const now = documented.get(role.name)
      if (now === undefined) return [`- ${role.roleName}: is not documented any more`]
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
