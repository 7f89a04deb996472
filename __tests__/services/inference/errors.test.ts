import fc from 'fast-check'
import { diagnosisCodes } from '../../../src/core/failures/codes.ts'
import { failureOfInference } from '../../../src/services/inference/errors.ts'
import { anyReply, expectHarmless, replyOf } from '../../support/replies.ts'

const now = Date.parse('2026-11-01T12:00:00Z')
const enveloped = (code: string, message: string, param?: string) => ({
  error: { code, message, param, type: null },
})
const anthropic = (type: string, message: string) => ({
  type: 'error',
  error: { type, message },
  request_id: 'req_018EeWyXxfu5pfWkrYcMdjWG',
})
const gateway = (message: string) => ({ statusCode: 401, message })
const dataAction = 'Microsoft.CognitiveServices/accounts/OpenAI/deployments/chat/completions/action'
const lacking = `The principal \`9c5b2c13-c3d4-43aa-982b-b4ce6c556fac\` lacks the required data action \`${dataAction}\` to perform \`POST /openai/deployments/{deployment-id}/chat/completions\` operation.`
const wrongAudience = (audience: string) =>
  `Unauthorized. Access token is missing, invalid, audience is incorrect (${audience}), or have expired.`

describe('by code, status and words', () => {
  test.each([
    [401, enveloped('PermissionDenied', lacking), 'access-denied', 'wait'],
    [
      401,
      enveloped('PermissionDenied', 'Principal does not have access to API/Operation.'),
      'access-denied',
      'wait',
    ],
    [403, '403: Forbidden', 'access-denied', 'wait'],
    [401, gateway(wrongAudience('https://ai.azure.com')), 'token-audience-rejected', 'fatal'],
    [
      401,
      enveloped('401', 'Access denied due to invalid subscription key or wrong API endpoint.'),
      'token-not-accepted',
      'fatal',
    ],
    [401, '', 'token-not-accepted', 'fatal'],
    [
      400,
      enveloped(
        'Tenant provided in token does not match resource token',
        'Token tenant x does not match resource tenant.',
      ),
      'tenant-mismatch',
      'fatal',
    ],
    [
      400,
      enveloped(
        'BadRequest',
        'Please provide a custom subdomain for token authentication, otherwise API key is required.',
      ),
      'custom-subdomain-missing',
      'fatal',
    ],
    [
      403,
      enveloped('AuthenticationTypeDisabled', 'Key based authentication is disabled for this resource.'),
      'key-auth-disabled',
      'fatal',
    ],
    [
      403,
      enveloped('403', 'Access denied due to Virtual Network/Firewall rules.'),
      'network-blocked',
      'fatal',
    ],
    [
      403,
      enveloped('AccessDenied', 'Public access is disabled. Please configure private endpoint.'),
      'network-blocked',
      'fatal',
    ],
    [
      404,
      enveloped('DeploymentNotFound', 'The API deployment for this resource does not exist.'),
      'deployment-not-found',
      'fatal',
    ],
    [404, enveloped('404', 'Resource not found'), 'endpoint-not-found', 'fatal'],
    [
      400,
      enveloped(
        'OperationNotSupported',
        'The chatCompletion operation does not work with the specified model',
      ),
      'operation-unsupported',
      'fatal',
    ],
    [400, enveloped('BadRequest', 'API version not supported'), 'api-version-unsupported', 'fatal'],
    [
      400,
      enveloped(
        'unsupported_parameter',
        "Unsupported parameter: 'max_tokens' is not supported with this model.",
        'max_tokens',
      ),
      'parameter-unsupported',
      'fatal',
    ],
    [400, enveloped('content_filter', 'The response was filtered'), 'content-filtered', 'fatal'],
    [
      429,
      enveloped('429', 'Requests have exceeded call rate limit. Please retry after 20 seconds.'),
      'inference-throttled',
      'throttled',
    ],
    [408, enveloped('Timeout', 'The operation was timeout.'), 'inference-unavailable', 'transient'],
    [500, enveloped('InternalServerError', 'oops'), 'inference-unavailable', 'transient'],
    [500, enveloped('InternalServerError', 'oops', 'input'), 'inference-unavailable', 'transient'],
    [503, lacking, 'inference-unavailable', 'transient'],
    [400, enveloped('BadRequest', 'Something else'), 'inference-rejected', 'fatal'],
    [403, enveloped('Forbidden', 'Something else'), 'inference-rejected', 'fatal'],
    [403, enveloped('Forbidden', 'Something else', 'input'), 'inference-rejected', 'fatal'],
    [302, '', 'blocked-on-the-way', 'fatal'],
    [403, 'RBAC: access denied', 'blocked-on-the-way', 'fatal'],
    [400, enveloped('decimal_above_max_value', 'No.', 'temperature'), 'parameter-unsupported', 'fatal'],
    [400, enveloped('array_below_min_length', 'No.'), 'parameter-unsupported', 'fatal'],
    [400, enveloped('missing_required_parameter', 'No.'), 'parameter-unsupported', 'fatal'],
    [400, enveloped('DeploymentNotReady', 'No.'), 'deployment-not-ready', 'fatal'],
    [400, enveloped('DeploymentDisabled', 'No.'), 'deployment-not-ready', 'fatal'],
    [400, enveloped('ModelNotReady', 'No.'), 'deployment-not-ready', 'fatal'],
    [400, enveloped('invalid_model_endpoint_authentication', 'No.'), 'inference-unavailable', 'transient'],
    [400, anthropic('invalid_request_error', 'max_tokens: Field required'), 'inference-rejected', 'fatal'],
    [401, anthropic('authentication_error', 'invalid x-api-key'), 'token-not-accepted', 'fatal'],
    [403, anthropic('permission_error', 'Your organization may not.'), 'inference-rejected', 'fatal'],
    [404, anthropic('not_found_error', 'model: claude-opus-9'), 'deployment-not-found', 'fatal'],
    [
      429,
      anthropic('rate_limit_error', 'Number of request tokens has exceeded your rate limit.'),
      'inference-throttled',
      'throttled',
    ],
    [500, anthropic('api_error', 'Internal server error'), 'inference-unavailable', 'transient'],
    [529, anthropic('overloaded_error', 'Overloaded'), 'inference-unavailable', 'transient'],
  ])('%i %j', (status, body, code, kind) => {
    expect(failureOfInference(replyOf(status, body), now)).toMatchObject({ code, kind, said: { status } })
  })

  test.each([
    [403, 'A Virtual Network is configured for this resource.', 'network-blocked', 'fatal'],
    [403, 'Client IP 20.1.2.3 is not in the allowed list.', 'network-blocked', 'fatal'],
    [409, "The deployment 'chat' is being created. Please try again later.", 'deployment-not-ready', 'fatal'],
    [404, 'Deployment chat has not finished provisioning.', 'deployment-not-ready', 'fatal'],
    [400, 'The deployment is disabled.', 'deployment-not-ready', 'fatal'],
    [422, 'parameter max_completion_tokens is not a valid field', 'parameter-unsupported', 'fatal'],
    [400, 'Argument not supported on this model: stop', 'parameter-unsupported', 'fatal'],
    [400, 'Deployment chat is in state Creating.', 'deployment-not-ready', 'fatal'],
    [400, 'Local authentication is disabled for this resource.', 'key-auth-disabled', 'fatal'],
    [400, 'API version 2023-03-15-preview has been retired.', 'api-version-unsupported', 'fatal'],
    [400, 'The api_version 2023-01-01 is not supported.', 'api-version-unsupported', 'fatal'],
    [401, 'IDX10214: Audience validation failed.', 'token-audience-rejected', 'fatal'],
    [403, 'Audiences in Jwt are not allowed', 'token-audience-rejected', 'fatal'],
    [403, "The client 'x' does not have authorization to perform action 'y'.", 'access-denied', 'wait'],
    [400, 'Your request was rejected as a result of our safety system.', 'content-filtered', 'fatal'],
    [400, 'There are no healthy deployments for this model.', 'inference-unavailable', 'transient'],
    [400, 'Invalid model name passed in model=x. Call `/v1/models`.', 'deployment-not-found', 'fatal'],
    [400, 'Budget has been exceeded! Current cost: 26, Max budget: 0.25', 'inference-throttled', 'fatal'],
    [407, '', 'blocked-on-the-way', 'fatal'],
    [511, '<html>', 'blocked-on-the-way', 'fatal'],
    [403, 'Traffic is not from an approved private endpoint.', 'network-blocked', 'fatal'],
    [403, 'Out of call volume quota.', 'inference-throttled', 'fatal'],
    [401, 'Access denied due to missing subscription key.', 'token-not-accepted', 'fatal'],
    [
      403,
      `Identity(object id: x) does not have permissions for ${dataAction} actions.`,
      'access-denied',
      'wait',
    ],
    [400, 'Unavailable model: x', 'deployment-not-found', 'fatal'],
    [404, 'The model `x` does not exist', 'deployment-not-found', 'fatal'],
    [404, "Model 'x' with deployment name x does not exist.", 'deployment-not-found', 'fatal'],
    [400, 'Requested API is currently not supported', 'operation-unsupported', 'fatal'],
    [404, 'This model is only supported in v1/responses', 'operation-unsupported', 'fatal'],
    [404, 'This is not a chat model', 'operation-unsupported', 'fatal'],
    [400, 'Model x is enabled only for api versions y and later', 'api-version-unsupported', 'fatal'],
    [400, "Unknown parameter: 'x'.", 'parameter-unsupported', 'fatal'],
    [400, "Invalid 'x': decimal above maximum value.", 'parameter-unsupported', 'fatal'],
    [400, 'This model does not support specifying x.', 'parameter-unsupported', 'fatal'],
    [422, 'Extra inputs are not permitted', 'parameter-unsupported', 'fatal'],
    [400, "Extra parameters ['x'] are not allowed", 'parameter-unsupported', 'fatal'],
    [400, 'The prompt was flagged as violating our usage policy.', 'content-filtered', 'fatal'],
    [400, 'Rate limit is exceeded.', 'inference-throttled', 'throttled'],
    [400, 'That model is currently overloaded with other requests.', 'inference-unavailable', 'transient'],
    [403, 'This resource has been temporarily blocked: our usage policy.', 'resource-blocked', 'fatal'],
    [403, 'This resource has been suspended.', 'resource-blocked', 'fatal'],
    [400, 'Token tenant x does not match resource tenant.', 'tenant-mismatch', 'fatal'],
    [400, 'Please provide a custom subdomain.', 'custom-subdomain-missing', 'fatal'],
    [400, 'The resource id is badly formed.', 'custom-subdomain-missing', 'fatal'],
    [401, 'The audience is incorrect.', 'token-audience-rejected', 'fatal'],
    [403, 'Key based authentication is disabled.', 'key-auth-disabled', 'fatal'],
    [400, 'Invalid JWT.', 'token-not-accepted', 'fatal'],
    [400, 'The auth token must be passed as a header.', 'token-not-accepted', 'fatal'],
    [400, 'Identity(object id: ) is nobody.', 'token-not-accepted', 'fatal'],
    [400, 'Identity(object id:) is nobody.', 'token-not-accepted', 'fatal'],
    [404, 'Model x with deployment name chat does not exist.', 'deployment-not-found', 'fatal'],
    [403, 'x does not have permissions  for y actions.', 'access-denied', 'wait'],
    [400, 'anthropic-version: header is required', 'blocked-on-the-way', 'fatal'],
    [400, 'The model x has been deprecated.', 'model-retired', 'fatal'],
    [400, 'These models are no longer available.', 'model-retired', 'fatal'],
    [400, `Models ${'.'.repeat(121)} are retired`, 'inference-rejected', 'fatal'],
    [400, 'Supermodels are retired.', 'inference-rejected', 'fatal'],
    [400, 'For this model the argument x is deprecated.', 'inference-rejected', 'fatal'],
    [400, 'The API deployment for this resource does not exist.', 'deployment-not-found', 'fatal'],
    [400, 'The operation does not work with the specified model.', 'operation-unsupported', 'fatal'],
    [400, 'The requested operation is unsupported.', 'operation-unsupported', 'fatal'],
    [400, 'x is not supported with responses API.', 'operation-unsupported', 'fatal'],
    [400, 'The api-version query parameter is not allowed.', 'api-version-unsupported', 'fatal'],
    [400, 'Missing required query parameter: api-version', 'api-version-unsupported', 'fatal'],
    [400, 'For this, please use api-version=x', 'api-version-unsupported', 'fatal'],
    [400, 'By our content management policy.', 'content-filtered', 'fatal'],
    [400, 'The content filter found something.', 'content-filtered', 'fatal'],
    [400, 'Unrecognized request argument supplied: x', 'parameter-unsupported', 'fatal'],
    [400, 'Unsupported value', 'parameter-unsupported', 'fatal'],
    [400, 'The max_tokens or model output limit was reached.', 'parameter-unsupported', 'fatal'],
    [400, 'The subdomain does not map to a resource.', 'endpoint-not-found', 'fatal'],
    [400, 'The service is currently experiencing high demand.', 'inference-throttled', 'throttled'],
    [400, 'The token quota is exceeded.', 'inference-throttled', 'throttled'],
    [400, 'You exceeded token rate limit.', 'inference-throttled', 'throttled'],
    [400, 'Your cognitive services resource is unavailable.', 'inference-unavailable', 'transient'],
    [400, 'No model specified in request.', 'inference-rejected', 'fatal'],
    [413, 'Request body too large', 'inference-rejected', 'fatal'],
    [424, 'Failed Dependency', 'inference-unavailable', 'transient'],
    [499, '', 'inference-unavailable', 'transient'],
  ])('%i %s, in any form', (status, words, code, kind) => {
    const bodies = [
      words,
      enveloped('BadRequest', words),
      gateway(words),
      { Error: { Code: String(status), Message: words } },
      { error: words },
      { error: { code: 'Invalid input', message: 'No.', details: words } },
      { detail: [{ loc: ['body'], msg: words }] },
      [enveloped('', words)],
      `Error code: ${status} - {'error': {'message': "${words}"}}`,
      `{'error': {'message': "${words}"}}`,
    ]
    for (const body of bodies)
      expect(failureOfInference(replyOf(status, body), now)).toMatchObject({ code, kind })
  })

  test.each([
    ['AuthenticationTypeDisabled', 'key-auth-disabled', 'fatal'],
    ['OperationNotSupported', 'operation-unsupported', 'fatal'],
    ['OpperationNotSupported', 'operation-unsupported', 'fatal'],
    ['api_not_supported', 'operation-unsupported', 'fatal'],
    ['content_filter', 'content-filtered', 'fatal'],
    ['ContentFilter', 'content-filtered', 'fatal'],
    ['ResponsibleAIPolicyViolation', 'content-filtered', 'fatal'],
    ['content_policy_violation', 'content-filtered', 'fatal'],
    ['moderation_blocked', 'content-filtered', 'fatal'],
    ['unsupported_parameter', 'parameter-unsupported', 'fatal'],
    ['unsupported_value', 'parameter-unsupported', 'fatal'],
    ['invalid_value', 'parameter-unsupported', 'fatal'],
    ['integer_below_min_value', 'parameter-unsupported', 'fatal'],
    ['extra_forbidden', 'parameter-unsupported', 'fatal'],
    ['unknown_model', 'deployment-not-found', 'fatal'],
    ['model_not_found', 'deployment-not-found', 'fatal'],
    ['not_found_error', 'deployment-not-found', 'fatal'],
    ['unavailable_model', 'deployment-not-found', 'fatal'],
    ['invalid_prompt', 'content-filtered', 'fatal'],
    ['unknown_parameter', 'parameter-unsupported', 'fatal'],
    ['UnsupportedApiVersion', 'api-version-unsupported', 'fatal'],
    ['PermissionDenied', 'access-denied', 'wait'],
    ['DeploymentNotFound', 'deployment-not-found', 'fatal'],
  ])('only %s, in any form', (serviceCode, code, kind) => {
    const bodies = [
      enveloped(serviceCode, 'No.'),
      { Code: serviceCode, Message: 'No.' },
      { error: { code: 'BadRequest', message: JSON.stringify(enveloped(serviceCode, 'No.')) } },
      { error: { code: 'BadRequest', innerError: { code: serviceCode } } },
      `(${serviceCode}) No.`,
      `Error code: 400 - {'error': {'code': '${serviceCode}'}}`,
      `<Error><Code>${serviceCode}</Code></Error>`,
    ]
    for (const body of bodies)
      expect(failureOfInference(replyOf(400, body), now)).toMatchObject({ code, kind })
  })

  test.each([
    ['403Forbidden', 'access-denied'],
    ['403 Forbidden', 'access-denied'],
    ['403: forbidden', 'access-denied'],
    [' Forbidden\n', 'access-denied'],
    ['It is forbidden', 'inference-rejected'],
    ['Forbidden here', 'inference-rejected'],
    [{ message: 'Forbidden' }, 'inference-rejected'],
  ])('a bare 403 with %j is %s', (body, code) => {
    expect(failureOfInference(replyOf(403, body), now).code).toBe(code)
    expect(failureOfInference(replyOf(406, body), now).code).toBe('inference-rejected')
  })

  test('a quota that says when it resets is waited for', () => {
    const reply = replyOf(403, 'Out of call volume quota. Try again in 2 hours.')

    expect(failureOfInference(reply, now)).toMatchObject({ kind: 'throttled', retryAfterMs: 7_200_000 })
    expect(failureOfInference(replyOf(400, 'No'), now)).not.toHaveProperty('retryAfterMs')
  })

  test('a page shows only its status', () => {
    expect(failureOfInference(replyOf(404, '<html>The model x does not exist'), now).code).toBe(
      'endpoint-not-found',
    )
  })

  test.each([
    ['{', 'transient'],
    [' { "a', 'transient'],
    ['{  ', 'transient'],
    ['{"a":1}', 'fatal'],
    ['{x', 'fatal'],
    ['x{"', 'fatal'],
  ])('%j, of which the rest may be missing, is %s', (body, kind) => {
    expect(failureOfInference(replyOf(400, body), now).kind).toBe(kind)
  })

  test('a truncated document is retried; text that only looks like one is not', () => {
    expect(failureOfInference(replyOf(400, '{"error":{"code":"Ba'), now).kind).toBe('transient')
    expect(failureOfInference(replyOf(400, "{'error': 'No.'}"), now).kind).toBe('fatal')
  })

  test('an error of Claude is reported with its type and the id of its request', () => {
    const said = anthropic('permission_error', 'Your organization may not.')
    const reply = replyOf(403, said, { 'request-id': said.request_id })

    expect(failureOfInference(reply, now).said).toEqual({
      status: 403,
      serviceCode: 'permission_error',
      message: 'Your organization may not.',
      ids: { 'request-id': said.request_id },
    })
  })

  test("the type of OpenAI's errors is not a code", () => {
    const error = { message: 'No.', type: 'not_found_error', param: null, code: null }
    expect(failureOfInference(replyOf(404, { error }), now)).toMatchObject({ code: 'endpoint-not-found' })
  })

  test('names that every object has are not codes', () => {
    for (const name of ['constructor', '__proto__', 'toString']) {
      expect(failureOfInference(replyOf(400, enveloped(name, '')), now).code).toBe('inference-rejected')
    }
  })
})

