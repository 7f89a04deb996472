import { shellWord } from '../../../core/text/untrusted.ts'
import { azLine, bash, inputs, show, takeTurns } from '../commands.ts'
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

/** What the token said of this run, and what a credential says. @param differing What is known of the claim that is not the same. */
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

/** Two identities sign in by the same token: which of them was refused. */
function whoSignsIn({ record, failure }: ExplainContext): string {
  const { setupClientId } = record.settings?.identity ?? {}
  if (!separateSetup(record) || failure.signingInAs === undefined) return ''
  return failure.signingInAs === setupClientId
    ? `It is the setup identity (\`setup-client-id\`, ${failure.signingInAs}) that cannot sign in: it needs a credential for the same subject as the pipeline's.`
    : `It is the pipeline's own identity (\`client-id\`, ${failure.signingInAs}) that cannot sign in.`
}

/** A credential that was made for this repository probably exists, and names another form of the subject. */
function expectedSubject({ record }: ExplainContext): string {
  const forms = record.assertion === undefined ? [] : otherForms(record.assertion)
  if (forms.length === 0) return 'another one'
  return `another one; for this repository perhaps ${forms.map(form => `\`${form.replaceAll('`', '')}\``).join(' or ')}`
}

/** AADSTS7002131 tells more than AADSTS700213: a flexible credential is there. */
const unmatchedExpression = ({ failure }: ExplainContext) =>
  failure.said.serviceCode === 'AADSTS7002131'
    ? 'The identity has a flexible credential, and its expression (claimsMatchingExpression) does not match this subject either.'
    : ''

/** One of the three that a token and a credential must have in common. */
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

const ofWhichCloud = (told: ExplainContext) => {
  const { tenantId } = valuesOf(told)
  return bash(
    'See which cloud the tenant belongs to (tenant_region_scope, cloud_instance_name)',
    `curl --silent ${shellWord(`https://login.microsoftonline.com/${tenantId}/v2.0/.well-known/openid-configuration`)}`,
  )
}

/** Numbers that a tenant answers with that is there, and was shut. */
const isBlockedTenant = ({ failure }: ExplainContext) =>
  /^AADSTS50002(24|25|29)$/.test(failure.said.serviceCode ?? '')

const reactivate = advice(
  'Only Microsoft can open it again: a global administrator of the tenant, or the owner of its billing account, asks Azure support (portal.azure.com › Help + support, signed in to another tenant if need be).',
)

/** What an expression may say (learn.microsoft.com, flexible federated identity credentials). */
const expressionRules =
  'App registrations take expressions; according to newer documentation user-assigned managed identities take them too (preview), but some tenants still refuse. For GitHub an expression compares `sub` or `job_workflow_ref`, with `eq` or `matches`, joined by `and`.'

const ownTenants = show('Find the tenant id of your subscription, for `tenant-id`', 'account list', {
  query: '[].{name:name, subscription:id, tenantId:tenantId, state:state}',
})

