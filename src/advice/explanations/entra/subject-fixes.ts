import { visibleJson } from '../../../core/text/untrusted.ts'
import { azLine, bash, jobName } from '../commands.ts'
import { advice, type ExplainContext, type Fix } from '../explanation.ts'
import { valuesOf } from '../values.ts'
import {
  addCredential,
  credentialsOfApplication,
  holderOf,
  listCredentials,
  when,
} from './federated-credentials.ts'
import { type ThrowAwayRef, throwAwayRef } from './subjects.ts'

/** Fixes for a subject that no credential has. */

/** Name of the suggested environment. Its rules are set in the repository's settings. */
const environmentName = 'production'

export function subjectFixes(told: ExplainContext): Fix[] {
  const { assertion } = told.record
  const ref = assertion && throwAwayRef(assertion)
  if (ref !== undefined)
    return [...throughEnvironment(told, ref), ...byExpression(told, ref), ...listCredentials(told)]
  const add = addCredential(told)
  const isPullRequest = /:pull_request$/.test(assertion?.sub ?? '')
  return [...when(isPullRequest, notOnDeploying), ...add, ...listCredentials(told)]
}

const notOnDeploying = advice(
  'Do not trust pull requests on the identity that deploys: anyone who can push a branch runs code under review as it. Run the gate after the merge; or give pull requests an identity of their own that may read and nothing else, and the credential below.',
  'First',
)

/** An environment: one subject for every run, and a place for approvals. */
export function throughEnvironment(
  told: ExplainContext,
  { ofEnvironment }: Pick<ThrowAwayRef, 'ofEnvironment'>,
): Fix[] {
  const environment: Fix = {
    title:
      'Give the job an environment: every run then has the same subject, and its protection rules decide who gets there',
    language: 'yaml',
    text: `jobs:\n  ${jobName(told.record.run.job)}:\n    environment: ${environmentName}`,
  }
  return [environment, ...addCredential(told, `${ofEnvironment}${environmentName}`)]
}

/** Entra evaluates expressions only for GitHub, GitLab and Terraform Cloud, not for GitHub Enterprise Server. */
const isEnterpriseServer = (issuer: string) => issuer.endsWith('/_services/token')

/** A flexible credential (learn.microsoft.com, flexible federated identity credentials). Only applications can have one, and only Graph's beta creates it. */
function byExpression(told: ExplainContext, { expression, whoCan }: ThrowAwayRef): Fix[] {
  const { issuer, audience } = valuesOf(told)
  if (expression === undefined || isEnterpriseServer(issuer)) return []
  const body = visibleJson({
    name: 'github-flexible',
    issuer,
    audiences: [audience],
    claimsMatchingExpression: { value: expression, languageVersion: 1 },
  })
  const forApplication = bash(
    `Or trust all of them by a flexible credential (app registration; managed identities cannot have one). ${whoCan}`,
    azLine('rest', { method: 'post', url: credentialsOfApplication(told), body }),
  )
  return when(holderOf(told).isApplication, forApplication)
}
