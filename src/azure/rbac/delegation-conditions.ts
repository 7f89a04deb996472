import { matches } from './permissions.ts'

/**
 * Conditions on the right to assign roles (Azure ABAC 2.0; learn.microsoft.com, conditions-format and
 * delegate-role-assignments-examples): what they say about a new assignment, as far as the assignment alone shows.
 */

export interface NewAssignment {
  roleGuid: string
  principalType: string
  principalId: string
}

export const assignRoles = 'Microsoft.Authorization/roleAssignments/write'

/**
 * Whether a condition lets its holder make this assignment.
 * @returns undefined if that depends on something unknown here: an attribute, an operator, a form.
 */
export const allowsAssigning = (condition: string, assignment: NewAssignment): boolean | undefined =>
  evaluate(condition, { action: assignRoles, assignment })

/**
 * Whether a condition allows an action that is not about role assignments. A condition on the right to assign roles usually does.
 * @returns undefined if that depends on something unknown here.
 */
export const leaves = (condition: string, action: string): boolean | undefined =>
  evaluate(condition, { action, assignment: undefined })

/** What a condition is evaluated for: an action, and the assignment that it makes, if any. */
interface Deed {
  action: string
  assignment: NewAssignment | undefined
}

function evaluate(condition: string, deed: Deed): Answer {
  const tokens = tokensOf(condition)
  if (tokens === undefined) return undefined
  const reading: Reading = { tokens, at: 0, depth: 0, deed }
  try {
    const answer = either(reading)
    return reading.at === tokens.length ? answer : undefined
  } catch (error) {
    if (error instanceof UnknownForm) return undefined
    throw error
  }
}

/**
 * A condition like those of the portal, but without `!`, which interactive shells expand between double quotes: assign and
 * remove only these roles, and only for such principals.
 */
export function delegationCondition(
  roleGuids: readonly string[],
  principalTypes: readonly string[] = [],
): string {
  const part = (source: string, verb: string) => {
    const attribute = `@${source}[Microsoft.Authorization/roleAssignments:`
    const roles = `${attribute}RoleDefinitionId] ForAnyOfAnyValues:GuidEquals{${roleGuids.join(',')}}`
    const types = principalTypes.map(type => `'${type}'`).join(',')
    const principals =
      types === '' ? '' : ` AND ${attribute}PrincipalType] ForAnyOfAnyValues:StringEqualsIgnoreCase{${types}}`
    return `((NOT (ActionMatches{'Microsoft.Authorization/roleAssignments/${verb}'})) OR (${roles}${principals}))`
  }
  return `${part('Request', 'write')} AND ${part('Resource', 'delete')}`
}

class UnknownForm extends Error {}

type Token = { kind: 'symbol' | 'attribute' | 'set' | 'text' | 'word'; text: string }

const tokenPattern =
  /\s*(?:(?<symbol>[()!]|&&|\|\|)|(?<attribute>@\w+\[[^\]]*\])|(?<set>\{[^{}]*\})|(?<text>'[^']*')|(?<word>[\w:.-]+))/y

/** @returns undefined if the text contains characters that no condition has. */
function tokensOf(condition: string): Token[] | undefined {
  const text = condition.trimEnd()
  const pattern = new RegExp(tokenPattern)
  const tokens: Token[] = []
  while (pattern.lastIndex < text.length) {
    const groups = pattern.exec(text)?.groups
    if (groups === undefined) return undefined
    const { symbol, attribute, set, text: quoted, word } = groups
    if (symbol !== undefined) tokens.push({ kind: 'symbol', text: symbol })
    else if (attribute !== undefined) tokens.push({ kind: 'attribute', text: attribute })
    else if (set !== undefined) tokens.push({ kind: 'set', text: set })
    else if (quoted !== undefined) tokens.push({ kind: 'text', text: quoted })
    else tokens.push(wordOf(word ?? ''))
  }
  return tokens
}

const operatorWords = new Map([
  ['and', '&&'],
  ['or', '||'],
  ['not', '!'],
])

function wordOf(text: string): Token {
  const symbol = operatorWords.get(text.toLowerCase())
  return symbol === undefined ? { kind: 'word', text } : { kind: 'symbol', text: symbol }
}

/** The state of the parser, which evaluates while it reads. Results have three values; undefined means "not known". */
interface Reading {
  tokens: readonly Token[]
  at: number
  depth: number
  deed: Deed
}

