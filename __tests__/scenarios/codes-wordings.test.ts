import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { alsoHolds, envelope, holds, refuse, roles } from '../support/arrange.ts'
import { logOf, runGate } from '../support/scenario.ts'

/**
 * The same kinds of refusal in other words: other statuses, other JSON shapes, pages of proxies, missing headers. A reply
 * whose cause cannot be known is told in its own words; a wrong cause would be worse.
 */

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

interface Reply {
  status: number
  body: unknown
  headers?: Record<string, string>
}

/** What is told of the reply; what of its words stands in the log. */
type Case = [title: string, reply: Reply, code: string, says?: string]

const html = { 'content-type': 'text/html; charset=utf-8' }
const germanPage = (status: number): Reply => ({
  status,
  headers: html,
  body: '<!DOCTYPE html><html><head><title>Zugriff verweigert</title></head><body><h1>Zugriff durch Unternehmensrichtlinie verweigert</h1><p>Forbidden · Timeout · Unauthorized</p></body></html>',
})
const chinesePage = (status: number): Reply => ({
  status,
  headers: html,
  body: '<html><body><h1>网关错误</h1><p>代理服务器无法处理该请求，请联系管理员。</p></body></html>',
})

function testWordings(operation: string, cases: readonly Case[], arrange: () => void = () => {}): void {
  // As rest parameters: by their number jest would take the last one for a callback.
  test.each(cases)('%s', async (...[, { status, body, headers }, code, says]: Case) => {
    arrange()
    refuse(cloud, operation, status, body, headers)
    const run = await runGate(cloud)
    expect(run.outputs.diagnosis).toBe(code)
    if (says !== undefined) expect(logOf(run)).toContain(says)
  })
}

/** What a model server says that checks requests by a schema. */
const strictFinding = {
  type: 'extra_forbidden',
  loc: ['body', 'max_completion_tokens'],
  msg: 'Extra inputs are not permitted',
  input: 16,
}

describe("GitHub's OIDC endpoint", () => {
  testWordings('oidc.token', [
    ['a German page with 403 is its own words', germanPage(403), 'blocked-on-the-way', 'Zugriff durch'],
    ['a Chinese page with 502', chinesePage(502), 'oidc-endpoint-unavailable', '网关错误'],
    ['a Chinese page with 200', chinesePage(200), 'oidc-endpoint-unavailable'],
    [
      'a redirect to a sign-in page',
      { status: 302, headers: { location: '/login' }, body: '' },
      'blocked-on-the-way',
      'It redirects to /login',
    ],
    ['no token in the value', { status: 200, body: { value: '' } }, 'oidc-endpoint-unavailable'],
    ['a value that is no JWT', { status: 200, body: { value: 'opaque' } }, 'oidc-endpoint-unavailable'],
    ['404 in JSON', { status: 404, body: { message: 'Not Found' } }, 'oidc-request-refused', 'Not Found'],
    [
      'a rate limit with 403',
      {
        status: 403,
        headers: { 'retry-after': '3600' },
        body: {
          message:
            'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
        },
      },
      'oidc-endpoint-unavailable',
      'secondary rate limit',
    ],
  ])
})