describe('a strict model server names the unsupported parameter, in any form', () => {
  const finding = {
    type: 'extra_forbidden',
    loc: ['body', 'max_completion_tokens'],
    msg: 'Extra inputs are not permitted',
    input: 16,
  }
  test.each([
    ['as FastAPI does', { detail: [finding] }],
    [
      'as JSON in a message, behind Foundry',
      { error: { code: 'Invalid input', message: JSON.stringify({ detail: [finding] }), status: 422 } },
    ],
    [
      'as Mistral does',
      { object: 'error', message: { detail: [finding] }, type: 'invalid_request_error', code: null },
    ],
    [
      'as Python writes it, in vLLM',
      {
        object: 'error',
        message:
          "[{'type': 'extra_forbidden', 'loc': ('body', 'max_completion_tokens'), 'msg': 'Extra inputs are not permitted', 'input': 800}]",
        type: 'BadRequestError',
        param: null,
        code: 400,
      },
    ],
    [
      'by its path',
      enveloped('400', 'Validation error at #/max_completion_tokens: Extra inputs are not permitted'),
    ],
    ['as text', `Error code: 422 - ${JSON.stringify({ detail: [finding] })}`],
    ['by its field', enveloped('extra_forbidden', 'Extra inputs are not permitted', 'max_completion_tokens')],
  ])('%s', (_, body) => {
    for (const status of [400, 422]) {
      expect(failureOfInference(replyOf(status, body), now)).toMatchObject({
        code: 'parameter-unsupported',
        details: { parameter: 'max_completion_tokens' },
      })
    }
  })
})