type Answer = boolean | undefined

/** Nesting limit, so that a hostile text cannot exhaust the stack. Nobody writes deeper conditions. */
const maxDepth = 100

function either(reading: Reading): Answer {
  const answers = [both(reading)]
  while (takes(reading, '||')) answers.push(both(reading))
  if (answers.includes(true)) return true
  return answers.includes(undefined) ? undefined : false
}

/** AND binds closer than OR. */
function both(reading: Reading): Answer {
  const answers = [term(reading)]
  while (takes(reading, '&&')) answers.push(term(reading))
  if (answers.includes(false)) return false
  return answers.includes(undefined) ? undefined : true
}

function term(reading: Reading): Answer {
  reading.depth += 1
  if (reading.depth > maxDepth) throw new UnknownForm()
  try {
    if (takes(reading, '!')) {
      const negated = term(reading)
      return negated === undefined ? undefined : !negated
    }
    if (!takes(reading, '(')) return test(reading)
    const inner = either(reading)
    if (!takes(reading, ')')) throw new UnknownForm()
    return inner
  } finally {
    reading.depth -= 1
  }
}

function takes(reading: Reading, symbol: string): boolean {
  const token = reading.tokens[reading.at]
  const isThere = token?.kind === 'symbol' && token.text === symbol
  if (isThere) reading.at += 1
  return isThere
}

function next(reading: Reading): Token {
  const token = reading.tokens[reading.at]
  if (token === undefined || token.kind === 'symbol') throw new UnknownForm()
  reading.at += 1
  return token
}

/** `ActionMatches{…}` and its like, `Exists @…`, or two operands with an operator between them. */
function test(reading: Reading): Answer {
  const first = next(reading)
  const second = next(reading)
  if (first.kind === 'word' && second.kind === 'set')
    return first.text.toLowerCase() === 'actionmatches' ? actionMatches(second, reading.deed) : undefined
  if (first.kind === 'word' && second.kind === 'attribute') return undefined
  if (second.kind !== 'word') throw new UnknownForm()
  return compare(first, second.text, next(reading), reading.deed)
}

const actionMatches = (set: Token, { action }: Deed) =>
  valuesOf(set).some(pattern => matches(pattern, action))

function valuesOf({ kind, text }: Token): string[] {
  const values = kind === 'set' ? text.slice(1, -1).split(',') : [text]
  return values.map(value => value.trim().replace(/^'(.*)'$/, '$1')).filter(value => value !== '')
}

const attributePattern = /^@Request\[Microsoft\.Authorization\/roleAssignments:(?<name>\w+)\]$/i
const operatorPattern =
  /^(?:For(?:Any|All)Of(?<over>Any|All)Values:)?(?<type>Guid|String)(?<not>Not)?Equals(?<folded>IgnoreCase)?$/i

/**
 * Compares an attribute with a set. An attribute of an assignment has one value, so only "any" or "all" of the set matters.
 */
function compare(left: Token, operator: string, right: Token, { assignment }: Deed): Answer {
  const value = assignment && attributeOf(attributePattern.exec(left.text)?.groups?.name, assignment)
  const groups = operatorPattern.exec(operator)?.groups
  const values = valuesOf(right)
  if (left.kind !== 'attribute' || right.kind === 'attribute' || value === undefined || groups === undefined)
    return undefined
  const { over, type, not, folded } = groups
  if (type?.toLowerCase() !== value.type || values.length === 0 || (over === undefined && values.length > 1))
    return undefined
  const ignoresCase = value.type === 'guid' || folded !== undefined
  const inCase = (text: string) => (ignoresCase ? text.toLowerCase() : text)
  const holds = (other: string) => (inCase(value.text) === inCase(other)) === (not === undefined)
  return over?.toLowerCase() === 'all' ? values.every(holds) : values.some(holds)
}

function attributeOf(
  attribute: string | undefined,
  { roleGuid, principalId, principalType }: NewAssignment,
): { type: 'guid' | 'string'; text: string } | undefined {
  switch (attribute?.toLowerCase()) {
    case 'roledefinitionid':
      return { type: 'guid', text: roleGuid }
    case 'principalid':
      return { type: 'guid', text: principalId }
    case 'principaltype':
      return { type: 'string', text: principalType }
    default:
      return undefined
  }
}