describe("Entra's token endpoint", () => {
  const described = (text: string, others: object = {}) => ({
    error: 'invalid_client',
    error_description: text,
    ...others,
  })
  const noMatch = 'No matching federated identity record found for presented assertion'
  testWordings('token', [
    [
      '700213 with another status and error',
      {
        status: 400,
        body: described(`AADSTS700213: ${noMatch} subject 'x'.`, {
          error: 'unauthorized_client',
          error_codes: [700213],
        }),
      },
      'federated-subject-mismatch',
    ],
    [
      'numbers as text',
      { status: 401, body: described(`AADSTS700212: ${noMatch} audience 'x'.`, { error_codes: ['700212'] }) },
      'federated-audience-mismatch',
    ],
    [
      'a body in an array',
      {
        status: 401,
        body: [described(`AADSTS7002138: ${noMatch} subject 'x'.`, { error_codes: [7002138] })],
      },
      'federated-subject-case-mismatch',
    ],
    [
      'an envelope of the other services',
      { status: 401, body: envelope('invalid_client', `AADSTS700211: ${noMatch} issuer 'x'.`) },
      'federated-issuer-mismatch',
    ],
    [
      'a number that is new, with the words of an old one',
      { status: 401, body: described(`AADSTS7002199: ${noMatch} issuer 'x'.`, { error_codes: [7002199] }) },
      'federated-issuer-mismatch',
    ],
    [
      'plain text',
      { status: 401, body: 'AADSTS70025: The client has no configured federated identity credentials.' },
      'federated-credential-missing',
    ],
    [
      'a description in German',
      {
        status: 400,
        body: described(
          "AADSTS700016: Die Anwendung mit dem Bezeichner 'x' wurde im Verzeichnis 'Contoso' nicht gefunden.",
        ),
      },
      'application-not-found',
    ],
    [
      'the older number of an unknown application',
      {
        status: 400,
        body: described(
          "AADSTS70001: Application with identifier 'x' was not found in the directory 'Contoso'.",
          { error_codes: [70001] },
        ),
      },
      'application-not-found',
    ],
    [
      'the older number of a key that was not found',
      {
        status: 401,
        body: described(
          'AADSTS50012: Client assertion contains an invalid signature. [Reason - The key was not found.]',
          { error_codes: [50012] },
        ),
      },
      'issuer-keys-unavailable',
    ],
    [
      'another number of an assertion out of its time',
      {
        status: 400,
        body: described('AADSTS500133: Assertion is not within its valid time range.', {
          error: 'invalid_grant',
          error_codes: [500133],
        }),
      },
      'assertion-expired',
    ],
    [
      'another number of a resource that the tenant does not have',
      {
        status: 400,
        body: described(
          'AADSTS50001: The resource principal named https://cognitiveservices.azure.com was not found in the tenant named Contoso.',
          { error: 'invalid_resource', error_codes: [50001] },
        ),
      },
      'token-scope-invalid',
    ],
    [
      'a transient error with 400',
      {
        status: 400,
        body: described('AADSTS90033: A transient error has occurred. Please try again.', {
          error_codes: [90033],
        }),
      },
      'entra-unavailable',
    ],
    [
      'temporarily_unavailable without a number',
      { status: 400, body: { error: 'temporarily_unavailable' } },
      'entra-unavailable',
    ],
    ['429 without a body', { status: 429, headers: { 'retry-after': '3600' }, body: '' }, 'entra-throttled'],
    ['a German page with 403 is its own words', germanPage(403), 'blocked-on-the-way', 'Zugriff durch'],
    ['a Chinese page with 504', chinesePage(504), 'entra-unavailable', '网关错误'],
    ['a Chinese page with 200', chinesePage(200), 'entra-unavailable'],
    [
      'a number that nobody knows',
      { status: 400, body: described('AADSTS9999999: Der Fehler ist neu.', { error_codes: [9999999] }) },
      'entra-rejected',
      'Der Fehler ist neu.',
    ],
    ['nothing at all', { status: 401, body: '' }, 'entra-rejected'],
  ])
})

describe("Entra's discovery", () => {
  testWordings('openid.configuration', [
    [
      'an unknown tenant',
      {
        status: 400,
        body: {
          error: 'invalid_tenant',
          error_description: "AADSTS90002: Tenant 'x' not found.",
          error_codes: [90002],
        },
      },
      'tenant-not-found',
    ],
    ['a German page with 403 is its own words', germanPage(403), 'blocked-on-the-way', 'Zugriff durch'],
  ])
})

describe('Resource Manager, reading the account', () => {
  testWordings('accounts.get', [
    ['a German page with 403 is its own words', germanPage(403), 'blocked-on-the-way', 'Zugriff durch'],
    ['a Chinese page with 401 is its own words', chinesePage(401), 'blocked-on-the-way', '网关错误'],
    [
      'a German page with 404 is its own words',
      germanPage(404),
      'resource-manager-rejected',
      'Zugriff durch',
    ],
    ['a Chinese page with 503', chinesePage(503), 'resource-manager-unavailable', '网关错误'],
    ['a Chinese page with 200', chinesePage(200), 'resource-manager-unavailable'],
    [
      'a code in lower case',
      { status: 404, body: envelope('subscriptionnotfound', 'Das Abonnement wurde nicht gefunden.') },
      'subscription-not-found',
    ],
    [
      'no envelope',
      {
        status: 404,
        body: { code: 'ResourceGroupNotFound', message: "Resource group 'x' could not be found." },
      },
      'resource-not-found',
    ],
    [
      'plain text in front of the message',
      { status: 404, body: "(ResourceNotFound) The Resource 'x' was not found." },
      'resource-not-found',
    ],
    [
      'a code in the details',
      {
        status: 400,
        body: {
          error: {
            code: 'BadRequest',
            message: 'See details.',
            details: [{ code: 'InvalidSubscriptionId', message: 'x' }],
          },
        },
      },
      'subscription-not-found',
    ],
    [
      'throttling that tells how long in its text only',
      { status: 429, body: envelope('TooManyRequests', "Please try again after '3600' seconds.") },
      'resource-manager-throttled',
    ],
    [
      'an expired token',
      { status: 401, body: { error: { code: 'ExpiredAuthenticationToken', message: 'x' } } },
      'resource-manager-token-rejected',
    ],
    [
      'a numeric code',
      {
        status: 403,
        body: {
          error: {
            code: 403,
            message:
              "The client 'x' with object id 'y' does not have authorization to perform action 'Microsoft.CognitiveServices/accounts/read' over scope 'z'.",
          },
        },
      },
      'resource-manager-forbidden',
    ],
    [
      'a code that nobody knows',
      { status: 418, body: envelope('TeapotShort', 'Kurz und stämmig.') },
      'resource-manager-rejected',
      'Kurz und stämmig.',
    ],
  ])
})

