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

/** The comparisons that must all hold; undefined if the text is no expression of the language. */
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

/** Whether a token's claims fulfil an expression. Nothing fulfils a text that is no expression. */
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

/** What an expression may compare, and how (learn.microsoft.com, the page above; Entra has enforced it since the summer of 2026). */
const OPERATORS_OF_GITHUB: Readonly<Record<string, readonly Comparison['operator'][]>> = {
  sub: ['eq', 'matches'],
  job_workflow_ref: ['eq', 'matches'],
  repository_id: ['eq'],
  repository_owner_id: ['eq'],
}
const OPERATORS_OF_OTHERS: typeof OPERATORS_OF_GITHUB = { sub: ['eq', 'matches'] }
/** An expression for GitHub has to compare one of these, besides the subject: a name can be given up and taken by somebody else. */
const IMMUTABLE_CLAIMS = ['repository_id', 'repository_owner_id']

/**
 * What Entra says about an expression that it does not store; undefined if it stores it. The words are those of refusals that
 * people have seen (hashicorp/terraform-provider-azuread#1901); how it words a text that is no expression is not known.
 * @param isGitHub whether the credential's issuer is GitHub, real or local
 */
export function expressionFault(text: string, issuer: string, isGitHub: boolean): string | undefined {
  const comparisons = parseClaimsExpression(text)
  if (comparisons === undefined) return invalidExpression(text, 'It is no expression of language version 1.')
  const operators = isGitHub ? OPERATORS_OF_GITHUB : OPERATORS_OF_OTHERS
  const compares = (name: string) => comparisons.some(({ claim }) => claim === name)
  const allowed = comparisons.every(({ claim, operator }) => operators[claim]?.includes(operator))
  const complete = compares('sub') && (!isGitHub || IMMUTABLE_CLAIMS.some(compares))
  return allowed && complete ? undefined : unfitExpression(text, issuer)
}

/** For an expression whose claims do not fit the issuer, and for every expression of a managed identity. */
export const unfitExpression = (text: string, issuer: string): string =>
  invalidExpression(
    text,
    `Expression configured for issuer '${issuer}' either lacks all required claims or contains unallowed claims.`,
  )

const invalidExpression = (text: string, why: string) =>
  'The FederatedIdentityCredential.ClaimsMatchingExpression.Value is invalid. ' +
  `Rule exception: ${why} paramName: FederatedIdentityCredential.ClaimsMatchingExpression.Value, ` +
  `paramValue: ${text}, objectType: Microsoft.Online.DirectoryServices.Application`
