import type { AssertionClaims } from '../../identity/claims.ts'
import { plain, shellWord } from '../../untrusted-text.ts'
import { type Explanation, type Explanations, type Fix, plainly, type Told } from '../explanation.ts'

/** A name that Entra takes (3 to 120 letters, digits, `-`, `_`) and a person recognises. */
function credentialName(subject: string): string {
  const name = subject.replace(/[^A-Za-z0-9]+/g, '-').replace(/^-+|-+$/g, '')
  return `github-${name}`.slice(0, 120)
}

/** The ready commands that add the credential which this run's token needs. */
export function addCredential({ facts }: Told): Fix[] {
  const { assertion, settings } = facts
  if (assertion === undefined || settings === undefined) return []
  const { clientId } = settings.identity
  const { iss: issuer, sub: subject, aud: audience } = assertion
  const name = credentialName(subject)
  const parameters = JSON.stringify({ name, issuer, subject, audiences: [audience] })
  const identityCommand = [
    'az identity federated-credential create',
    `  --resource-group ${shellWord('<RESOURCE-GROUP>')} --identity-name ${shellWord('<IDENTITY>')}`,
    `  --name ${shellWord(name)}`,
    `  --issuer ${shellWord(issuer)}`,
    `  --subject ${shellWord(subject)}`,
    `  --audiences ${shellWord(audience)}`,
  ].join(' \\\n')
  return [
    {
      title: 'If the client id is that of an app registration',
      language: 'bash',
      text: `az ad app federated-credential create --id ${shellWord(clientId)} --parameters ${shellWord(parameters)}`,
    },
    { title: 'If it is that of a user-assigned managed identity', language: 'bash', text: identityCommand },
  ]
}

/** How GitHub came to this subject (docs.github.com, OpenID Connect reference). */
function subjectStory(claims: AssertionClaims | undefined): string {
  if (claims === undefined) return ''
  const { sub, environment } = claims
  const parts = [
    environment === undefined
      ? 'The job has no `environment`, so the subject ends in `pull_request` or in the branch or tag. A job with an environment presents `environment:NAME` instead, whatever the branch.'
      : 'The job has an `environment`; it takes the place of branch, tag and pull request in the subject.',
  ]
  if (/^repo:[^/:]+@\d+\//.test(sub)) {
    parts.push(
      'The subject carries the numeric ids of owner and repository: GitHub presents it so for repositories created, renamed or transferred since 15 July 2026, and a credential without the ids does not match.',
    )
  }
  if (!sub.startsWith('repo:')) {
    parts.push('The subject follows a template that this repository or organisation has customised.')
  }
  if (sub.includes('%3A')) parts.push('A colon inside a name is written %3A.')
  return parts.join(' ')
}

function presented({ facts }: Told): string {
  const { assertion } = facts
  if (assertion === undefined) return ''
  const [issuer, subject, audience] = [assertion.iss, assertion.sub, assertion.aud].map(claim => plain(claim))
  return `This run presents issuer ${issuer}, subject ${subject}, audience ${audience}. Entra compares all three letter by letter, case included.`
}

function mismatch(title: string, what: string): Explanation {
  return {
    title,
    why: told =>
      [what, presented(told), subjectStory(told.facts.assertion), told.facts.subjectTemplate ?? '']
        .filter(text => text !== '')
        .join(' '),
    fixes: addCredential,
  }
}