describe('Resource Manager, granting the role', () => {
  const write = "action 'Microsoft.Authorization/roleAssignments/write' over scope 'x'"
  testWordings('roleAssignments.create', [
    [
      'no envelope',
      {
        status: 403,
        body: {
          code: 'AuthorizationFailed',
          message: `The client 'x' with object id 'y' does not have authorization to perform ${write}.`,
        },
      },
      'cannot-assign-role',
    ],
    [
      'other letter case',
      {
        status: 403,
        body: envelope(
          'AUTHORIZATIONFAILED',
          `The client 'x' does not have authorization to perform ${write}.`,
        ),
      },
      'cannot-assign-role',
    ],
    [
      'permission in place of authorization',
      {
        status: 403,
        body: {
          error: { code: 403, message: `The client 'x' does not have permission to perform ${write}.` },
        },
      },
      'cannot-assign-role',
    ],
    [
      'a condition, in plain text',
      {
        status: 403,
        body: `The client 'x' does not have authorization or an ABAC condition not fulfilled to perform ${write}`,
      },
      'delegation-condition-unmet',
    ],
    [
      'a deny assignment, in plain text',
      {
        status: 403,
        body: "ERROR: (DenyAssignmentAuthorizationFailed) The client 'x' has permission to perform the action; however, the access is denied because of the deny assignment with name 'y'.",
      },
      'deny-assignment',
    ],
    [
      'a policy in the details',
      {
        status: 400,
        body: {
          error: {
            code: 'InvalidTemplateDeployment',
            message: 'x',
            details: [
              { code: 'RequestDisallowedByPolicy', message: "Resource 'x' was disallowed by policy." },
            ],
          },
        },
      },
      'policy-denied',
    ],
    [
      'a lock in the inner error',
      {
        status: 409,
        body: {
          error: { code: 'Conflict', message: 'x', innererror: { code: 'ScopeLocked', message: 'y' } },
        },
      },
      'resource-locked',
    ],
    [
      'a lock by its words alone',
      {
        status: 409,
        body: {
          message: "The scope 'x' cannot perform write operation because following scope(s) are locked: 'y'.",
        },
      },
      'resource-locked',
    ],
    [
      'the limit, in an array',
      {
        status: 400,
        body: [envelope('RoleAssignmentLimitExceeded', 'No more role assignments can be created.')],
      },
      'role-assignment-limit',
    ],
    ['a German page with 403 is its own words', germanPage(403), 'blocked-on-the-way', 'Zugriff durch'],
  ])
})

