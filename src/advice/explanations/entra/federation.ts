import { inputs } from '../commands.ts'
import {
  advice,
  type Comparison,
  type ExplainContext,
  type Explanation,
  type Explanations,
  type Fix,
  paragraph,
} from '../explanation.ts'
import { separateSetup, valuesOf } from '../values.ts'
import {
  addCredential,
  changeCredential,
  findIdentity,
  listCredentials,
  removeCredential,
} from './federated-credentials.ts'
import { subjectFixes, throughEnvironment } from './subject-fixes.ts'
import { otherForms, subjectPrefix, subjectRules, subjectStory } from './subjects.ts'

const claims = ['issuer', 'subject', 'audience'] as const

/** The claims in this run's token, beside those of a credential. @param differing What is known about the claim that differs. */
function compared(
  told: ExplainContext,
  differing: Partial<Record<(typeof claims)[number], string>>,
): Comparison[] {
  if (told.record.assertion === undefined) return []
  const values = valuesOf(told)
  return claims.map(claim => {
    const expected = differing[claim]
    return { claim, presented: values[claim], ...(expected === undefined ? {} : { expected }) }
  })
}

/** Two identities sign in with the same token. This says which one was refused. */
function whoSignsIn({ record, failure }: ExplainContext): string {
  const { setupClientId } = record.settings?.identity ?? {}
  if (!separateSetup(record) || failure.signingInAs === undefined) return ''
  return failure.signingInAs === setupClientId
    ? `It is the setup identity (\`setup-client-id\`, ${failure.signingInAs}) that cannot sign in: it needs a credential for the same subject as the pipeline's.`
    : `It is the pipeline's own identity (\`client-id\`, ${failure.signingInAs}) that cannot sign in.`
}

/** A credential for this repository probably exists, with another form of the subject. */
function expectedSubject({ record }: ExplainContext): string {
  const forms = record.assertion === undefined ? [] : otherForms(record.assertion)
  if (forms.length === 0) return 'another one'
  return `another one; for this repository perhaps ${forms.map(form => `\`${form.replaceAll('`', '')}\``).join(' or ')}`
}

/** AADSTS7002131 says more than AADSTS700213: a flexible credential exists. */
const unmatchedExpression = ({ failure }: ExplainContext) =>
  failure.said.serviceCode === 'AADSTS7002131'
    ? 'The identity has a flexible credential, and its expression (claimsMatchingExpression) does not match this subject either.'
    : ''

/** One of the three claims that a token and a credential must share. */
function mismatch(
  title: string,
  what: string,
  {
    more = () => '',
    ...others
  }: Omit<Explanation, 'title' | 'why'> & { more?: (told: ExplainContext) => string },
): Explanation {
  return {
    title,
    about: `${what} ${mustBeTheSame}`,
    why: told => paragraph(what, whoSignsIn(told), more(told)),
    ...others,
  }
}

const mustBeTheSame =
  'Issuer, subject and audience must be the same in token and credential, letter by letter, upper and lower case included.'

const subjectMismatch: typeof mismatch = (title, what, { more = () => '', ...others }) => {
  const explanation = mismatch(title, what, {
    ...others,
    more: told => paragraph(subjectStory(told.record.assertion), told.record.subjectTemplate, more(told)),
  })
  return { ...explanation, about: paragraph(explanation.about, subjectRules) }
}

/** What an expression can contain (learn.microsoft.com, flexible federated identity credentials). */
const expressionRules =
  'App registrations take expressions, managed identities do not. For GitHub an expression compares `sub` and `repository_id` or `repository_owner_id`, and `job_workflow_ref` where you want: the ids with `eq`, the others with `eq` or `matches`, joined by `and`.'

