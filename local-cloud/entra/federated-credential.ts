import { fulfilsExpression } from '../claims-matching.ts'
import { type Application, type FederatedCredential, GITHUB_ISSUER, type Tenant } from '../world.ts'
import type { Assertion } from './assertion.ts'
import { Refused } from './refused.ts'

/** The federated credential that an assertion matches, and what Entra says if there is none. */

const FEDERATION_HELP =
  'Check your federated identity credential Subject, Audience and Issuer against the presented assertion. ' +
  'https://learn.microsoft.com/entra/workload-id/workload-identity-federation'

const EXPRESSION_HELP =
  'Please check your federated identity credential Subject, Expression, Audience and Issuer against the presented assertion. ' +
  'https://learn.microsoft.com/entra/workload-id/workload-identity-federation'

/**
 * Credentials that trust GitHub trust the local one, whose address no template and no seed can know.
 * @param localIssuer address of the local GitHub
 * @param seenUntil what was created later has not reached the replica yet; milliseconds since the epoch
 */
export function visibleCredentials(
  { federatedCredentials }: Application,
  localIssuer: string,
  seenUntil: number,
): FederatedCredential[] {
  return federatedCredentials
    .filter(({ createdOn }) => createdOn === undefined || Date.parse(createdOn) <= seenUntil)
    .map(credential =>
      credential.issuer === GITHUB_ISSUER ? { ...credential, issuer: localIssuer } : credential,
    )
}

/** Issuer, audience and subject must be exactly those of one credential. Entra names the first that is not. */
export function matchCredential(
  { displayName }: Application,
  credentials: readonly FederatedCredential[],
  { issuer, audience, subject, claims }: Assertion,
  { refusesExpressions }: Tenant,
): void {
  const mismatch = (aadsts: number, what: string, help = FEDERATION_HELP) =>
    new Refused(
      aadsts,
      401,
      'invalid_client',
      `No matching federated identity record found for presented assertion ${what}. ${help}`,
    )

  if (credentials.length === 0) {
    const message = `The client '${displayName}' has no configured federated identity credentials.`
    throw new Refused(70025, 401, 'invalid_client', message)
  }
  const ofIssuer = credentials.filter(credential => credential.issuer === issuer)
  if (ofIssuer.length === 0) throw mismatch(700211, `issuer '${issuer}'`)
  const ofAudience = ofIssuer.filter(({ audiences }) => audiences.includes(audience))
  if (ofAudience.length === 0) throw mismatch(700212, `audience '${audience}'`)
  const bySubject = ofAudience.filter(credential => credential.subject === subject)
  const byExpression = ofAudience.filter(
    ({ claimsMatchingExpression: expression }) =>
      expression !== undefined && fulfilsExpression(expression.value, claims),
  )
  if (refusesExpressions && bySubject.length === 0 && byExpression.length > 0) {
    const message =
      'The federated identity credentials flow does not support credentials matching via expression at this time.'
    throw new Refused(700235, 401, 'invalid_client', message)
  }
  const matching = refusesExpressions ? bySubject : [...bySubject, ...byExpression]
  // How Entra words this is not known.
  if (matching.length > 1) {
    const message = `More than one federated identity credential matches the presented assertion subject '${subject}'.`
    throw new Refused(700263, 401, 'invalid_client', message)
  }
  if (matching.length === 1) return
  const lower = subject.toLowerCase()
  if (ofAudience.some(credential => credential.subject?.toLowerCase() === lower)) {
    const help =
      'The subject matches with case-insensitive comparison, but not with case-sensitive comparison.'
    throw mismatch(7002138, `subject '${subject}'`, `${help} ${FEDERATION_HELP}`)
  }
  if (ofAudience.every(({ claimsMatchingExpression }) => claimsMatchingExpression === undefined))
    throw mismatch(700213, `subject '${subject}'`)
  const orExpression = `subject '${subject}' or no federated identity credential expression matched`
  throw mismatch(7002131, orExpression, EXPRESSION_HELP)
}
