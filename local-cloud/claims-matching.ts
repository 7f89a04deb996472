/**
 * The language of flexible federated credentials, version 1 (learn.microsoft.com, workload-identities-flexible-federated-
 * identity-credentials): `claims['NAME'] eq 'VALUE'` or `claims['NAME'] matches 'PATTERN'`, joined by `and`. In a pattern
 * `*` stands for any run of characters, `?` for one.
 */

export type Claims = Readonly<Record<string, unknown>>

interface Comparison {
  claim: string
  operator: 'eq' | 'matches'
  comparand: string
}

const COMPARISON = /claims\['(?<claim>[^']+)'\] (?<operator>eq|matches) '(?<comparand>[^']+)'/y
const AND = / and /y

/** The comparisons that must all hold; undefined where the text is no expression of the language. */
function parseClaimsExpression(text: string): Comparison[] | undefined {
  const comparisons: Comparison[] = []
  let position = 0
  for (;;) {
    COMPARISON.lastIndex = position
    const { claim, operator, comparand } = COMPARISON.exec(text)?.groups ?? {}
    if (claim === undefined || comparand === undefined) return undefined
    comparisons.push({ claim, operator: operator === 'eq' ? 'eq' : 'matches', comparand })
    position = COMPARISON.lastIndex
    if (position === text.length) return comparisons
    AND.lastIndex = position
    if (!AND.test(text)) return undefined
    position = AND.lastIndex
  }
}

/** Whether a token's claims fulfil an expression. One that is none is fulfilled by nothing. */
export function fulfilsExpression(text: string, claims: Claims): boolean {
  const comparisons = parseClaimsExpression(text)
  return comparisons?.every(comparison => holds(comparison, claims[comparison.claim])) ?? false
}

function holds({ operator, comparand }: Comparison, value: unknown): boolean {
  if (typeof value !== 'string') return false
  return operator === 'eq' ? value === comparand : wildcardPattern(comparand).test(value)
}

function wildcardPattern(pattern: string): RegExp {
  const literal = pattern.replaceAll(/[.+^${}()|[\]\\]/g, String.raw`\$&`)
  return new RegExp(`^${literal.replaceAll('*', '.*').replaceAll('?', '.')}$`, 's')
}

/** Of a GitHub token these claims can be compared, of any other only the subject. */
const CLAIMS_OF_GITHUB = ['sub', 'job_workflow_ref']

/**
 * What is wrong with an expression that is to be stored; undefined where nothing is.
 * @param isGitHub whether the credential's issuer is GitHub, real or local
 */
export function expressionFault(text: string, isGitHub: boolean): string | undefined {
  const comparisons = parseClaimsExpression(text)
  if (comparisons === undefined) return `'${text}' is no expression of language version 1.`
  const known = isGitHub ? CLAIMS_OF_GITHUB : ['sub']
  const unknown = comparisons.find(({ claim }) => !known.includes(claim))
  return (
    unknown &&
    `The claim '${unknown.claim}' cannot be matched for this issuer; it can be ${known.join(', ')}.`
  )
}
