import type { ConformanceRequest, Exchange } from '../exchange.ts'
import { type FaultyIdentity, faultyIdentities, nobody } from '../terms.ts'
import type { World } from '../world.ts'

/** Sign-in with a federated credential: each mistake that a workflow can have, with the identity of the run. */

const assertionType = 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'

/** The usual token exchange with some fields replaced. An empty value leaves the field out. */
function exchange(world: World, wrong: Readonly<Record<string, string>> = {}, tenant = world.tenantId) {
  const fields = {
    grant_type: 'client_credentials',
    client_id: world.clientId,
    scope: `${world.audiences['resource-manager']}/.default`,
    client_assertion_type: assertionType,
    client_assertion: world.assertion,
    ...wrong,
  }
  return {
    requests: [
      {
        method: 'POST',
        url: `${world.hosts.entra}/${tenant}/oauth2/v2.0/token`,
        form: Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== '')),
      } satisfies ConformanceRequest,
    ],
  }
}

const entra = (name: string, purpose: string, steps: Exchange['steps']): Exchange => ({
  name: `entra-${name}`,
  service: 'entra',
  purpose,
  needs: [],
  steps,
})

/** Sign-in to an application that does not trust the run. Everything else is correct. */
const faults: Readonly<Record<FaultyIdentity, string>> = {
  'no-credential': 'How a sign-in is refused if the application has no federated credential',
  'other-subject': 'How it is refused if the credential names another branch',
  'other-case': 'Whether a subject in another case counts as a different subject',
  'other-issuer': 'How it is refused if the credential names another issuer',
  'other-audience': 'How it is refused if the credential names another audience',
  'other-expression': 'How it is refused if the expression of a flexible credential does not match',
  'no-service-principal': 'How it is refused if the application has no service principal in the tenant',
  disabled: 'How it is refused if the service principal is disabled',
}

const faulty = (fault: FaultyIdentity): Exchange => ({
  name: `entra-${fault}`,
  service: 'entra',
  purpose: faults[fault],
  needs: [fault],
  steps: world => exchange(world, { client_id: world.faulty.get(fault) ?? nobody }),
})

const discovery = (world: World, tenant: string) => ({
  requests: [
    {
      method: 'GET',
      url: `${world.hosts.entra}/${tenant}/v2.0/.well-known/openid-configuration`,
    } satisfies ConformanceRequest,
  ],
})

/** The last character stays, because it has unused bits. A change in the one before it breaks the signature. */
const tampered = (jwt: string) => `${jwt.slice(0, -12)}${jwt.at(-12) === 'A' ? 'B' : 'A'}${jwt.slice(-11)}`

export const entraExchanges: readonly Exchange[] = [
  entra('discovery', 'What the metadata of an authority says about its endpoints', world =>
    discovery(world, world.tenantId),
  ),
  entra('discovery-unknown-tenant', 'How a tenant that does not exist is refused before any sign-in', world =>
    discovery(world, nobody),
  ),
  entra('token', 'What the reply with a token looks like', world => exchange(world)),
  entra('token-cognitive-services', 'Whether the same assertion also works for another audience', world =>
    exchange(world, { scope: `${world.audiences['cognitive-services']}/.default` }),
  ),
  entra('token-foundry', 'The same for the audience of Foundry', world =>
    exchange(world, { scope: `${world.audiences.foundry}/.default` }),
  ),
  entra('unknown-tenant', 'How a sign-in in a tenant that does not exist is refused', world =>
    exchange(world, {}, nobody),
  ),
  entra('unknown-client', 'How an application that is not in the tenant is refused', world =>
    exchange(world, { client_id: nobody }),
  ),
  entra('client-id-is-no-guid', 'What the answer to an invalid client id is', world =>
    exchange(world, { client_id: 'pipeline' }),
  ),
  entra('no-assertion', 'What the answer is if the assertion is missing', world =>
    exchange(world, { client_assertion: '' }),
  ),
  entra('no-assertion-type', 'What the answer is if the type of the assertion is missing', world =>
    exchange(world, { client_assertion_type: '' }),
  ),
  entra('assertion-is-no-jwt', 'How an assertion that is not a token is refused', world =>
    exchange(world, { client_assertion: 'not-a-token' }),
  ),
  entra('assertion-tampered', 'How an invalid signature is refused', world =>
    exchange(world, { client_assertion: tampered(world.assertion) }),
  ),
  entra('assertion-of-another-audience', 'How a token for a different audience is refused', world =>
    exchange(world, { client_assertion: world.foreignAssertion }),
  ),
  {
    ...entra('assertion-expired', 'How the OIDC token of the job is refused after it has expired', world =>
      exchange(world),
    ),
    needs: ['expired-assertion'],
  },
  ...faultyIdentities.map(faulty),
  entra('no-scope', 'What the answer is without a scope', world => exchange(world, { scope: '' })),
  entra('scope-without-default', 'How a scope without `/.default` is refused', world =>
    exchange(world, { scope: `${world.audiences['resource-manager']}/user_impersonation` }),
  ),
  entra('scope-unknown', 'How a resource that the tenant does not know is refused', world =>
    exchange(world, { scope: 'https://nobody.invalid/.default' }),
  ),
  entra('no-grant-type', 'What the answer is if the grant type is missing', world =>
    exchange(world, { grant_type: '' }),
  ),
  entra('grant-type-unknown', 'How an unknown grant type is refused', world =>
    exchange(world, { grant_type: 'trust_me' }),
  ),
  entra('no-client-id', 'What the answer is if the client id is missing', world =>
    exchange(world, { client_id: '' }),
  ),
]