describe('the data plane', () => {
  const settled = () => {
    holds(cloud, { role: roles.reader })
    alsoHolds(cloud, { role: roles.user })
  }
  const denied =
    'The principal `x` lacks the required data action `Microsoft.CognitiveServices/accounts/OpenAI/responses/write` to perform `POST /openai/v1/responses` operation.'
  const rejected = (audience: string) =>
    `Unauthorized. Access token is missing, invalid, audience is incorrect (${audience}), or have expired.`
  testWordings(
    'chatCompletions.create',
    [
      [
        'a missing role with 403',
        { status: 403, body: envelope('PermissionDenied', denied) },
        'access-denied',
      ],
      [
        'a missing role in an array',
        { status: 401, body: [envelope('PermissionDenied', 'No.')] },
        'access-denied',
      ],
      [
        'a missing role in capitals',
        { status: 401, body: envelope('PERMISSIONDENIED', 'No.') },
        'access-denied',
      ],
      [
        'a missing role without envelope',
        { status: 401, body: { code: 'PermissionDenied', message: 'No.' } },
        'access-denied',
      ],
      [
        'a missing role in the inner error',
        {
          status: 403,
          body: { error: { code: 'Forbidden', message: 'x', innererror: { code: 'PermissionDenied' } } },
        },
        'access-denied',
      ],
      [
        'a missing role in the shape of the gateway',
        {
          status: 401,
          body: { statusCode: 401, message: 'Principal does not have access to API/Operation.' },
        },
        'access-denied',
      ],
      [
        'a wrong audience with the status as text',
        { status: 401, body: { statusCode: '401', message: rejected('https://ml.azure.com') } },
        'token-audience-rejected',
      ],
      [
        'a wrong audience in an envelope',
        { status: 401, body: envelope('Unauthorized', rejected('https://ml.azure.com')) },
        'token-audience-rejected',
      ],
      [
        'another tenant, in the shape of the gateway',
        { status: 401, body: { statusCode: 401, message: 'Token tenant x does not match resource tenant.' } },
        'tenant-mismatch',
      ],
      [
        'a wrong key, with a numeric code',
        {
          status: 401,
          body: {
            error: {
              code: 401,
              message: 'Access denied due to invalid subscription key or wrong API endpoint.',
            },
          },
        },
        'token-not-accepted',
      ],
      [
        'a firewall, in the shape of the gateway',
        {
          status: 403,
          body: { statusCode: 403, message: 'Access denied due to Virtual Network/Firewall rules.' },
        },
        'network-blocked',
      ],
      [
        'a private endpoint, in plain text',
        { status: 403, body: 'Public access is disabled. Please configure private endpoint.' },
        'network-blocked',
      ],
      [
        'a deployment in the words of OpenAI',
        {
          status: 404,
          body: {
            error: {
              message: 'The model `chat` does not exist or you do not have access to it.',
              type: 'invalid_request_error',
              param: null,
              code: 'model_not_found',
            },
          },
        },
        'deployment-not-ready',
      ],
      [
        'a deployment in capitals',
        { status: 404, body: envelope('DEPLOYMENTNOTFOUND', 'x') },
        'deployment-not-ready',
      ],
      [
        'a filter in the inner error',
        {
          status: 400,
          body: {
            error: { code: 'BadRequest', message: 'x', innererror: { code: 'ResponsibleAIPolicyViolation' } },
          },
        },
        'content-filtered',
      ],
      [
        'an API of another kind of model',
        { status: 404, body: envelope('api_not_supported', 'Requested API is currently not supported') },
        'operation-unsupported',
      ],
      [
        'a version that is too old',
        {
          status: 400,
          body: envelope(
            'BadRequest',
            'Azure OpenAI Responses API is enabled only for api-version 2025-03-01-preview and later',
          ),
        },
        'api-version-unsupported',
      ],
      [
        'an outage that quotes a denial',
        { status: 500, body: envelope('PermissionDenied', denied) },
        'inference-unavailable',
      ],
      [
        'throttling in German',
        { status: 429, headers: { 'retry-after': '86400' }, body: 'Zu viele Anfragen' },
        'inference-throttled',
        'Zu viele Anfragen',
      ],
      ['a German page with 403 is its own words', germanPage(403), 'blocked-on-the-way', 'Zugriff durch'],
      ['a Chinese page with 401 is its own words', chinesePage(401), 'blocked-on-the-way', '网关错误'],
      ['a Chinese page with 504', chinesePage(504), 'inference-unavailable', '网关错误'],
      ['an error under a 200', { status: 200, body: envelope('PermissionDenied', denied) }, 'answer-invalid'],
      [
        'a redirect',
        { status: 302, headers: { location: 'https://login.example.com/' }, body: '' },
        'blocked-on-the-way',
      ],
      [
        'a code that nobody knows',
        { status: 409, body: envelope('Busy', 'Kommen Sie später wieder.') },
        'inference-rejected',
        'Kommen Sie später wieder.',
      ],
    ],
    settled,
  )

  test.each([
    [
      'Unsupported parameter',
      {
        error: {
          message: "Unsupported parameter: 'max_completion_tokens' is not supported with this model.",
          type: 'invalid_request_error',
          param: 'max_completion_tokens',
          code: 'unsupported_parameter',
        },
      },
    ],
    [
      'Unrecognized request argument',
      {
        error: {
          message: 'Unrecognized request argument supplied: max_completion_tokens',
          type: 'invalid_request_error',
          param: null,
          code: null,
        },
      },
    ],
    ['extra_forbidden', { detail: [strictFinding] }],
    [
      'extra_forbidden, behind Foundry',
      { error: { code: 'Invalid input', message: JSON.stringify({ detail: [strictFinding] }), status: 422 } },
    ],
    ['extra_forbidden, in an object', { object: 'error', message: { detail: [strictFinding] } }],
    [
      'extra_forbidden, in Python',
      {
        object: 'error',
        message:
          "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted'}]",
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
    ],
  ])('a model that knows only max_tokens says "%s", and is asked so', async (_wording, body) => {
    settled()
    refuse(cloud, 'chatCompletions.create', 400, body, {}, 1)
    const run = await runGate(cloud)
    expect(run.outputs.result).toBe('passed')
    expect(run.report).toMatchObject({
      smoke: [{ adaptations: ['max_tokens instead of max_completion_tokens'] }],
    })
  })
})
