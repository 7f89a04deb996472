import { generateKeyPair, SignJWT } from 'jose'
import { Agent, request } from 'undici'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { diagnosisCodes } from '../../src/core/failures/codes.ts'
import {
  alsoHolds,
  managedIdentity,
  pipeline,
  refuse,
  refuseByEntra,
  roles,
  tenant,
} from '../support/arrange.ts'
import { type CodeCases, testCodes } from '../support/code-cases.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const nobody = '00000000-1111-4222-8333-444444444444'

/** Makes GitHub hand out a token that somebody else signed, under the name of a key. */
async function forgeToken(keyId: string): Promise<void> {
  const { privateKey } = await generateKeyPair('RS256')
  const { subject = '', audiences } = pipeline(cloud).credential
  const now = Math.floor(cloud.clock.now() / 1000)
  const value = await new SignJWT({
    iss: cloud.endpoints.github,
    sub: subject,
    aud: audiences,
    iat: now,
    exp: now + 300,
  })
    .setProtectedHeader({ alg: 'RS256', kid: keyId })
    .sign(privateKey)
  refuse(cloud, 'oidc.token', 200, { value })
}

/** Makes GitHub hand out a token that it issued ten minutes ago, as a cache on the way would. */
async function replayToken(): Promise<void> {
  const { ACTIONS_ID_TOKEN_REQUEST_URL: url, ACTIONS_ID_TOKEN_REQUEST_TOKEN: token } =
    cloud.runnerEnvironment()
  const dispatcher = new Agent({ connect: { ca: cloud.caPem } })
  const reply = await request(`${url}&audience=${encodeURIComponent('api://AzureADTokenExchange')}`, {
    dispatcher,
    headers: { authorization: `Bearer ${token}` },
  })
  refuse(cloud, 'oidc.token', 200, await reply.body.json())
  await dispatcher.close()
  cloud.clock.advance(600_000)
}

const grantByAz = { fix: /^az role assignment create/ }
/** What a person finds out about the managed identity. */
const identityNames = { '<RESOURCE-GROUP>': 'rg-keyless', '<IDENTITY>': 'contoso-pipeline-identity' }
const changeCredential = {
  fix: /^az ad app federated-credential update/,
  fill: { '<CREDENTIAL-NAME>': 'contoso-shop-main' },
}
const addCredential = { fix: /^az ad app federated-credential create/ }

function inMergeQueue(): void {
  cloud.world.workflow.ref = 'refs/heads/gh-readonly-queue/main/pr-13-7b1f002b00ec25a5'
}

/** What the fix before says about the job. */
function inProduction(): void {
  cloud.world.workflow.environment = 'production'
}

/** The pipeline's credential as a flexible one. */
function trustByExpression(value: string): void {
  const { credential } = pipeline(cloud)
  credential.claimsMatchingExpression = { value, languageVersion: 1 }
  delete credential.subject
}

