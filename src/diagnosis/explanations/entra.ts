import { shellWord } from '../../untrusted-text.ts'
import {
  advice,
  type Explanation,
  type Explanations,
  type Fix,
  paragraph,
  type Told,
} from '../explanation.ts'
import { azLine, bash, inputs, show, takeTurns } from './commands.ts'
import { addCredential, changeCredential, findIdentity, listCredentials } from './federated-credentials.ts'
import { otherForms, subjectRules, subjectStory } from './subjects.ts'
import { valuesOf } from './values.ts'

function presented(told: Told): string {
  const { issuer, subject, audience } = valuesOf(told)
  return `This run presents issuer ${issuer}, subject ${subject}, audience ${audience}. Entra compares all three letter by letter, case included.`
}

/** A credential that was made for this repository probably exists, and names another form of the subject. */
function formsToLookFor({ facts }: Told): string {
  const forms = facts.assertion === undefined ? [] : otherForms(facts.assertion)
  if (forms.length === 0) return ''
  return `If the identity has a credential for this repository already, look in it for one of these instead: ${forms.join(' · ')}.`
}

/** One of the three that a token and a credential must have in common. */
function mismatch(
  title: string,
  what: string,
  { more = () => '', ...others }: Omit<Explanation, 'title' | 'why'> & { more?: (told: Told) => string },
): Explanation {
  return {
    title,
    about: `${what} Entra compares issuer, subject and audience letter by letter, case included.`,
    why: told => paragraph(what, presented(told), more(told)),
    ...others,
  }
}

const subjectMismatch: typeof mismatch = (title, what, { more = () => '', ...others }) => {
  const explanation = mismatch(title, what, {
    ...others,
    more: told => paragraph(subjectStory(told.facts.assertion), told.facts.subjectTemplate, more(told)),
  })
  return { ...explanation, about: paragraph(explanation.about, subjectRules) }
}

const ofWhichCloud = (told: Told) => {
  const { tenantId } = valuesOf(told)
  return bash(
    'See which cloud the tenant belongs to (tenant_region_scope, cloud_instance_name)',
    `curl --silent ${shellWord(`https://login.microsoftonline.com/${tenantId}/v2.0/.well-known/openid-configuration`)}`,
  )
}

const ownTenants = show('See your tenants and subscriptions', 'account list', {
  query: '[].{name:name, subscription:id, tenantId:tenantId, state:state}',
})

