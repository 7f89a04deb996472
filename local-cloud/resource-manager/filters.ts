import { splitAtAnd, unescaped } from '../odata.ts'
import { identitiesOf } from '../rbac.ts'
import { covers } from '../scopes.ts'
import type { World } from '../world.ts'
import { ArmError } from './errors.ts'
import { type Call, queryParameter } from './gateway.ts'

/**
 * The `$filter` forms that the authorization API documents, joined by `and`
 * (learn.microsoft.com/azure/role-based-access-control/role-assignments-list-rest).
 */

type ScopeKind = 'atScope' | 'atScopeAndBelow' | 'asTarget'
type ValueKind = 'principalId' | 'assignedTo' | 'roleName' | 'type'
type FilterKind = ScopeKind | ValueKind

/** One term of any form. */
export type FilterTerm<Kind extends FilterKind = FilterKind> = Kind extends ScopeKind
  ? { kind: Kind }
  : { kind: Kind; value: string }

const TERM =
  /^(?:(?<scope>atScope|atScopeAndBelow|asTarget)\(\)|assignedTo\('(?<assignee>[^']*)'\)|(?<property>principalId|roleName|type) eq '(?<value>(?:[^']|'')*)')$/i

const KINDS = [
  'atScope',
  'atScopeAndBelow',
  'asTarget',
  'principalId',
  'assignedTo',
  'roleName',
  'type',
] as const

/**
 * The terms of a request's filter; none without a filter.
 * @throws ArmError 400 for an undocumented form, or for one not among `known`
 */
export function filterTerms<Kind extends FilterKind>(
  { request }: Call,
  known: readonly Kind[],
): Array<FilterTerm<Kind>> {
  const filter = queryParameter(request.url, '$filter')?.trim()
  if (!filter) return []
  return splitAtAnd(filter).map(text => {
    const term = parseTerm(text)
    if (term && isOneOf(term, known)) return term
    throw new ArmError(400, 'BadRequest', `The filter '${filter}' is not supported by this API.`)
  })
}

function parseTerm(text: string): FilterTerm | undefined {
  const { scope, assignee, property, value = '' } = TERM.exec(text)?.groups ?? {}
  const name = (scope ?? property ?? (assignee === undefined ? '' : 'assignedTo')).toLowerCase()
  const kind = KINDS.find(candidate => candidate.toLowerCase() === name)
  if (kind === undefined) return undefined
  if (kind === 'atScope' || kind === 'atScopeAndBelow' || kind === 'asTarget') return { kind }
  return { kind, value: assignee ?? unescaped(value) }
}

function isOneOf<Kind extends FilterKind>(
  term: FilterTerm,
  known: readonly Kind[],
): term is FilterTerm<Kind> {
  return known.some(kind => kind === term.kind)
}

interface Assigned {
  scope: string
  principals: readonly string[]
}

/**
 * Whether a role or deny assignment belongs in a list at `scope`. `atScope()` keeps those at the scope or above; without it those
 * below are listed too. `principalId` means that principal alone, `assignedTo` also its groups.
 */
export function isListed(
  world: World,
  scope: string,
  terms: ReadonlyArray<FilterTerm<'atScope' | 'principalId' | 'assignedTo'>>,
  assigned: Assigned,
): boolean {
  const isAbove = covers(world, assigned.scope, scope)
  if (!isAbove && !covers(world, scope, assigned.scope)) return false
  return terms.every(term => {
    if (term.kind === 'atScope') return isAbove
    const wanted =
      term.kind === 'assignedTo' ? identitiesOf(world, term.value) : new Set([term.value.toLowerCase()])
    return assigned.principals.some(id => wanted.has(id))
  })
}