const cases: CodeCases<'entra'> = {
  'federated-credential-missing': [
    {
      when: 'an application without any',
      arrange: () => {
        pipeline(cloud).application.federatedCredentials.length = 0
      },
      mend: addCredential,
    },
    {
      when: 'a managed identity without any',
      arrange: () => {
        const { identity, principal } = managedIdentity(cloud)
        identity.federatedCredentials.length = 0
        alsoHolds(cloud, { role: roles.user, principalId: principal.objectId })
      },
      run: () => ({ inputs: { 'client-id': managedIdentity(cloud).identity.clientId } }),
      mend: {
        fix: /^az identity federated-credential create/,
        fill: identityNames,
      },
    },
  ],
  'federated-subject-mismatch': [
    {
      when: 'another branch',
      arrange: () => {
        pipeline(cloud).credential.subject = 'repo:contoso/shop:ref:refs/heads/release'
      },
      within: 25_000,
      says: /subject {2}repo:contoso\/shop:ref:refs\/heads\/main/,
      mend: addCredential,
    },
    {
      when: 'an environment in the job, with a name that no shell likes',
      arrange: () => {
        cloud.world.workflow.environment = `prod:'eu' $(x) \\ "\``
      },
      within: 25_000,
      mend: addCredential,
    },
    {
      when: 'a subject with numeric ids',
      arrange: () => {
        cloud.world.workflow.immutableSubject = true
      },
      within: 25_000,
      says: /numeric ids/,
      mend: addCredential,
    },
    {
      when: 'a merge queue, and an environment instead of its branch',
      arrange: inMergeQueue,
      within: 25_000,
      says: /a branch that the merge queue made for this run alone/,
      mend: { fix: /^az ad app federated-credential create .*environment:production/, by: inProduction },
    },
    {
      when: 'a merge queue, and a flexible credential',
      arrange: inMergeQueue,
      within: 25_000,
      says: /Anyone who may add a pull request to the merge queue of main can then sign in/,
      mend: { fix: /^az rest --method post/ },
    },
    {
      when: 'a tag of a repository with ids, and a flexible credential',
      arrange: () => {
        cloud.world.workflow.ref = 'refs/tags/v2.0.6'
        cloud.world.workflow.immutableSubject = true
      },
      within: 25_000,
      says: /Anyone who may push a tag can then sign in/,
      mend: { fix: /^az rest --method post/ },
    },
    {
      when: 'a flexible credential that does not match',
      arrange: () => trustByExpression("claims['sub'] matches 'repo:contoso/shop:ref:refs/tags/*'"),
      within: 25_000,
      says: /its expression \(claimsMatchingExpression\) does not match this subject either/,
      mend: addCredential,
    },
    {
      when: 'a pull request',
      arrange: () => {
        cloud.world.workflow.eventName = 'pull_request'
        cloud.world.workflow.ref = 'refs/pull/7/merge'
      },
      within: 25_000,
      says: /Do not trust pull requests on the identity that deploys/,
      mend: addCredential,
    },
    {
      when: 'a managed identity whose credential names another environment, in Bicep',
      arrange: () => {
        cloud.world.workflow.environment = 'staging'
        alsoHolds(cloud, { role: roles.user, principalId: managedIdentity(cloud).principal.objectId })
      },
      run: () => ({ inputs: { 'client-id': managedIdentity(cloud).identity.clientId } }),
      within: 25_000,
      mend: { fix: /federatedIdentityCredentials@/, fill: identityNames },
    },
  ],
  'federated-expression-unusable': [
    {
      when: 'a flexible credential that the tenant does not evaluate',
      arrange: () => {
        trustByExpression("claims['sub'] matches 'repo:contoso/shop:*'")
        tenant(cloud).refusesExpressions = true
      },
      says: /Entra does not evaluate it here/,
      mend: { fix: /^az ad app federated-credential create .*environment:production/, by: inProduction },
    },
  ],
  'federated-credential-ambiguous': [
    {
      when: 'a subject, and an expression that covers it',
      arrange: () => {
        const { application, credential } = pipeline(cloud)
        const own = { ...credential }
        trustByExpression("claims['sub'] matches 'repo:contoso/shop:*'")
        application.federatedCredentials.push({ ...own, name: 'the-other' })
      },
      mend: {
        fix: /^az ad app federated-credential delete/,
        fill: { '<CREDENTIAL-NAME>': 'the-other' },
      },
    },
  ],
  'application-is-public-client': [
    {
      when: 'public client flows that are on',
      arrange: () => {
        pipeline(cloud).application.isFallbackPublicClient = true
      },
      mend: { fix: /^az ad app update/ },
    },
  ],
  'tenant-restricted': [
    {
      when: "a proxy of the runner's network",
      arrange: () =>
        refuseByEntra(cloud, {
          number: 5000211,
          error: 'invalid_grant',
          status: 400,
          text: "A tenant restrictions policy added to this request by a device or network administrator does not allow access to 'contoso'.",
        }),
      mend: { advice: /the people who run the network/, by: () => cloud.faults.clear() },
    },
  ],
  'federated-subject-case-mismatch': [
    {
      when: 'a credential in other letter case, and another one is added',
      arrange: () => {
        pipeline(cloud).credential.subject = 'repo:Contoso/Shop:ref:refs/heads/main'
      },
      mend: addCredential,
    },
    {
      when: 'a credential in other letter case, which is corrected',
      arrange: () => {
        pipeline(cloud).credential.subject = 'repo:Contoso/Shop:ref:refs/heads/main'
      },
      mend: changeCredential,
    },
  ],
  'federated-issuer-mismatch': [
    {
      when: 'credentials for another platform',
      arrange: () => {
        pipeline(cloud).credential.issuer = 'https://gitlab.example.com'
      },
      mend: addCredential,
    },
    {
      when: 'a slash at the end of the issuer',
      arrange: () => {
        pipeline(cloud).credential.issuer += '/'
      },
      mend: addCredential,
    },
  ],
  'federated-audience-mismatch': [
    {
      when: 'a credential for another audience',
      arrange: () => {
        pipeline(cloud).credential.audiences = ['api://SomethingElse']
      },
      // Another one cannot be added: issuer and subject are unique on an application.
      mend: changeCredential,
    },
    {
      when: 'a credential for another audience on a managed identity',
      arrange: () => {
        const { identity, principal } = managedIdentity(cloud)
        cloud.world.workflow.environment = 'production'
        alsoHolds(cloud, { role: roles.user, principalId: principal.objectId })
        for (const credential of identity.federatedCredentials) credential.audiences = ['api://SomethingElse']
      },
      run: () => ({ inputs: { 'client-id': managedIdentity(cloud).identity.clientId } }),
      mend: {
        fix: /^az identity federated-credential update/,
        fill: { ...identityNames, '<CREDENTIAL-NAME>': 'contoso-shop-production' },
      },
    },
    {
      when: 'an audience of its own in the input, which is left out',
      run: () => ({ inputs: { audience: 'api://SomethingElse' } }),
      mend: { advice: /audience/, run: () => ({ inputs: { audience: '' } }) },
    },
  ],
  'federated-enterprise-claim-required': [
    {
      when: 'a repository outside the enterprises that the tenant trusts',
      arrange: () => {
        tenant(cloud).requiredEnterprises = ['contoso']
      },
      says: /AADSTS7002381/,
      mend: {
        advice: /enterprise/,
        by: () => {
          cloud.world.workflow.enterprise = 'contoso'
        },
      },
    },
  ],
  'federation-disabled': [
    {
      when: 'a policy of the tenant',
      arrange: () => {
        tenant(cloud).federationDisabled = true
      },
      mend: {
        advice: /administrators/,
        by: () => {
          tenant(cloud).federationDisabled = false
        },
      },
    },
  ],
  'assertion-rejected': [
    {
      when: 'a token that somebody else signed',
      arrange: () => forgeToken('github-1'),
      mend: { advice: /again/, by: () => cloud.faults.clear() },
    },
  ],
  'assertion-expired': [
    {
      when: 'a token from a cache',
      arrange: replayToken,
      mend: { advice: /again/, by: () => cloud.faults.clear() },
    },
  ],
  'issuer-keys-unavailable': [
    {
      when: 'an issuer that Entra cannot reach',
      arrange: () => refuse(cloud, 'oidc.keys', 503, 'down'),
      mend: { advice: /again/, by: () => cloud.faults.clear() },
    },
    {
      when: 'a key that Entra has not fetched',
      arrange: () => forgeToken('github-2'),
      says: /The key was not found/,
      mend: { advice: /again/, by: () => cloud.faults.clear() },
    },
  ],
  'application-not-found': [
    {
      when: 'a client id that is nobody’s',
      run: () => ({ inputs: { 'client-id': nobody } }),
      mend: {
        advice: new RegExp(nobody),
        run: () => ({ inputs: { 'client-id': pipeline(cloud).application.clientId } }),
      },
    },
    {
      when: 'the object id in place of the client id',
      run: () => ({ inputs: { 'client-id': pipeline(cloud).principal.objectId } }),
      mend: { advice: /./, run: () => ({ inputs: { 'client-id': pipeline(cloud).application.clientId } }) },
    },
  ],
  'application-disabled': [
    {
      when: 'sign-in is switched off',
      arrange: () => {
        pipeline(cloud).principal.enabled = false
      },
      mend: { fix: /^az ad sp update/ },
    },
  ],
  'application-not-assigned': [
    {
      when: 'a resource that demands an assignment',
      arrange: () =>
        refuseByEntra(cloud, {
          number: 501051,
          error: 'invalid_grant',
          status: 400,
          text: "Application '1df771d6-ef9c-473e-af87-cafa8928e024'(testClient) is not assigned to a role for the application '8d138478-d3a3-47f5-a233-1408cd6baae4'(testBackend2).",
        }),
      mend: { elsewhere: 'no service of the local cloud demands an assignment' },
    },
  ],
  'service-principal-missing': [
    {
      when: 'a registration alone',
      arrange: () => {
        const { application } = pipeline(cloud)
        application.servicePrincipal = null
      },
      // A new principal has no roles yet.
      mend: { fix: /^az ad sp create/, next: { code: 'resource-manager-forbidden', mend: grantByAz } },
    },
  ],
  'tenant-not-found': [
    {
      when: 'an id that is no tenant’s',
      run: () => ({ inputs: { 'tenant-id': nobody } }),
      mend: { advice: /tenant/, run: () => ({ inputs: { 'tenant-id': tenant(cloud).id } }) },
    },
  ],
  'wrong-cloud': [
    {
      when: 'a tenant of a sovereign cloud',
      arrange: () =>
        refuseByEntra(cloud, {
          number: 900382,
          error: 'invalid_request',
          status: 400,
          text: 'Confidential Client is not supported in Cross Cloud request.',
        }),
      mend: { elsewhere: 'the local cloud is one cloud' },
    },
  ],
  'conditional-access-blocked': [
    {
      when: 'a policy for workload identities',
      arrange: () => {
        const { objectId } = pipeline(cloud).principal
        tenant(cloud).conditionalAccess.push({
          id: nobody,
          displayName: 'Known networks only',
          blocked: [objectId],
        })
      },
      mend: {
        advice: /exception|exclude/i,
        by: () => {
          tenant(cloud).conditionalAccess.length = 0
        },
      },
    },
  ],
  'token-scope-invalid': [
    {
      when: 'a tenant that has never used Azure AI services',
      arrange: () => {
        tenant(cloud).absentResources.push('https://cognitiveservices.azure.com')
      },
      says: /https:\/\/cognitiveservices\.azure\.com was not found in the tenant/,
      mend: { fix: /^az provider register/ },
    },
  ],
  'entra-throttled': [
    {
      when: 'a blocked tenant',
      arrange: () =>
        refuse(
          cloud,
          'token',
          429,
          {
            error: 'temporarily_unavailable',
            error_description: 'AADSTS90055: There are too many incoming requests.',
            error_codes: [90055],
          },
          { 'retry-after': '3600' },
        ),
      mend: { advice: /later/, by: () => cloud.faults.clear() },
    },
  ],
  'entra-unavailable': [
    {
      when: 'an outage of the token endpoint',
      arrange: () => refuse(cloud, 'token', 503, '<html><h1>Service Unavailable</h1></html>'),
      mend: { advice: /again/, by: () => cloud.faults.clear() },
    },
    {
      when: 'an outage of discovery',
      arrange: () => refuse(cloud, 'openid.configuration', 500, 'down'),
      mend: { advice: /again/, by: () => cloud.faults.clear() },
    },
  ],
  'entra-rejected': [
    {
      when: 'a refusal that is none of the others',
      arrange: () =>
        refuseByEntra(cloud, {
          number: 7000222,
          error: 'invalid_client',
          status: 401,
          text: "The provided client secret keys for app '***' are expired.",
        }),
      says: /AADSTS7000222.*client secret keys/s,
      mend: { elsewhere: 'nobody knows what it is' },
    },
  ],
}

test('every code has its cases', () => {
  expect(Object.keys(cases).toSorted()).toEqual(diagnosisCodes.entra.toSorted())
})

testCodes(() => cloud, cases, ['github', 'entra'])