export const entraExplanations: Explanations<'entra'> = {
  'federated-credential-missing': mismatch(
    'The identity has no federated credential',
    'Entra knows the client id, and no federated credential is configured on it.',
    {
      unlike:
        'With a credential that does not match, Entra says which part: issuer, subject or audience. If you did add one, it sits on another identity: compare the client id.',
      fixes: told => [...addCredential(told), ...findIdentity(told)],
    },
  ),
  'federated-subject-mismatch': subjectMismatch(
    'No federated credential matches the subject of this run',
    'Entra found no credential whose subject is the one that this run presents. It was tried for some twenty seconds, so that a credential made a moment ago is not the reason.',
    {
      more: formsToLookFor,
      unlike:
        'Where only upper and lower case differ, the code is `federated-subject-case-mismatch`; where the identity has no credential at all, `federated-credential-missing`. If the list shows this very subject, issuer and audience, run the job again: Entra has been seen to refuse good credentials now and then.',
      fixes: told => [...addCredential(told), ...listCredentials(told)],
    },
  ),
  'federated-subject-case-mismatch': subjectMismatch(
    'A federated credential matches the subject but for upper and lower case',
    'A credential with this subject exists, written in other letters.',
    {
      more: () =>
        'There are two ways out: have the credential say what the run says, or the run what the credential says.',
      unlike: 'In `federated-subject-mismatch` the subject differs in more than case.',
      fixes: told => [
        ...addCredential(told),
        ...changeCredential(told),
        advice(
          'The name of the environment is taken from the job as it is written there: write it as the credential does. Owner, repository, branch and tag come from GitHub as they are; for them the credential has to change.',
          'Or change the job',
        ),
        ...listCredentials(told),
      ],
    },
  ),
  'federated-issuer-mismatch': mismatch(
    'No federated credential names the issuer of this run',
    'The identity has federated credentials, and none of this issuer.',
    {
      more: () =>
        'Enterprises may have an issuer of their own, and so have GitHub Enterprise Server and ghe.com; a slash at the end counts.',
      unlike:
        "The issuer is compared first: subject and audience may be wrong as well. If the portal shows the same issuer, the credential sits on another identity than this client id's.",
      fixes: told => [...addCredential(told), ...listCredentials(told)],
    },
  ),
  'federated-audience-mismatch': mismatch(
    'No federated credential names the audience of this run',
    'The identity has credentials of this issuer, and none with this audience.',
    {
      more: () =>
        'The usual audience is api://AzureADTokenExchange, in every cloud; the input `audience` changes what the run presents.',
      unlike:
        'Of one issuer and subject an identity can have one credential only: where the command says that it exists already, change that one.',
      fixes: told => [
        ...usualAudience(told),
        ...changeCredential(told),
        ...addCredential(told),
        ...listCredentials(told),
      ],
    },
  ),
  'federated-enterprise-claim-required': {
    title: 'The tenant asks for an enterprise claim',
    about:
      'The tenant accepts GitHub tokens only with an `enterprise` claim from a list of its own. Repositories outside those enterprises have none.',
    why: ({ facts }) =>
      paragraph(
        'The tenant accepts GitHub tokens only with an enterprise claim from a list of its own.',
        facts.assertion && enterpriseClaim(facts.assertion.enterprise),
      ),
    unlike:
      'No federated credential mends this. The claim has been seen empty on single runs of repositories that do belong to the enterprise: there, running the job again helps.',
    fixes: () => [
      advice(
        "Move the repository into an organisation of an enterprise that the tenant accepts (the message names them), or ask the tenant's administrators for an exception. If it is in one already, run the job again.",
      ),
    ],
  },
  'federation-disabled': {
    title: 'Workload identity federation is switched off in the tenant',
    why: told =>
      `A policy of tenant ${valuesOf(told).tenantId} forbids federated credentials for this identity. No setting of the repository or of the credential changes that.`,
    unlike: 'The credential itself was not even compared: it may be right.',
    fixes: told => {
      const { clientId, issuer } = valuesOf(told)
      return [
        advice(
          `Ask the tenant's administrators to let the application ${clientId} use federated credentials of the issuer ${issuer}. Policies for app registrations do not always hold for user-assigned managed identities: one of those may be the way.`,
        ),
      ]
    },
  },
  'assertion-rejected': {
    title: 'Entra did not accept the OIDC token as a token',
    why: told =>
      `The token was read, and its form, its algorithm, its lifetime or its signature was refused. It comes from ${valuesOf(told).issuer}.`,
    unlike:
      'Keys that Entra could not get, or does not know yet, are `issuer-keys-unavailable`; a token outside its time range is `assertion-expired`.',
    fixes: told => [
      issuerDocument(told),
      advice(
        'Run the job again. If it stays so, the issuer is not the one that signed the token, or signs by another algorithm than RS256.',
      ),
    ],
  },
  'assertion-expired': {
    title: 'The OIDC token is outside its time range',
    why: () =>
      'GitHub tokens live five minutes, and this run asks for a new one in time. So the clock of the runner or of a private issuer is off, or the request stood in a queue on its way.',
    unlike: 'Access tokens that end show at the service that they are for, not here.',
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
      `Entra fetches the keys of ${valuesOf(told).issuer} over the internet to check the token, and did not find the one that signed it. After a change of keys this passes; a private issuer must be reachable from the internet.`,
    unlike: 'A signature that is wrong under a known key is `assertion-rejected`.',
    fixes: told => [issuerDocument(told), advice('Run the job again in some minutes.')],
  },
  'application-not-found': {
    title: 'The client id is not known in the tenant',
    why: told => {
      const { clientId, tenantId } = valuesOf(told)
      return `Entra finds no application ${clientId} in tenant ${tenantId}. Either id may be the wrong one: the object id in the place of the client id is the usual slip, the tenant of another subscription the next.`
    },
    unlike:
      'Where the tenant does not exist either, the code is `tenant-not-found`; where the application is registered and has no service principal, `service-principal-missing`.',
    fixes: told => {
      const { clientId } = valuesOf(told)
      const query = '{name:displayName, clientId:appId, objectId:id}'
      return [
        show('See what the id belongs to, be it client id or object id', 'ad sp show', {
          id: clientId,
          query,
        }),
        show('See whether it is the object id of an app registration', 'ad app show', {
          id: clientId,
          query,
        }),
        show('See the client ids of your managed identities', 'identity list', {
          query: '[].{name:name, clientId:clientId, tenantId:tenantId}',
        }),
      ]
    },
  },
  'application-disabled': {
    title: 'The application is disabled',
    why: told =>
      `The service principal of ${valuesOf(told).clientId} exists, and sign-in is switched off for it.`,
    unlike: 'A Conditional Access policy shows as `conditional-access-blocked`.',
    fixes: told => [
      bash(
        'Switch sign-in on again',
        azLine('ad sp update', { id: valuesOf(told).clientId, set: 'accountEnabled=true' }),
      ),
      advice('Somebody switched it off: ask why before it is switched on, or use another identity.'),
    ],
  },
  'application-not-assigned': {
    title: 'The application is not assigned to the resource that it asks a token for',
    why: () =>
      'The resource demands an assignment. Azure Resource Manager and the inference services do not, so the audience is probably an application of your own.',
    unlike: 'An audience that the tenant does not know at all is `token-scope-invalid`.',
    fixes: () => [
      advice(
        'Check the inputs `cloud`, `authority-host` and `resource-manager-endpoint`: together they decide for whom a token is asked. If the audience is right, switch `Assignment required` off for it under Enterprise applications › Properties, or assign the application.',
      ),
    ],
  },
  'service-principal-missing': {
    title: 'The application has no service principal in the tenant',
    why: told =>
      `The application ${valuesOf(told).clientId} is registered. Roles are held by its service principal, and there is none.`,
    unlike: 'A client id that is not registered at all is `application-not-found`.',
    fixes: told => [bash('Create it', azLine('ad sp create', { id: valuesOf(told).clientId }))],
  },
  'tenant-not-found': {
    title: 'There is no such tenant',
    why: told => {
      const { tenantId, authorityHost } = valuesOf(told)
      return `${authorityHost} does not know the tenant ${tenantId}. A subscription id or a client id in its place is the usual slip; a tenant that was deleted or blocked reads the same.`
    },
    unlike:
      'A tenant of another cloud is sometimes told apart as `wrong-cloud`, and sometimes reads the same.',
    fixes: told => [ownTenants, ofWhichCloud(told)],
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
        cloud: told.facts.settings?.cloud.name === 'AzureUSGovernment' ? 'AzureCloud' : 'AzureUSGovernment',
      }),
    ],
  },
  'conditional-access-blocked': {
    title: 'A Conditional Access policy blocks this sign-in',
    why: told =>
      `The credential matched, and a policy stopped the sign-in of ${valuesOf(told).clientId}. Policies for workload identities usually allow named networks only; hosted runners have changing addresses.`,
    unlike:
      'Federated credentials and roles are right, or have nothing to do with it. Managed identities are not subject to such policies.',
    fixes: told => [
      advice(
        `Ask the tenant's administrators for an exception for ${valuesOf(told).clientId}, or run the job on a runner inside the allowed network. They find the policy by the correlation id, under Sign-in logs › Service principal sign-ins › Conditional Access.`,
      ),
    ],
  },
  'token-scope-invalid': {
    title: 'The tenant has no such resource to ask a token for',
    why: ({ facts }) =>
      paragraph(
        'The audience that was asked for is not known in the tenant. In a tenant that never used Azure AI services their service principal is missing.',
        facts.settings && `Asked for are ${audiencesOf(facts.settings.cloud).join(' and ')}.`,
      ),
    unlike:
      'This is about what the token is for, not about who asks: client id and credential were accepted.',
    fixes: told => {
      const { subscriptionId } = valuesOf(told)
      return [
        bash(
          'Register the provider of Azure AI services, which brings their service principal',
          azLine('provider register', {
            subscription: subscriptionId,
            namespace: 'Microsoft.CognitiveServices',
          }),
        ),
        advice(
          'Otherwise check the inputs `cloud`, `authority-host` and `tenant-id`: they may belong to different clouds.',
        ),
      ]
    },
  },
  'entra-throttled': {
    title: 'Entra throttles the sign-in',
    why: () => 'There are too many sign-ins of this tenant or application, for longer than this run waits.',
    unlike: 'Nothing is said about the credential: it was not looked at.',
    fixes: () => [takeTurns, advice('Run the job again later.')],
  },
  'entra-unavailable': {
    title: 'Entra did not answer as it should',
    why: told =>
      `Several tries at ${valuesOf(told).authorityHost} met an error of the service itself, or something that is no answer of Entra's, such as a proxy's page.`,
    unlike: 'A refusal of Entra has an AADSTS number, and a code of its own.',
    fixes: () => [
      advice(
        'Run the job again. If it goes on, look at https://azure.status.microsoft, and for a proxy on the way.',
      ),
    ],
  },
  'entra-rejected': {
    title: 'Entra refused the sign-in',
    why: () => "The reason is in Entra's own words: it is none of those that this action knows.",
    unlike: 'All refusals that have a known cause have a code of their own.',
    fixes: ({ refusal }) => [advice(`Look the number up: ${errorPage(refusal.said.serviceCode)}`)],
  },
}

function usualAudience({ facts }: Told): Fix[] {
  const { settings } = facts
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

function issuerDocument(told: Told): Fix {
  const { issuer } = valuesOf(told)
  const url = `${issuer.replace(/\/+$/, '')}/.well-known/openid-configuration`
  return bash('See what the issuer publishes', `curl --silent --show-error ${shellWord(url)}`)
}

function audiencesOf({
  resourceManager,
  inferenceAudiences,
}: NonNullable<Told['facts']['settings']>['cloud']): string[] {
  return [resourceManager.audience, inferenceAudiences.cognitiveServices]
}

function errorPage(serviceCode: string | undefined): string {
  const number = /^AADSTS(\d+)$/.exec(serviceCode ?? '')?.[1]
  const page = 'https://login.microsoftonline.com/error'
  return number === undefined ? page : `${page}?code=${number}`
}
