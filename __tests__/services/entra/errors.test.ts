import fc from 'fast-check'
import { diagnosisCodes } from '../../../src/core/failures/codes.ts'
import { failureOfEntra } from '../../../src/services/entra/errors.ts'
import { anyReply, expectHarmless, replyOf } from '../../support/replies.ts'

const now = Date.parse('2026-11-01T12:00:00Z')
const ids = {
  trace_id: 'e0d6e2b7-dace-45aa-996a-fc4a91721d00',
  correlation_id: '89393ffe-58aa-41c7-af76-84768cfb4666',
}

/** A refusal as the token endpoint writes it. */
const refusal = (number: number, text: string, error = 'invalid_client') => ({
  error,
  error_description: `AADSTS${number}: ${text} Trace ID: ${ids.trace_id} Correlation ID: ${ids.correlation_id} Timestamp: 2026-11-01 12:00:00Z`,
  error_codes: [number],
  timestamp: '2026-11-01 12:00:00Z',
  ...ids,
})

describe('the AADSTS number decides', () => {
  test.each([
    [
      70021,
      'No matching federated identity record found for presented assertion.',
      'federated-subject-mismatch',
      'wait',
    ],
    [
      700213,
      "No matching federated identity record found for presented assertion subject 'repo:contoso/app:pull_request'.",
      'federated-subject-mismatch',
      'wait',
    ],
    [
      7002138,
      'The subject matches with case-insensitive comparison, but not with case-sensitive comparison.',
      'federated-subject-case-mismatch',
      'fatal',
    ],
    [
      700211,
      "No matching federated identity record found for presented assertion issuer 'https://token.actions.githubusercontent.com'.",
      'federated-issuer-mismatch',
      'fatal',
    ],
    [
      700212,
      "No matching federated identity record found for presented assertion audience 'my.audience'.",
      'federated-audience-mismatch',
      'fatal',
    ],
    [
      70025,
      "The client 'app' has no configured federated identity credentials.",
      'federated-credential-missing',
      'wait',
    ],
    [
      7002381,
      'Federated identity credentials must contain the enterprise claim',
      'federated-enterprise-claim-required',
      'fatal',
    ],
    [700223, 'Workload identity federation is disabled.', 'federation-disabled', 'fatal'],
    [50027, 'Invalid JWT token. Token format not valid.', 'assertion-rejected', 'fatal'],
    [
      700027,
      'Client assertion contains an invalid signature. [Reason - The signature is not valid.]',
      'assertion-rejected',
      'fatal',
    ],
    [
      700027,
      'Client assertion contains an invalid signature. [Reason - The key was not found.]',
      'issuer-keys-unavailable',
      'transient',
    ],
    [
      50012,
      'Assertion has an invalid signature. [Reason - The key was not found.]',
      'issuer-keys-unavailable',
      'transient',
    ],
    [50166, 'Request to External OIDC endpoint failed.', 'issuer-keys-unavailable', 'transient'],
    [700024, 'Client assertion is not within its valid time range', 'assertion-expired', 'wait'],
    [
      700016,
      "Application with identifier 'x' was not found in the directory 'Contoso'.",
      'application-not-found',
      'fatal',
    ],
    [7000112, "Application 'x' is disabled.", 'application-disabled', 'fatal'],
    [
      501051,
      "Application 'x' is not assigned to a role for the application 'y'",
      'application-not-assigned',
      'fatal',
    ],
    [
      7000229,
      'The client application is missing service principal in the tenant',
      'service-principal-missing',
      'fatal',
    ],
    [90002, "Tenant 'x' not found.", 'tenant-not-found', 'fatal'],
    [900382, 'Confidential Client is not supported in Cross Cloud request.', 'wrong-cloud', 'fatal'],
    [53003, 'Access has been blocked by Conditional Access policies.', 'conditional-access-blocked', 'fatal'],
    [
      500011,
      'The resource principal named https://cognitiveservices.azure.com was not found in the tenant',
      'token-scope-invalid',
      'fatal',
    ],
    [90055, 'There are too many incoming requests.', 'entra-throttled', 'throttled'],
    [90033, 'A transient error has occurred. Please try again.', 'entra-unavailable', 'transient'],
    [7000222, 'The provided client secret keys are expired.', 'entra-rejected', 'fatal'],
  ])('%i: %s', (number, text, code, kind) => {
    // The same number arrives with several statuses and errors.
    for (const status of [400, 401]) {
      expect(failureOfEntra(replyOf(status, refusal(number, text)), now)).toMatchObject({ code, kind })
      expect(
        failureOfEntra(replyOf(status, refusal(number, text, 'unauthorized_client')), now),
      ).toMatchObject({ code })
    }
  })

  test.each([
    [50012, 'assertion-rejected'],
    [50048, 'assertion-rejected'],
    [70023, 'assertion-rejected'],
    [700222, 'assertion-rejected'],
    [700226, 'assertion-rejected'],
    [700229, 'assertion-rejected'],
    [900384, 'assertion-rejected'],
    [500133, 'assertion-expired'],
    [7000272, 'issuer-keys-unavailable'],
    [90061, 'issuer-keys-unavailable'],
    [700236, 'federation-disabled'],
    [700011, 'application-not-found'],
    [50059, 'tenant-not-found'],
    [50128, 'tenant-not-found'],
    [90019, 'tenant-not-found'],
    [5000224, 'tenant-not-found'],
    [900432, 'wrong-cloud'],
    [28002, 'token-scope-invalid'],
    [650052, 'token-scope-invalid'],
    [700022, 'token-scope-invalid'],
    [50072, 'conditional-access-blocked'],
    [50074, 'conditional-access-blocked'],
    [50076, 'conditional-access-blocked'],
    [50097, 'conditional-access-blocked'],
    [50158, 'conditional-access-blocked'],
    [50049, 'wrong-cloud'],
    [90009, 'token-scope-invalid'],
    [50131, 'conditional-access-blocked'],
    [50196, 'entra-throttled'],
    [50033, 'entra-unavailable'],
    [90012, 'entra-unavailable'],
    [90090, 'entra-unavailable'],
    [500031, 'entra-unavailable'],
    [7002131, 'federated-subject-mismatch'],
    [7002137, 'federated-subject-mismatch'],
    [700214, 'federated-audience-mismatch'],
    [7000226, 'federated-credential-missing'],
    [700233, 'federated-expression-unusable'],
    [700235, 'federated-expression-unusable'],
    [700237, 'federated-expression-unusable'],
    [7002241, 'federated-expression-unusable'],
    [700263, 'federated-credential-ambiguous'],
    [700231, 'assertion-rejected'],
    [700025, 'application-is-public-client'],
    [5000225, 'tenant-not-found'],
    [5000229, 'tenant-not-found'],
    [90130, 'tenant-not-found'],
    [5000211, 'tenant-restricted'],
    [50021, 'tenant-restricted'],
    [50022, 'tenant-restricted'],
    [500021, 'tenant-restricted'],
    [500022, 'tenant-restricted'],
    [900439, 'wrong-cloud'],
    [90043, 'wrong-cloud'],
    [90051, 'wrong-cloud'],
    [50013, 'assertion-rejected'],
    [700021, 'assertion-rejected'],
    [700030, 'assertion-rejected'],
    [700227, 'assertion-rejected'],
    [700015, 'application-not-found'],
    [7000111, 'application-disabled'],
    [50105, 'application-not-assigned'],
    [900023, 'tenant-not-found'],
    [900021, 'tenant-not-found'],
    [90038, 'wrong-cloud'],
    [700238, 'federation-disabled'],
    [7002121, 'federated-audience-mismatch'],
    [50079, 'conditional-access-blocked'],
    [50001, 'token-scope-invalid'],
    [500014, 'token-scope-invalid'],
    [650054, 'token-scope-invalid'],
    [650057, 'token-scope-invalid'],
    [70011, 'token-scope-invalid'],
    [1002012, 'token-scope-invalid'],
    [90024, 'entra-unavailable'],
    [90006, 'entra-unavailable'],
    [90025, 'entra-unavailable'],
    [90091, 'entra-unavailable'],
    [50000, 'entra-unavailable'],
    // A secret or a user is no business of ours, and no try mends it.
    [7000215, 'entra-rejected'],
    [7000218, 'entra-rejected'],
    [50034, 'entra-rejected'],
    [65001, 'entra-rejected'],
  ])('%i alone is %s', (number, code) => {
    expect(failureOfEntra(replyOf(400, refusal(number, '')), now).code).toBe(code)
  })

  test.each([
    [501661, 'issuer-keys-unavailable'],
    [900612, 'issuer-keys-unavailable'],
    [5002727, 'assertion-rejected'],
    [500131, 'assertion-rejected'],
    [53000, 'conditional-access-blocked'],
    [530003, 'conditional-access-blocked'],
    [530035, 'conditional-access-blocked'],
    [501314, 'conditional-access-blocked'],
    [70002381, 'entra-rejected'],
    [5016612, 'issuer-keys-unavailable'],
    [5013145, 'conditional-access-blocked'],
    [15002727, 'entra-rejected'],
    [1501661, 'entra-rejected'],
    [153000, 'entra-rejected'],
    [5300, 'entra-rejected'],
  ])('%i, refined by further digits, is %s', (number, code) => {
    expect(failureOfEntra(replyOf(400, refusal(number, '')), now).code).toBe(code)
  })

  test('the most precise of several numbers counts', () => {
    const several = refusal(70002, 'Error validating credentials. AADSTS50012: No.')

    for (const body of [{ ...several, error_codes: [70002, 50012] }, several]) {
      expect(failureOfEntra(replyOf(401, body), now)).toMatchObject({
        code: 'assertion-rejected',
        said: { serviceCode: 'AADSTS50012' },
      })
    }
    expect(failureOfEntra(replyOf(400, { ...several, error_codes: [70002, 50126] }), now).code).toBe(
      'assertion-rejected',
    )
    expect(failureOfEntra(replyOf(400, refusal(70002, 'No. AADSTS50126: No.')), now)).toMatchObject({
      code: 'entra-rejected',
      said: { serviceCode: 'AADSTS70002' },
    })
  })

  test('a number counts anywhere in the reply', () => {
    const { error_codes: _, ...withoutCodes } = refusal(700016, 'Not found.')

    expect(failureOfEntra(replyOf(400, withoutCodes), now).code).toBe('application-not-found')
    expect(failureOfEntra(replyOf(400, 'Error: AADSTS700016: Not found'), now).code).toBe(
      'application-not-found',
    )
    expect(
      failureOfEntra(replyOf(400, JSON.stringify(refusal(700016, 'Not found.')).slice(0, 70)), now).code,
    ).toBe('application-not-found')
  })
})