describe('details from the reply', () => {
  test.each([
    ['the data action', enveloped('PermissionDenied', lacking), { dataAction }],
    ['the audience', gateway(wrongAudience('https://ai.azure.com')), { audience: 'https://ai.azure.com' }],
    [
      'both audiences',
      gateway(wrongAudience('https://cognitiveservices.azure.com/ or https://ai.azure.com/')),
      { audience: 'https://cognitiveservices.azure.com/ or https://ai.azure.com/' },
    ],
    [
      'the parameter, by its field',
      enveloped('unsupported_parameter', 'no', 'max_tokens'),
      { parameter: 'max_tokens' },
    ],
    [
      'the parameter, by its words',
      enveloped('BadRequest', "Unsupported parameter: 'temperature' is not supported with this model."),
      { parameter: 'temperature' },
    ],
    [
      'the parameter that is too small',
      enveloped('integer_below_min_value', "Invalid 'max_output_tokens': integer below minimum value."),
      { parameter: 'max_output_tokens' },
    ],
    [
      'the parameter that is unknown',
      enveloped('400', 'Validation error at #/max_completion_tokens: Extra inputs are not permitted'),
      { parameter: 'max_completion_tokens' },
    ],
    [
      'the data action, with more blanks before it',
      enveloped('UserError', `It does not have permissions  for ${dataAction} actions.`),
      { dataAction },
    ],
    [
      'the parameter that is unknown, by its words',
      enveloped('BadRequest', "Unknown parameter: 'input.text'."),
      { parameter: 'input.text' },
    ],
    [
      'the argument that is unknown',
      enveloped('BadRequest', 'Unrecognized request argument supplied: reasoning_effort'),
      { parameter: 'reasoning_effort' },
    ],
    [
      'the first of arguments that are unknown',
      enveloped('BadRequest', 'Unrecognized request arguments supplied: top_k, x'),
      { parameter: 'top_k' },
    ],
    [
      'the field that is not one',
      enveloped('BadRequest', 'The parameter top_k is not a valid field.'),
      { parameter: 'top_k' },
    ],
    [
      'the argument that the model does not know',
      enveloped('BadRequest', 'Argument not supported on this model: top_k'),
      { parameter: 'top_k' },
    ],
    [
      'the parameter of a finding, as JSON within words',
      enveloped('extra_forbidden', 'No: "loc": [ "body", "stop"]'),
      { parameter: 'stop' },
    ],
    [
      'the parameter that is one too many',
      enveloped('Invalid input', "Extra parameters ['max_tokens'] are not allowed"),
      { parameter: 'max_tokens' },
    ],
    [
      'the data action that an identity has no permissions for',
      enveloped('UserError', `Identity(object id: x) does not have permissions for ${dataAction} actions.`),
      { dataAction },
    ],
    [
      'no parameter where it is not about one',
      enveloped('content_filter', 'The response was filtered', 'prompt'),
      undefined,
    ],
    ['nothing', enveloped('404', 'Resource not found'), undefined],
  ])('%s', (_, body, named) => {
    expect(failureOfInference(replyOf(400, body), now).details).toEqual(named)
  })
})