export const entraExplanations: Explanations<'entra'> = {
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
  'assertion-rejected': {
    title: 'Entra refused the OIDC token itself',
    why: told =>
      `Entra refused the form, the algorithm, the lifetime or the signature of the token. It comes from ${valuesOf(told).issuer}.`,
    unlike:
      "If Entra could not get the issuer's keys, the code is `issuer-keys-unavailable`; for a token outside its time range, `assertion-expired`.",
    fixes: told => [
      issuerDocument(told),
      advice(
        'Run the job again. If it persists, the token was not signed by this issuer, or not with RS256.',
      ),
    ],
  },
  'assertion-expired': {
    title: 'The OIDC token is outside its time range',
    why: () =>
      'GitHub tokens live five minutes, and this run asks for a new one in time. So the clock of the runner or of a private issuer is wrong, or the request was delayed.',
    unlike: 'An access token that has expired shows at the service that it is for, not here.',
    fixes: told => [
      bash(
        "See Entra's clock (the header date), and compare it with `date -u`, in a step of the same job",
        `curl --silent --head ${shellWord(valuesOf(told).authorityHost)}`,
      ),
      advice('Set the clock of the runner by NTP, and run the job again.'),
    ],
  },
  'issuer-keys-unavailable': {
    title: "Entra could not get the issuer's keys",
    why: told =>
      `To check the token, Entra fetches the keys of ${valuesOf(told).issuer} over the internet, but it did not find the one that signed the token. After the issuer changed its keys, this resolves by itself; a private issuer must be reachable from the internet.`,
    unlike: 'A wrong signature under a known key is `assertion-rejected`.',
    fixes: told => [issuerDocument(told), advice('Run the job again in some minutes.')],
  },
  'application-not-found': {
    title: 'The client id is not known in the tenant',
    why: told => {
      const { clientId, tenantId } = valuesOf(told)
      return `Entra finds no application ${clientId} in tenant ${tenantId}. One of the two ids is wrong. Usual mistakes: the object id instead of the client id, or the tenant of another subscription.`
    },
    unlike:
      'If the tenant does not exist either, the code is `tenant-not-found`; if the application is registered but has no service principal, `service-principal-missing`.',
    fixes: told => {
      const { clientId } = valuesOf(told)
      const query = '{name:displayName, clientId:appId, objectId:id}'
      return [
        show('See what the id belongs to (and which is its client id)', 'ad sp show', {
          id: clientId,
          query,
        }),
        show('See whether it is the object id of an app registration', 'ad app show', {
          id: clientId,
          query,
        }),
        show('List the client ids of your managed identities', 'identity list', {
          query: '[].{name:name, clientId:clientId, tenantId:tenantId}',
        }),
      ]
    },
  },
  'application-disabled': {
    title: 'The application is disabled',
    why: told => `Sign-in is switched off for the service principal of ${valuesOf(told).clientId}.`,
    unlike: 'A Conditional Access policy shows as `conditional-access-blocked`.',
    fixes: told => [
      bash(
        'Switch sign-in on again',
        azLine('ad sp update', { id: valuesOf(told).clientId, set: 'accountEnabled=true' }),
      ),
      advice('Somebody switched it off: ask why first, or use another identity.', 'Note'),
    ],
  },
  'application-not-assigned': {
    title: 'The identity is not assigned to the application that the token is for',
    why: () =>
      'The application that the token is for accepts only identities that are assigned to it. Azure Resource Manager and the models do not require that, so the audience is probably your own application.',
    unlike: 'An audience that the tenant does not know at all is `token-scope-invalid`.',
    fixes: () => [
      advice(
        'Check the inputs `cloud`, `authority-host` and `resource-manager-endpoint`: they decide what the token is for. If that is right, switch `Assignment required` off under Enterprise applications › Properties of that application, or assign the identity to it.',
      ),
    ],
  },
  'application-is-public-client': {
    title: 'The client id is that of a public client',
    why: told =>
      `A public client signs in people and cannot prove its own identity: Entra refuses a federated credential of ${valuesOf(told).clientId}. Either "Allow public client flows" is on for the app registration, or the client id is that of a tool, such as Azure CLI's own.`,
    unlike: 'A client id that the tenant does not know is `application-not-found`.',
    fixes: told => {
      const { clientId } = valuesOf(told)
      return [
        show('See what the client id belongs to', 'ad app show', {
          id: clientId,
          query: '{name:displayName, clientId:appId, publicClientFlows:isFallbackPublicClient}',
        }),
        bash(
          'If it is the pipeline’s own, switch public client flows off',
          azLine('ad app update', { id: clientId, set: 'isFallbackPublicClient=false' }),
        ),
      ]
    },
  },
  'service-principal-missing': {
    title: 'The application has no service principal in the tenant',
    why: told =>
      `The application ${valuesOf(told).clientId} is registered. It signs in and holds roles through its service principal, which does not exist.`,
    unlike: 'A client id that is not registered at all is `application-not-found`.',
    fixes: told => [bash('Create it', azLine('ad sp create', { id: valuesOf(told).clientId }))],
  },
  'tenant-not-found': {
    title: 'There is no such tenant',
    about:
      'Entra does not know the tenant id, or does not serve it any more. The usual mistake is a subscription id or client id instead of the tenant id. A deleted or blocked tenant looks nearly the same.',
    why: told => {
      const { tenantId, authorityHost } = valuesOf(told)
      if (isBlockedTenant(told))
        return `Microsoft has blocked the tenant ${tenantId}: a trial that ended, an unpaid bill, or abuse. Nobody can sign in there, whatever the identity.`
      return `${authorityHost} does not know the tenant ${tenantId}. The usual mistake is a subscription id or client id in its place; a tenant that was deleted or blocked looks the same.`
    },
    unlike: 'A tenant of another cloud is sometimes reported as `wrong-cloud`, and sometimes as this.',
    fixes: told => (isBlockedTenant(told) ? [reactivate, ownTenants] : [ownTenants, ofWhichCloud(told)]),
  },
  'tenant-restricted': {
    title: "The runner's network blocks sign-ins to this tenant",
    why: told =>
      `Something between the runner and the internet (a proxy, Global Secure Access) marks every sign-in with a list of allowed tenants, and ${valuesOf(told).tenantId} is not on it. That is a rule of the network, not of the tenant or the identity.`,
    unlike:
      'A policy of the tenant itself is `conditional-access-blocked`. This code does not occur on a hosted runner.',
    fixes: told => [
      advice(
        `Ask the people who run the network to add the tenant ${valuesOf(told).tenantId} to the tenant restrictions policy; or run the job on a runner outside that network.`,
      ),
    ],
  },
  'wrong-cloud': {
    title: 'The tenant belongs to another cloud',
    why: told => {
      const { tenantId, authorityHost } = valuesOf(told)
      return `${authorityHost} does not serve the tenant ${tenantId}.`
    },
    unlike: 'A tenant that exists nowhere is `tenant-not-found`.',
    fixes: told => [
      ofWhichCloud(told),
      inputs('Name its cloud: AzureCloud, AzureUSGovernment or AzureChinaCloud', {
        cloud: told.record.settings?.cloud.name === 'AzureUSGovernment' ? 'AzureCloud' : 'AzureUSGovernment',
      }),
    ],
  },
  'conditional-access-blocked': {
    title: 'A Conditional Access policy blocks this sign-in',
    why: told =>
      `The credential matched, but a policy stopped the sign-in of ${valuesOf(told).clientId}. Such policies usually allow certain networks only, and the addresses of hosted runners change.`,
    unlike:
      'It has nothing to do with federated credentials or roles. Managed identities are not subject to such policies.',
    fixes: told => [
      advice(
        `Ask the tenant's administrators for an exception for ${valuesOf(told).clientId}, or run the job on a runner inside the allowed network. They find the policy by its id, if Entra told it (below, among the ids for support), or by the correlation id, under Sign-in logs › Service principal sign-ins › Conditional Access.`,
      ),
    ],
  },
  'token-scope-invalid': {
    title: 'The tenant does not know the service that the token is for',
    why: ({ record }) =>
      paragraph(
        record.settings?.smoke.tokenAudience === undefined
          ? 'In a tenant that never used Azure AI services, their service principal is missing.'
          : 'No application of the tenant has that Application ID URI; or it has no service principal there.',
        record.settings && `Tokens were asked for ${audiencesOf(record.settings).join(' and ')}.`,
      ),
    unlike: 'Entra accepted client id and credential: the problem is only what the token is for.',
    fixes: told => {
      const { subscriptionId } = valuesOf(told)
      const { tokenAudience } = told.record.settings?.smoke ?? {}
      if (tokenAudience !== undefined)
        return [
          show('See whether the tenant has it', 'ad sp show', {
            id: tokenAudience,
            query: '{name:displayName, appId:appId, objectId:id}',
          }),
          advice(
            "Set `token-audience` to the Application ID URI of the gateway's app registration, or to its client id.",
          ),
        ]
      return [
        bash(
          'Register the resource provider, which adds the service principal',
          azLine('provider register', {
            subscription: subscriptionId,
            namespace: 'Microsoft.CognitiveServices',
          }),
        ),
        advice(
          'Check the inputs `cloud`, `authority-host` and `tenant-id`: they may belong to different clouds.',
          'Otherwise',
        ),
      ]
    },
  },
  'entra-throttled': {
    title: 'Entra throttles the sign-in',
    why: () => 'There were too many sign-ins of this tenant or application, for longer than this run waits.',
    unlike: 'Entra did not check the credential, so it may be right.',
    fixes: () => [takeTurns, advice('Run the job again later.')],
  },
  'entra-unavailable': {
    title: 'Entra did not answer as expected',
    why: told =>
      `${valuesOf(told).authorityHost} failed several times: with an error of its own, or with a reply that is not Entra's, such as a proxy's page.`,
    unlike: 'A refusal by Entra has an AADSTS number and its own code.',
    fixes: () => [
      advice(
        'Run the job again. If it persists, look at https://azure.status.microsoft, and for a proxy on the way.',
      ),
    ],
  },
  'entra-rejected': {
    title: 'Entra refused the sign-in',
    why: () => 'This action does not know the reason: see what Entra said.',
    unlike: 'Refusals with a known cause have their own codes.',
    fixes: ({ failure }) => [advice(`Look the number up: ${errorPage(failure.said.serviceCode)}`)],
  },
}

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

function issuerDocument(told: ExplainContext): Fix {
  const { issuer } = valuesOf(told)
  const url = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`
  return bash('See what the issuer publishes', `curl --silent --show-error ${shellWord(url)}`)
}

function audiencesOf({ cloud, smoke }: NonNullable<ExplainContext['record']['settings']>): string[] {
  return smoke.tokenAudience === undefined
    ? [cloud.resourceManager.audience, cloud.inferenceAudiences.cognitiveServices]
    : [smoke.tokenAudience]
}

function errorPage(serviceCode: string | undefined): string {
  const number = /^AADSTS(\d+)$/.exec(serviceCode ?? '')?.[1]
  const page = 'https://login.microsoftonline.com/error'
  return number === undefined ? page : `${page}?code=${number}`
}