test('a reply without a number has no ids, and `error` is its code', () => {
  const reply = replyOf(400, { error: 'invalid_request', error_description: 'AADSTSx: No.' })

  expect(failureOfEntra(reply, now)).toStrictEqual({
    kind: 'fatal',
    code: 'entra-rejected',
    said: { status: 400, serviceCode: 'invalid_request', message: 'AADSTSx: No.', ids: {} },
  })
})

test('only the code in front of a description is taken off', () => {
  const said = (error_description: string) =>
    failureOfEntra(replyOf(400, { error: 'x', error_description }), now).said.message

  expect(said('AADSTS70002:  Error: AADSTS50012: No. Trace ID: a')).toBe('Error: AADSTS50012: No.')
  expect(said('Error: AADSTS50012:No.')).toBe('Error: AADSTS50012:No.')
  expect(said('AADSTS50012:No.')).toBe('No.')
})

test('what a number says is not overruled by a status, a page, or words about something else', () => {
  const text = 'AADSTS700016: The key was not found.'

  expect(failureOfEntra(replyOf(403, `<html>${text}</html>`), now).code).toBe('application-not-found')
  expect(failureOfEntra(replyOf(429, refusal(90033, 'No.')), now)).toMatchObject({
    kind: 'transient',
    code: 'entra-unavailable',
  })
})