test.each([
  ['the header', { 'retry-after': '3' }, 'Please retry after 20 seconds.', 3000],
  ['the words', {}, 'Please retry after 20 seconds.', 20_000],
  ['the words of another', {}, 'Try again after 86400 seconds.', 86_400_000],
  ['milliseconds in words', {}, 'Please retry after 500 milliseconds.', 500],
  ['the words of a model of another maker', {}, 'Please wait 33 seconds before retrying.', 33_000],
  ['minutes and seconds', {}, 'Token quota is exceeded. Try again in 21 minutes and 33 seconds.', 1_293_000],
  ['hours', {}, 'Quota exceeded. Try again in 2 hours, 1 minute and 5 seconds.', 7_265_000],
  ['days', {}, 'Retry after 1 day and 2 hours.', 93_600_000],
  ['days, and one minute', {}, 'Try again in 2 days, 1 minute.', 172_860_000],
  ['quotes', {}, "Please wait '33' seconds.", 33_000],
  ['an hour and a second', {}, 'Try again in 1 hour and 1 second.', 3_601_000],
  ['one second', {}, 'Please wait 1 second.', 1000],
  ['one millisecond', {}, "Retry after '1' millisecond.", 1],
  ['a number without a unit', {}, 'Please wait 33.', undefined],
  ['a clock of tries', {}, 'Try again in 12:00:00.', 43_200_000],
  ['a clock that is none', {}, 'Try again in 1:2:3.', undefined],
  ['a clock', {}, 'Out of call volume quota. Quota will be replenished in 07:01:20.', 25_280_000],
  ['nothing', {}, 'Too many requests', undefined],
])('how long to wait, by %s', (_, headers, message, expected) => {
  expect(failureOfInference(replyOf(429, enveloped('429', message), headers), now).retryAfterMs).toBe(
    expected,
  )
})