export const federationExplanations = {
  'federated-credential-missing': mismatch(
    'The identity has no federated credential',
    'Entra knows the client id, but it has no federated credential at all.',
    {
      comparison: told =>
        compared(told, { issuer: 'no credential', subject: 'no credential', audience: 'no credential' }),
      unlike:
        'For a credential that does not match, Entra says which part: issuer, subject or audience. If you did add one, it is on another identity: compare the client id.',
      fixes: told => [...addCredential(told), ...findIdentity(told)],
    },
  ),
  'federated-subject-mismatch': subjectMismatch(
    'No federated credential matches the subject of this run',
    'The identity has no credential with the subject of this run. The run tried for some twenty seconds, so a credential that was only just added is not the reason.',
    {
      comparison: told => compared(told, { subject: expectedSubject(told) }),
      more: unmatchedExpression,
      unlike:
        'If only upper and lower case differ, the code is `federated-subject-case-mismatch`; if the identity has no credential at all, `federated-credential-missing`. If the list shows exactly this subject, issuer and audience, run the job again: now and then Entra refuses good credentials.',
      fixes: subjectFixes,
    },
  ),
  'federated-subject-case-mismatch': subjectMismatch(
    'A federated credential matches the subject except for upper and lower case',
    'A credential with this subject exists, but upper and lower case differ.',
    {
      comparison: told => compared(told, { subject: 'the same letters, some in another case' }),
      more: () =>
        'Either change the credential to what the run presents, or the run to what the credential says.',
      unlike: 'In `federated-subject-mismatch` the subject differs in more than case.',
      fixes: told => [
        ...addCredential(told),
        ...changeCredential(told),
        advice(
          'GitHub takes the environment name exactly as the job writes it: write it as in the credential. If the case of owner, repository, branch or tag differs, change the credential.',
          'Or change the job',
        ),
        ...listCredentials(told),
      ],
    },
  ),
  'federated-issuer-mismatch': mismatch(
    'No federated credential names the issuer of this run',
    'The identity has federated credentials, but none for this issuer.',
    {
      comparison: told => compared(told, { issuer: 'another one' }),
      more: () =>
        'GitHub Enterprise Server and ghe.com have issuers of their own, and so may an enterprise. A slash at the end counts.',
      unlike:
        'The issuer is compared first: subject and audience may be wrong as well. If the portal shows the same issuer, the credential is on another identity: compare the client id.',
      fixes: told => [...addCredential(told), ...listCredentials(told)],
    },
  ),
  'federated-audience-mismatch': mismatch(
    'No federated credential names the audience of this run',
    'The identity has credentials for this issuer, but none with this audience.',
    {
      comparison: told => compared(told, { audience: 'another one' }),
      more: () =>
        'The usual audience is api://AzureADTokenExchange, in every cloud; the input `audience` changes what the run presents.',
      unlike:
        'An identity can have only one credential for an issuer and subject: if the command says that it exists, change that one.',
      fixes: told => [
        ...usualAudience(told),
        ...changeCredential(told),
        ...addCredential(told),
        ...listCredentials(told),
      ],
    },
  ),
  'federated-expression-unusable': {
    title: 'Entra does not use the expression of a flexible credential',
    about: paragraph(
      'The identity has a federated credential with an expression (claimsMatchingExpression) instead of a subject, and Entra does not evaluate it.',
      expressionRules,
    ),
    why: ({ failure }) =>
      paragraph(
        failure.said.serviceCode === 'AADSTS700237'
          ? 'The expression uses an operator or a claim that is not allowed for this issuer.'
          : 'The identity has a federated credential with an expression (claimsMatchingExpression) instead of a subject, and Entra does not evaluate it here.',
        expressionRules,
      ),
    unlike:
      'An expression that was evaluated and did not match is `federated-subject-mismatch` (AADSTS7002131).',
    fixes: told => [
      ...throughEnvironment(told, { ofEnvironment: `${subjectPrefix(told.record.assertion)}:environment:` }),
      ...listCredentials(told),
    ],
  },
  'federated-credential-ambiguous': {
    title: 'Two federated credentials match this run',
    about:
      'More than one credential of the identity matches the token, and Entra accepts none of them: two with the same subject, or a subject and an expression that covers it.',
    why: () => 'More than one credential of the identity fits the token, and Entra takes none of them.',
    comparison: told => compared(told, {}),
    unlike: 'If none matches, the code is `federated-subject-mismatch`.',
    fixes: told => [...listCredentials(told), ...removeCredential(told)],
  },
  'federated-enterprise-claim-required': {
    title: 'The tenant asks for an enterprise claim',
    about:
      'The tenant accepts GitHub tokens only from enterprises on its list (claim `enterprise`). Repositories outside an enterprise have no such claim.',
    why: ({ record }) =>
      paragraph(
        'The tenant accepts GitHub tokens only from enterprises on its list (claim `enterprise`).',
        record.assertion && enterpriseClaim(record.assertion.enterprise),
      ),
    unlike:
      'No federated credential fixes this. In a repository of an accepted enterprise the claim is sometimes missing from a single run: then running the job again helps.',
    fixes: () => [
      advice(
        "Move the repository into an organisation of an enterprise that the tenant accepts (the message names them), or ask the tenant's administrators for an exception. If it is in one, run the job again.",
      ),
    ],
  },
  'federation-disabled': {
    title: 'Workload identity federation is switched off in the tenant',
    why: told =>
      `A policy of tenant ${valuesOf(told).tenantId} forbids federated credentials for this identity. No setting of the repository or of the credential changes that.`,
    unlike: 'The credential was not compared, so it may be right.',
    fixes: told => {
      const { clientId, issuer } = valuesOf(told)
      return [
        advice(
          `Ask the tenant's administrators to let the application ${clientId} use federated credentials of the issuer ${issuer}. Such policies do not always apply to user-assigned managed identities: try one of those.`,
        ),
      ]
    },
  },
} satisfies Partial<Explanations<'entra'>>

function usualAudience({ record }: ExplainContext): Fix[] {
  const { settings } = record
  if (settings === undefined || settings.identity.assertionAudience === settings.cloud.assertionAudience)
    return []
  return [
    inputs('Leave the input `audience` out, or give the usual one', {
      audience: settings.cloud.assertionAudience,
    }),
  ]
}

const enterpriseClaim = (enterprise: string | undefined) =>
  enterprise
    ? `This run's token names the enterprise ${enterprise}.`
    : "This run's token names no enterprise."