describe('the words decide if the number is unknown or has had several meanings', () => {
  test.each([
    [70001, "Application with identifier 'x' was not found in the directory 'y'.", 'application-not-found'],
    [70001, "Application 'x' is disabled.", 'application-disabled'],
    [700023, 'Client assertion audience claim does not match Realm issuer.', 'assertion-rejected'],
    [700023, "The value for the input parameter 'scope' is not valid.", 'token-scope-invalid'],
    [
      7999999,
      "No matching federated identity record found for presented assertion subject 'x'",
      'federated-subject-mismatch',
    ],
    [
      7999999,
      'Tokens of this issuer may not be used for federated identity credential flows.',
      'federation-disabled',
    ],
    [7999999, 'Request to External OIDC endpoint failed.', 'issuer-keys-unavailable'],
    [7999999, 'The key is not in the metadata of identity provider x.', 'issuer-keys-unavailable'],
    [7999999, "Tenant 'x' not found.", 'tenant-not-found'],
    [7999999, 'No tenant-identifying information found.', 'tenant-not-found'],
    [7999999, 'Not supported in Cross Cloud request.', 'wrong-cloud'],
    [7999999, 'Access has been blocked by security defaults.', 'conditional-access-blocked'],
    [
      7999999,
      'It matches with case-insensitive comparison, but not otherwise.',
      'federated-subject-case-mismatch',
    ],
    [
      7999999,
      "No matching federated identity record found for presented assertion issuer 'x'.",
      'federated-issuer-mismatch',
    ],
    [
      7999999,
      "No matching federated identity record found for presented assertion audience 'x'.",
      'federated-audience-mismatch',
    ],
    [7999999, 'It has no configured federated identity credentials.', 'federated-credential-missing'],
    [7999999, 'No federated identity credential policy found.', 'federated-credential-missing'],
    [7999999, 'It does not support credentials matching via expression.', 'federated-expression-unusable'],
    [7999999, 'The federated identity credential expression is long.', 'federated-expression-unusable'],
    [7999999, 'It must contain the enterprise claim.', 'federated-enterprise-claim-required'],
    [7999999, 'The assertion is not within its valid time range.', 'assertion-expired'],
    [7999999, 'The assertion is signed; the key was not found.', 'issuer-keys-unavailable'],
    [7999999, 'The assertion contains an invalid signature.', 'assertion-rejected'],
    [7999999, 'Invalid JWT token.', 'assertion-rejected'],
    [7999999, 'The client is public so neither is taken.', 'application-is-public-client'],
    [7999999, 'It is missing service principal in the tenant.', 'service-principal-missing'],
    [7999999, 'By tenant restrictions policy.', 'tenant-restricted'],
    [7999999, 'The resource principal named x was not found in the tenant.', 'token-scope-invalid'],
    [7999999, "The input parameter scope isn't valid.", 'token-scope-invalid'],
    [7999999, 'Access has been blocked by conditional access.', 'conditional-access-blocked'],
    [7999999, "Application 'x' of the tenant is disabled.", 'application-disabled'],
    [7999999, "Myapplication 'x' is disabled.", 'entra-rejected'],
    [7999999, `Application 'x'${'.'.repeat(101)} is disabled.`, 'entra-rejected'],
    [7999999, 'Subtenant x not found.', 'entra-rejected'],
    [7999999, 'A transient error has occurred.', 'entra-unavailable'],
    [7999999, 'Please retry the operation later.', 'entra-unavailable'],
    [7999999, 'An unexpected, non-retryable error has occurred.', 'entra-unavailable'],
    [7999999, 'Try again with another account.', 'entra-rejected'],
    [7999999, "Resource application 'x'(y) is disabled in tenant z.", 'token-scope-invalid'],
    [7999999, "The required field 'scope' is missing.", 'token-scope-invalid'],
    [7999999, "The required field 'request' is missing.", 'entra-rejected'],
    [7999999, "The application 'x' asked for scope 'y' that does not exist.", 'token-scope-invalid'],
    [7999999, "Access to 'x' tenant is denied.", 'tenant-restricted'],
    [7999999, 'x is not supported over the /common or /consumers endpoints.', 'tenant-not-found'],
    [7999999, 'Resource cloud x is not allowed on identity tenant y.', 'wrong-cloud'],
    [7999999, 'The tenant does not have security defaults enabled.', 'entra-rejected'],
    [7999999, 'Client application has no configured keys.', 'federated-credential-missing'],
    [
      7999999,
      'The service principal named x was not found in the tenant named y.',
      'service-principal-missing',
    ],
    [7999999, 'The assertion audience does not match the issuer.', 'assertion-rejected'],
    [7999999, 'The certificate with thumbprint AB12 is not authorized.', 'assertion-rejected'],
    [7999999, 'It has a tenant restriction policy.', 'tenant-restricted'],
    [7999999, "Access to 'contoso' tenant is denied.", 'tenant-restricted'],
    [7999999, "The application 'shop' is disabled.", 'application-disabled'],
    [7999999, 'Tenant contoso not found.', 'tenant-not-found'],
    [7999999, 'x cannot use the /common endpoint.', 'tenant-not-found'],
    [7999999, 'Use no common endpoint but a tenanted endpoint.', 'tenant-not-found'],
    [7999999, 'The resource principal named https://x was not found in the tenant.', 'token-scope-invalid'],
    [
      7999999,
      'The service principal named https://x was not found in the tenant.',
      'service-principal-missing',
    ],
    [7999999, 'Resource cloud AzureCloud is not allowed.', 'wrong-cloud'],
    [7999999, 'Please retry later.', 'entra-unavailable'],
    [7999999, 'Something else.', 'entra-rejected'],
  ])('%i: %s', (number, words, code) => {
    expect(failureOfEntra(replyOf(400, refusal(number, words)), now).code).toBe(code)
  })
})

