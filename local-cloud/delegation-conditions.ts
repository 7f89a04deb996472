/**
 * Conditions on the right to assign roles (Azure ABAC 2.0), in exactly the forms that the portal and the built-in
 * roles write: ActionMatches, comparisons of a role assignment's attributes with a set, NOT, AND, OR, brackets.
 */

/** A role assignment as conditions see it. */
export interface AssignmentAttributes {
  RoleDefinitionId: string
  PrincipalId: string
  /** Undefined where a request leaves it out: conditions on it are then not fulfilled. */
  PrincipalType: string | undefined
}

interface ConditionSubject {
  action: string
  /** The assignment that the caller wants to write. */
  request?: AssignmentAttributes
  /** The assignment that the caller wants to remove. */
  resource?: AssignmentAttributes
}

type Test = (subject: ConditionSubject) => boolean

const TOKEN =
  /\s*(?:(?<symbol>[()]|!|NOT\b|AND\b|OR\b|&&|\|\|)|ActionMatches\s*\{\s*'(?<action>[^']*)'\s*\}|@(?<source>Request|Resource)\[Microsoft\.Authorization\/roleAssignments:(?<attribute>\w+)\]\s*(?<operator>[\w:]+)\s*\{(?<values>[^{}]*)\})/iy

const SYMBOLS = new Map([
  ['NOT', '!'],
  ['AND', '&&'],
  ['OR', '||'],
])

const TRAILING_SPACE = /\s*$/y

class UnknownForm extends Error {}

const ATTRIBUTES: ReadonlyMap<string, keyof AssignmentAttributes> = new Map([
  ['roledefinitionid', 'RoleDefinitionId'],
  ['principalid', 'PrincipalId'],
  ['principaltype', 'PrincipalType'],
])

/** An attribute of a role assignment has one value, so "any of any" means "in the set" and "any of all … not" the contrary. */
function comparison(source: string, attribute: string, operator: string, values: string): Test {
  const set = values.split(',').map(value =>
    value
      .trim()
      .replace(/^'(.*)'$/, '$1')
      .toLowerCase(),
  )
  const isIn = /^ForAnyOfAnyValues:(GuidEquals|StringEqualsIgnoreCase)$/i.test(operator)
  const isNotIn = /^ForAnyOfAllValues:(GuidNotEquals|StringNotEqualsIgnoreCase)$/i.test(operator)
  const key = ATTRIBUTES.get(attribute.toLowerCase())
  if (key === undefined || isIn === isNotIn) throw new UnknownForm(`${attribute} ${operator}`)
  return ({ request, resource }) => {
    const value = (source.toLowerCase() === 'request' ? request : resource)?.[key]?.toLowerCase()
    return value !== undefined && set.includes(value) === isIn
  }
}

function testOf({ action, source, attribute, operator, values }: Groups): Test {
  if (action !== undefined) return subject => subject.action.toLowerCase() === action.toLowerCase()
  return comparison(source ?? '', attribute ?? '', operator ?? '', values ?? '')
}

type Groups = Record<string, string | undefined>

/** @param read makes a test of the parts of a comparison */
function tokenize(
  text: string,
  read: (groups: Groups) => Test = testOf,
  pattern: RegExp = TOKEN,
): Array<string | Test> {
  const tokens: Array<string | Test> = []
  let position = 0
  const isAtEnd = () => {
    TRAILING_SPACE.lastIndex = position
    return TRAILING_SPACE.test(text)
  }
  while (!isAtEnd()) {
    pattern.lastIndex = position
    const groups = pattern.exec(text)?.groups
    if (!groups) throw new UnknownForm(text.slice(position))
    const symbol = groups.symbol?.toUpperCase()
    tokens.push(symbol === undefined ? read(groups) : (SYMBOLS.get(symbol) ?? symbol))
    position = pattern.lastIndex
  }
  return tokens
}

/** AND binds closer than OR. */
function parse(tokens: Array<string | Test>): Test {
  function term(): Test {
    const token = tokens.shift()
    if (typeof token === 'function') return token
    if (token === '!') {
      const negated = term()
      return subject => !negated(subject)
    }
    if (token !== '(') throw new UnknownForm(token)
    const inner = either()
    if (tokens.shift() !== ')') throw new UnknownForm('unbalanced brackets')
    return inner
  }

  function both(): Test {
    const terms = [term()]
    while (tokens[0] === '&&' && tokens.shift()) terms.push(term())
    return subject => terms.every(holds => holds(subject))
  }

  function either(): Test {
    const terms = [both()]
    while (tokens[0] === '||' && tokens.shift()) terms.push(both())
    return subject => terms.some(holds => holds(subject))
  }

  const whole = either()
  if (tokens.length > 0) throw new UnknownForm('text after the end')
  return whole
}

/** True if the condition is certainly fulfilled. One in an unknown form never is. */
export function fulfils(condition: string, subject: ConditionSubject): boolean {
  try {
    return parse(tokenize(condition))(subject)
  } catch (error) {
    if (error instanceof UnknownForm) return false
    throw error
  }
}

/**
 * What is a comparison for Azure: of actions, of whether there is an attribute, of any attribute with a value, a set
 * or another attribute (learn.microsoft.com, conditions-format).
 */
const ANY_TOKEN =
  /\s*(?:(?<symbol>[()]|!|NOT\b|AND\b|OR\b|&&|\|\|)|(?:Action|SubOperation)Matches\s*\{\s*'[^']*'\s*\}|(?:(?:Not)?Exists\s+)?@(?:Resource|Request|Principal|Environment)\[[^\]]+\](?:<[^>]+>)?(?:\s*[\w:]+\s*(?:\{[^{}]*\}|'[^']*'|@\w+\[[^\]]+\](?:<[^>]+>)?|[\w.-]+))?)/iy

/** Whether a condition can be evaluated here, is only one in Azure, or is none at all. */
export function kindOfCondition(condition: string): 'evaluated' | 'not evaluated' | 'invalid' {
  if (isParsed(() => tokenize(condition))) return 'evaluated'
  return isParsed(() => tokenize(condition, () => () => false, ANY_TOKEN)) ? 'not evaluated' : 'invalid'
}

function isParsed(tokens: () => Array<string | Test>): boolean {
  try {
    parse(tokens())
    return true
  } catch (error) {
    if (error instanceof UnknownForm) return false
    throw error
  }
}