test('a challenge gives the reason only if the body does not', () => {
  const challenge = { 'www-authenticate': 'Bearer error="x", error_description="The audience is invalid"' }
  const told = { error: { code: '401', message: 'Access denied due to invalid subscription key.' } }

  expect(failureOfInference(replyOf(401, '', challenge), now)).toMatchObject({
    code: 'token-audience-rejected',
    said: { message: 'The audience is invalid' },
  })
  expect(failureOfInference(replyOf(401, told, challenge), now)).toMatchObject({
    code: 'token-not-accepted',
    said: { message: told.error.message },
  })
})

test('any reply gives a known code and harmless text', () => {
  const shapes = [
    enveloped,
    anthropic,
    (_: string, message: string) => gateway(message),
    (code: string, text: string) => enveloped(code, `lacks the required data action \`${text}\``),
    (_: string, text: string) => gateway(`audience is incorrect (${text})`),
    (_: string, text: string) => enveloped('unsupported_parameter', text, text),
  ]
  fc.assert(
    fc.property(anyReply(shapes), reply => {
      expectHarmless(failureOfInference(reply, now), [...diagnosisCodes.inference, 'blocked-on-the-way'])
    }),
  )
})

describe('the same error in several wordings', () => {
  const bare = (message: string) => ({ error: { code: 'BadRequest', message } })
  const cases: Array<[string, number, object | string, string]> = [
    ['tenant', 401, bare('Tenant provided in token does not match resource tenant.'), 'tenant-mismatch'],
    ['model', 410, bare('It uses a model version that has reached end of life.'), 'model-retired'],
    ['model', 400, bare('Deployment x is in deprecating state.'), 'model-retired'],
    ['model', 400, enveloped('ServiceModelDeprecating', ''), 'model-retired'],
    ['parameter', 400, bare("Invalid size. Supported values are: '1024x1024'."), 'parameter-unsupported'],
    ['content', 400, bare('bad request: this prompt is blocked'), 'content-filtered'],
    ['content', 400, enveloped('content_blocked', ''), 'content-filtered'],
    ['busy', 409, bare('The resource is being updated.'), 'inference-unavailable'],
    ['budget', 412, bare('Budget exhausted for this key'), 'inference-throttled'],
    ['code', 403, enveloped('403', 'The service said PermissionDenied.'), 'access-denied'],
    ['network', 403, bare('Public network access is disabled for this resource.'), 'network-blocked'],
    ['network', 403, bare('The request is not from an approved virtual network.'), 'network-blocked'],
    ['network', 403, bare('Inbound access denied by network security perimeter.'), 'network-blocked'],
    ['network', 403, bare('Access denied: client IP address 192.0.2.7 is not allowed.'), 'network-blocked'],
    ['model', 404, enveloped('model_not_found', 'The model x was retired on 3/31/2026.'), 'model-retired'],
    ['model', 404, enveloped('DeploymentNotFound', 'Its model is deprecated.'), 'model-retired'],
    [
      'parameter',
      400,
      enveloped('unsupported_parameter', "With this model the parameter 'functions' is deprecated."),
      'parameter-unsupported',
    ],
    [
      'model',
      400,
      enveloped(
        'unsupported_parameter',
        "Not supported with this model. 'functions' is deprecated.",
        'functions',
      ),
      'parameter-unsupported',
    ],
    ['deployment', 404, enveloped('404', 'Deployment chat was not found'), 'deployment-not-found'],
    ['deployment', 404, enveloped('404', 'The API deployment chat does not exist'), 'deployment-not-found'],
    ['agent', 404, enveloped('not_found', 'Agent helper not found'), 'deployment-not-found'],
    ['version', 400, enveloped('InvalidApiVersionParameter', ''), 'api-version-unsupported'],
    ['version', 400, bare('Unsupported api-version'), 'api-version-unsupported'],
    ['version', 400, bare("The api-version '2020-01-01' is invalid."), 'api-version-unsupported'],
    ['operation', 400, bare("Model 'x' is not supported with the Responses API."), 'operation-unsupported'],
    ['operation', 400, enveloped('unsupported_model', ''), 'operation-unsupported'],
    ['parameter', 400, enveloped('string_above_max_length', '', 'input'), 'parameter-unsupported'],
    ['quota', 403, bare('Your quota has been exceeded'), 'inference-throttled'],
    ['quota', 403, bare('Your quota exceeded its limit'), 'inference-throttled'],
    ['parameter', 400, enveloped('invalid_size', ''), 'parameter-unsupported'],
    ['version', 400, enveloped('unsupported_api_version', ''), 'api-version-unsupported'],
    [
      'parameter',
      400,
      bare("'max_tokens' and another were given at the same time."),
      'parameter-unsupported',
    ],
    ['parameter', 400, bare("'max_tokens' is too large."), 'parameter-unsupported'],
    ['parameter', 400, bare('The parameter top_k is not supported here.'), 'parameter-unsupported'],
    ['model', 400, bare('The model knows an api version that is retired.'), 'api-version-unsupported'],
    ['audience', 401, bare("The audience 'https://contoso.com' is not allowed."), 'token-audience-rejected'],
    ['network', 403, bare('PublicAccess is disabled.'), 'network-blocked'],
    ['network', 403, bare('PublicNetworkAccess is disabled.'), 'network-blocked'],
    ['database', 400, bare('A route has no connected db.'), 'inference-rejected'],
    ['deployment', 409, bare('The deployment chat is not ready.'), 'deployment-not-ready'],
    [
      'version',
      400,
      bare('The model does not support the api-version that was asked for.'),
      'api-version-unsupported',
    ],
    ['code', 400, enveloped('an integer_below_min_value', ''), 'inference-rejected'],
    ['code', 400, enveloped('integer_below_min_value2', ''), 'inference-rejected'],
    ['code', 400, enveloped('no_content_filter', ''), 'inference-rejected'],
    ['code', 400, enveloped('not_context_length_exceeded', ''), 'inference-rejected'],
    ['code', 400, enveloped('context_length_exceeded_by_far', ''), 'inference-rejected'],
    ['firewall', 403, 'error code: 1020', 'blocked-on-the-way'],
  ]
  test.each(cases)('%s: %i %j', (_, status, body, code) => {
    expect(failureOfInference(replyOf(status, body), now).code).toBe(code)
  })
})