test.each([
  ['a throttled sign-in', 429, {}, 'entra-throttled', 'throttled'],
  ['a server that is busy', 400, { error: 'temporarily_unavailable' }, 'entra-unavailable', 'transient'],
  ['a server error', 503, '<html>', 'entra-unavailable', 'transient'],
  ['a timeout', 408, '', 'entra-unavailable', 'transient'],
  ['the first server error', 500, '', 'entra-unavailable', 'transient'],
  ['a server that fails', 400, { error: 'server_error' }, 'entra-unavailable', 'transient'],
  ['a server that says so in words', 400, 'server_error', 'entra-unavailable', 'transient'],
  [
    'an error that is told, and words that are beside it',
    400,
    { error: 'invalid_request', error_description: 'server_error' },
    'entra-rejected',
    'fatal',
  ],
  ['a redirect', 300, '', 'blocked-on-the-way', 'fatal'],
  ['a list', 400, [refusal(90002, 'No.')], 'tenant-not-found', 'fatal'],
  ['numbers as texts', 400, { ...refusal(1, ''), error_codes: ['90002'] }, 'tenant-not-found', 'fatal'],
  ['numbers that are none', 400, { ...refusal(90002, ''), error_codes: ['x'] }, 'tenant-not-found', 'fatal'],
  ['anything else', 400, { error: 'invalid_request' }, 'entra-rejected', 'fatal'],
  ['a page of somebody else', 403, '<html>Blocked</html>', 'blocked-on-the-way', 'fatal'],
  ['a success without a token', 200, '', 'entra-unavailable', 'transient'],
  ['a captive portal', 511, '<html>', 'blocked-on-the-way', 'fatal'],
  ['a proxy that wants to know who asks', 407, '', 'blocked-on-the-way', 'fatal'],
])('without a number: %s', (_, status, body, code, kind) => {
  expect(failureOfEntra(replyOf(status, body), now)).toMatchObject({ code, kind })
})