export const entraExplanations: Explanations<'entra'> = {
  'federated-credential-missing': mismatch(
    'The identity has no federated credential',
    'Entra knows the client id, and no federated credential is configured on it.',
  ),
  'federated-subject-mismatch': mismatch(
    'No federated credential matches the subject of this run',
    'Entra found no credential whose subject is the one that this run presents. It was tried for some twenty seconds, so that a credential made a moment ago is not the reason.',
  ),
  'federated-subject-case-mismatch': mismatch(
    'A federated credential matches the subject but for upper and lower case',
    'A credential with this subject exists, written in other letters. Its subject cannot be changed by case alone in place: delete it, or add the one below.',
  ),
  'federated-issuer-mismatch': mismatch(
    'No federated credential names the issuer of this run',
    'The identity has federated credentials, and none of this issuer. Enterprise and GitHub Enterprise Server tokens have issuers of their own; a slash at the end counts.',
  ),
  'federated-audience-mismatch': mismatch(
    'No federated credential names the audience of this run',
    'A credential matches but for its audience. The usual one is api://AzureADTokenExchange, in every cloud; the input `audience` changes what this run presents.',
  ),
  'federated-enterprise-claim-required': plainly(
    'The tenant asks for an enterprise claim',
    'The tenant accepts GitHub tokens only with an `enterprise` claim of its own list. Repositories outside those enterprises have none, and enterprises add it by a setting.',
    "Have the enterprise's owner include the enterprise in OIDC tokens, or ask the tenant's administrators for an exception.",
  ),
  'federation-disabled': plainly(
    'Workload identity federation is switched off in the tenant',
    'A policy of the tenant forbids federated credentials. No setting of this repository or this identity changes that.',
    "Ask the tenant's administrators to allow federation from GitHub's issuer for this application.",
  ),
  'assertion-rejected': plainly(
    'Entra did not accept the OIDC token as a token',
    'The token was read, and its form or its signature was refused.',
    'Run the job again. If it stays so, compare the issuer that the log prints with the one that the platform is known by: the keys must be reachable from the internet.',
  ),
  'assertion-expired': plainly(
    'The OIDC token is outside its time range',
    'GitHub tokens live five minutes, and Entra saw this one too late or too early. On a self-hosted runner or a private issuer, a clock that is off does this.',
    'Set the clock of the runner by NTP, and run the job again.',
  ),
  'issuer-keys-unavailable': plainly(
    "Entra could not get the issuer's keys",
    "Entra fetches the issuer's keys over the internet to check the token, and did not find the one that signed it. After a change of keys this passes; a private issuer must be reachable.",
    'Run the job again in some minutes.',
  ),
  'application-not-found': {
    title: 'The client id is not known in the tenant',
    why: ({ facts }) =>
      `Entra finds no application ${facts.settings?.identity.clientId ?? ''} in tenant ${facts.settings?.identity.tenantId ?? ''}. Either id may be the wrong one: the object id in the place of the client id is the usual slip.`,
    fixes: ({ facts }) => [
      {
        title: 'See what the id belongs to',
        language: 'bash',
        text: `az ad sp show --id ${shellWord(facts.settings?.identity.clientId ?? '')} --query "{name:displayName, clientId:appId, objectId:id}"`,
      },
    ],
  },
  'application-disabled': plainly(
    'The application is disabled',
    'The service principal exists and sign-in is switched off for it.',
    'Enable sign-in under Enterprise applications › Properties, or use another identity.',
  ),
  'application-not-assigned': plainly(
    'The application is not assigned to the resource that it asks a token for',
    'The resource demands an assignment. Azure Resource Manager and the inference services do not, so the audience is probably one of your own applications.',
    'Check the inputs `cloud`, `authority-host` and `resource-manager-endpoint`.',
  ),
  'service-principal-missing': {
    title: 'The application has no service principal in the tenant',
    why: () =>
      'The registration exists, and a role can only be held by its service principal, which does not.',
    fixes: ({ facts }) => [
      {
        title: 'Create it',
        language: 'bash',
        text: `az ad sp create --id ${shellWord(facts.settings?.identity.clientId ?? '')}`,
      },
    ],
  },
  'tenant-not-found': plainly(
    'There is no such tenant',
    'Entra does not know the tenant id in this cloud.',
    'Compare `tenant-id` with `az account show --query tenantId`, and `cloud` with the cloud that the tenant belongs to.',
  ),
  'wrong-cloud': plainly(
    'The tenant belongs to another cloud',
    'The authority that was asked does not serve this tenant.',
    'Set the input `cloud` to the cloud of the tenant.',
  ),
  'conditional-access-blocked': plainly(
    'A Conditional Access policy blocks this sign-in',
    'Policies for workload identities usually allow named networks only; hosted runners have changing addresses.',
    'Ask for an exception for this service principal, or run the job on a runner inside the allowed network.',
  ),
  'token-scope-invalid': plainly(
    'The tenant has no such resource to ask a token for',
    'The audience that was asked for is not known in the tenant; in a tenant that never used Azure AI services its service principal is missing.',
    'Check the input `cloud`. Otherwise have an administrator create a Foundry resource in a subscription of this tenant.',
  ),
  'entra-throttled': plainly(
    'Entra throttles the sign-in',
    'Too many sign-ins of this tenant or application, for longer than this run waits.',
    'Run the job again later; spread jobs that start at the same time.',
  ),
  'entra-unavailable': plainly(
    'Entra did not answer as it should',
    'Several tries met an error of the service itself.',
    'Run the job again; look at status.azure.com if it goes on.',
  ),
  'entra-rejected': plainly(
    'Entra refused the sign-in',
    "The reason is in Entra's own words.",
    'Look the AADSTS number up at https://login.microsoftonline.com/error.',
  ),
}