test('number, words and ids are kept separately', () => {
  const reply = replyOf(401, refusal(700213, 'No matching record.'), {
    'x-ms-request-id': 'r-1',
    'retry-after': '7',
  })

  expect(failureOfEntra(reply, now)).toEqual({
    kind: 'wait',
    code: 'federated-subject-mismatch',
    retryAfterMs: 7000,
    said: {
      status: 401,
      serviceCode: 'AADSTS700213',
      message: 'No matching record.',
      ids: { 'x-ms-request-id': 'r-1', 'trace id': ids.trace_id, 'correlation id': ids.correlation_id },
    },
  })
})

describe('the policy of Conditional Access that blocked the sign-in', () => {
  const blocked = (claims: unknown) =>
    failureOfEntra(
      replyOf(400, { ...refusal(53003, 'Access has been blocked by Conditional Access policies.'), claims }),
      now,
    ).said.ids

  test('is named by its id, if Entra says it', () => {
    const claims = {
      access_token: { capolids: { essential: true, values: ['01234567-89ab-cdef-fedc-ba9876543210'] } },
    }

    expect(blocked(JSON.stringify(claims))).toMatchObject({
      'Conditional Access policy': '01234567-89ab-cdef-fedc-ba9876543210',
    })
  })

  test.each([
    [undefined],
    ['{'],
    ['{"access_token":{"capolids":{"values":["::warning::x"]}}}'],
    [{ access_token: {} }],
  ])('is not named if Entra says %j', claims => {
    expect(Object.keys(blocked(claims))).not.toContain('Conditional Access policy')
  })
})

test('any reply gives a known code and harmless text', () => {
  const shapes = [
    (error: string, error_description: string) => ({ error, error_description, trace_id: error_description }),
    (error: string, text: string) => ({
      error,
      error_description: `AADSTS70021: ${text}`,
      error_codes: [70021],
      correlation_id: text,
    }),
    (error: string, error_description: string) => ({ error, error_description, error_codes: ['70021'] }),
  ]
  fc.assert(
    fc.property(anyReply(shapes), reply => {
      expectHarmless(failureOfEntra(reply, now), [...diagnosisCodes.entra, 'blocked-on-the-way'])
    }),
  )
})
