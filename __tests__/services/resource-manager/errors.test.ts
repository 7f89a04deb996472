import fc from 'fast-check'
import { diagnosisCodes } from '../../../src/core/failures/codes.ts'
import { failureOfResourceManager } from '../../../src/services/resource-manager/errors.ts'
import { anyReply, expectHarmless, replyOf } from '../../support/replies.ts'

const now = Date.parse('2026-11-01T12:00:00Z')
const scope =
  '/subscriptions/00000000-0000-0000-0000-000000000000/resourceGroups/rg/providers/Microsoft.CognitiveServices/accounts/contoso'
const enveloped = (code: string, message = '', details?: object[]) => ({ error: { code, message, details } })
const lacks = (action: string) =>
  `The client '11111111' with object id '22222222' does not have authorization to perform action '${action}' over scope '${scope}' or the scope is invalid. If access was recently granted, please refresh your credentials.`

const writeAction = 'Microsoft.Authorization/roleAssignments/write'

describe('the code of the service decides', () => {
  test.each([
    [403, 'AuthorizationFailed', lacks(writeAction), 'cannot-assign-role', 'fatal'],
    [
      403,
      'AuthorizationFailed',
      lacks('Microsoft.CognitiveServices/accounts/read'),
      'resource-manager-forbidden',
      'fatal',
    ],
    [
      403,
      'AuthorizationFailed',
      lacks(writeAction).replace('authorization to', 'authorization or an ABAC condition not fulfilled to'),
      'delegation-condition-unmet',
      'fatal',
    ],
    [
      403,
      'DenyAssignmentAuthorizationFailed',
      'the access is denied because of the deny assignment with name x',
      'deny-assignment',
      'fatal',
    ],
    [
      400,
      'PrincipalNotFound',
      'Principal 22222222 does not exist in the directory x.',
      'principal-not-found',
      'transient',
    ],
    [
      400,
      'PrincipalTypeNotSupported',
      'Principals of type Application cannot validly be used in role assignments.',
      'principal-type-mismatch',
      'fatal',
    ],
    [
      400,
      'UnmatchedPrincipalType',
      "has type 'ServicePrincipal' , which is different from specified PrinciaplType 'User'.",
      'principal-type-mismatch',
      'fatal',
    ],
    [
      400,
      'RoleDefinitionDoesNotExist',
      'The specified role definition does not exist.',
      'role-not-found',
      'fatal',
    ],
    [
      409,
      'RoleAssignmentLimitExceeded',
      'No more role assignments can be created',
      'role-assignment-limit',
      'fatal',
    ],
    [409, 'RoleAssignmentExists', 'The role assignment already exists.', 'role-assignment-exists', 'fatal'],
    [
      400,
      'RoleAssignmentUpdateNotPermitted',
      'are not allowed to be updated.',
      'role-assignment-conflict',
      'fatal',
    ],
    [
      409,
      'ScopeLocked',
      "cannot perform write operation because following scope(s) are locked: 'x'.",
      'resource-locked',
      'fatal',
    ],
    [403, 'RequestDisallowedByPolicy', "Resource 'x' was disallowed by policy.", 'policy-denied', 'fatal'],
    [
      404,
      'SubscriptionNotFound',
      "The subscription 'x' could not be found.",
      'subscription-not-found',
      'fatal',
    ],
    [409, 'ReadOnlyDisabledSubscription', 'The subscription is disabled.', 'subscription-disabled', 'fatal'],
    [403, 'DisallowedOperation', 'The subscription type is not permitted.', 'subscription-disabled', 'fatal'],
    [
      404,
      'ResourceNotFound',
      "The Resource 'x' under resource group 'rg' was not found.",
      'resource-not-found',
      'fatal',
    ],
    [409, 'ResourceGroupBeingDeleted', 'It is in deprovisioning state.', 'resource-not-found', 'fatal'],
    [404, 'ResourceGroupNotFound', "Resource group 'rg' could not be found.", 'resource-not-found', 'fatal'],
    [
      401,
      'InvalidAuthenticationTokenTenant',
      'The access token is from the wrong issuer',
      'resource-manager-token-rejected',
      'fatal',
    ],
    [
      401,
      'ExpiredAuthenticationToken',
      'The access token expiry UTC time is earlier than current UTC time.',
      'resource-manager-token-rejected',
      'fatal',
    ],
    [
      429,
      'SubscriptionRequestsThrottled',
      "Please try again after '10' seconds.",
      'resource-manager-throttled',
      'throttled',
    ],
    [503, 'ServerBusy', 'The server is busy.', 'resource-manager-unavailable', 'transient'],
    [400, 'InvalidApiVersionParameter', 'The api-version is invalid.', 'resource-manager-rejected', 'fatal'],
  ])('%i %s: %s', (status, serviceCode, message, code, kind) => {
    const expected = { code, kind, said: { status, serviceCode } }

    expect(failureOfResourceManager(replyOf(status, enveloped(serviceCode, message)), now)).toMatchObject(
      expected,
    )
    expect(failureOfResourceManager(replyOf(status, { code: serviceCode, message }), now)).toMatchObject(
      expected,
    )
  })
})

describe('codes that are clear with any words', () => {
  test.each([
    ['InvalidPrincipalId', 'principal-not-found', 'fatal'],
    ['RoleDefinitionNotFound', 'role-not-found', 'fatal'],
    ['InvalidRoleDefinitionScope', 'role-not-found', 'fatal'],
    ['RoleAssignmentScopeNotAssignableToRoleDefinition', 'role-not-found', 'fatal'],
    ['MissingRegistrationsForTypes', 'resource-provider-unregistered', 'fatal'],
    ['HashConflictOnDifferentRoleAssignmentIds', 'role-assignment-conflict', 'transient'],
    ['RoleAssignmentUpdateNotPermitted', 'role-assignment-conflict', 'fatal'],
    ['DenyAssignmentAuthorizationFailed', 'deny-assignment', 'fatal'],
    ['PrincipalNotFound', 'principal-not-found', 'transient'],
    ['RoleDefinitionDoesNotExist', 'role-not-found', 'fatal'],
    ['RoleAssignmentLimitExceeded', 'role-assignment-limit', 'fatal'],
    ['RoleAssignmentExists', 'role-assignment-exists', 'fatal'],
    ['ScopeLocked', 'resource-locked', 'fatal'],
    ['RequestDisallowedByPolicy', 'policy-denied', 'fatal'],
    ['SubscriptionNotFound', 'subscription-not-found', 'fatal'],
    ['InvalidSubscriptionId', 'subscription-not-found', 'fatal'],
    ['ReadOnlyDisabledSubscription', 'subscription-disabled', 'fatal'],
    ['DisabledSubscription', 'subscription-disabled', 'fatal'],
    ['ResourceNotFound', 'resource-not-found', 'fatal'],
    ['ResourceGroupNotFound', 'resource-not-found', 'fatal'],
    ['ParentResourceNotFound', 'resource-not-found', 'fatal'],
    ['InvalidAuthenticationTokenTenant', 'resource-manager-token-rejected', 'fatal'],
    ['InvalidAuthenticationTokenAudience', 'resource-manager-token-rejected', 'fatal'],
    ['InvalidAuthenticationToken', 'resource-manager-token-rejected', 'fatal'],
    ['ExpiredAuthenticationToken', 'resource-manager-token-rejected', 'fatal'],
    ['AuthenticationFailed', 'resource-manager-token-rejected', 'fatal'],
    ['AuthenticationFailedMissingToken', 'resource-manager-token-rejected', 'fatal'],
    ['ServerTimeout', 'resource-manager-unavailable', 'transient'],
    ['ServerBusy', 'resource-manager-unavailable', 'transient'],
    ['ServiceUnavailable', 'resource-manager-unavailable', 'transient'],
    ['AnotherOperationInProgress', 'resource-manager-unavailable', 'transient'],
    ['SubscriptionRequestsThrottled', 'resource-manager-throttled', 'throttled'],
    ['ThrottledRequestsCounted', 'resource-manager-rejected', 'fatal'],
    ['NotTooManyRequests', 'resource-manager-rejected', 'fatal'],
    ['TooManyRequestsSeen', 'resource-manager-rejected', 'fatal'],
    ['InvalidRoleDefinitionId', 'role-not-found', 'fatal'],
    ['ScopeDoesNotMatchRoleDefinition', 'role-not-found', 'fatal'],
    ['RequestDisallowedByAzure', 'policy-denied', 'fatal'],
    ['AuthorizationFailed', 'resource-manager-forbidden', 'fatal'],
    ['LinkedAuthorizationFailed', 'resource-manager-forbidden', 'fatal'],
    ['NotFound', 'resource-not-found', 'fatal'],
    ['GatewayTimeout', 'resource-manager-unavailable', 'transient'],
    ['InternalServerError', 'resource-manager-unavailable', 'transient'],
    ['RequestConflict', 'resource-manager-unavailable', 'transient'],
    ['TooManyRequests', 'resource-manager-throttled', 'throttled'],
    ['MissingSubscriptionRegistration', 'resource-provider-unregistered', 'fatal'],
    ['SubscriptionNotRegistered', 'resource-provider-unregistered', 'fatal'],
    ['AccountProvisioningStateInvalid', 'resource-manager-unavailable', 'transient'],
    ['InvalidResourceNamespace', 'resource-manager-rejected', 'fatal'],
    ['RoleAssignmentNotFound', 'resource-manager-rejected', 'fatal'],
  ])('%s is %s', (serviceCode, code, kind) => {
    const bodies = [
      enveloped(serviceCode),
      { Error: { Code: serviceCode, Message: 'No.' } },
      [enveloped(serviceCode)],
      { code: 'BadRequest', message: JSON.stringify(enveloped(serviceCode)) },
      enveloped('DeploymentFailed', '', [
        { code: 'BadRequest', message: JSON.stringify(enveloped(serviceCode)) },
      ]),
      `Status: Failed (${serviceCode}) No.`,
      `<Error><Code>${serviceCode}</Code><Message>No.</Message></Error>`,
    ]
    for (const body of bodies)
      expect(failureOfResourceManager(replyOf(409, body), now)).toMatchObject({ code, kind })
  })
})

test('a missing right at a linked scope counts', () => {
  const linked = (quote: string) =>
    `The client has permission to perform action 'Contoso.Things/write' on scope 'x'; however, it does not have permission to perform action(s) ${quote}${writeAction}${quote} on the linked scope(s) 'y'.`

  for (const quote of ["'", '']) {
    const reply = replyOf(403, enveloped('LinkedAuthorizationFailed', linked(quote)))
    expect(failureOfResourceManager(reply, now)).toMatchObject({
      code: 'cannot-assign-role',
      details: { action: writeAction },
    })
  }
})

describe('if the code was lost on the way', () => {
  test.each([
    [
      'it may stand in the text',
      400,
      'Status: Failed (ResourceNotFound) The Resource was not found.',
      'resource-not-found',
    ],
    [
      'it may stand in half a document',
      409,
      JSON.stringify(enveloped('RoleAssignmentExists', 'x')).slice(0, 40),
      'role-assignment-exists',
    ],
    ['the words tell', 403, lacks(writeAction), 'cannot-assign-role'],
    ['the words tell of a change', 409, 'The resource is being updated.', 'resource-manager-unavailable'],
    [
      'the words tell of a right to read',
      403,
      lacks('Microsoft.CognitiveServices/accounts/read'),
      'resource-manager-forbidden',
    ],
    [
      'the words tell of an assignment that is there',
      409,
      'The role assignment already exists.',
      'role-assignment-exists',
    ],
    ['the words tell of a limit', 400, 'No more role assignments can be created', 'role-assignment-limit'],
    [
      'the words tell of a name that is taken',
      400,
      'Tenant ID, application ID, principal ID, and scope are not allowed to be updated.',
      'role-assignment-conflict',
    ],
    [
      'the words tell of a role',
      400,
      "The specified role definition with ID 'x' does not exist.",
      'role-not-found',
    ],
    [
      'the words tell of a principal',
      400,
      'Principal 22222222-x does not exist in the directory y.',
      'principal-not-found',
    ],
    [
      'the words tell of a token that has ended',
      400,
      "The access token expiry UTC time 'x' is earlier than current UTC time 'y'.",
      'resource-manager-token-rejected',
    ],
    [
      'the words tell of a subscription',
      400,
      "The subscription 'x' could not be found.",
      'subscription-not-found',
    ],
    ['the words tell of a switch', 400, "The subscription 'x' is disabled.", 'subscription-disabled'],
    ['the words tell of a group', 400, "Resource group 'x' could not be found.", 'resource-not-found'],
    [
      'the words tell of a resource',
      400,
      "The Resource 'x/y' under resource group 'z' was not found.",
      'resource-not-found',
    ],
    [
      'the words tell of throttling',
      400,
      "Number of 'read' requests for subscription 'x' exceeded.",
      'resource-manager-throttled',
    ],
    [
      'the words tell of a provider that is away',
      400,
      "The gateway did not receive a response from 'x'.",
      'resource-manager-unavailable',
    ],
    ['the words tell of a deny assignment', 400, 'No, because of the deny assignment x', 'deny-assignment'],
    [
      'the words tell of a condition',
      400,
      'An ABAC condition that is not fulfilled',
      'delegation-condition-unmet',
    ],
    ['the words tell of a lock', 400, 'the following scope(s) are locked', 'resource-locked'],
    ['the words tell of a policy', 400, 'x was disallowed by policy', 'policy-denied'],
    [
      'the words tell of a namespace',
      400,
      'The subscription is not registered to use namespace x',
      'resource-provider-unregistered',
    ],
    [
      'the words tell of an issuer',
      400,
      'The access token is from the wrong issuer',
      'resource-manager-token-rejected',
    ],
    [
      'the words tell of a type of resource that is not registered',
      400,
      'The subscription is not registered for the resource type x',
      'resource-provider-unregistered',
    ],
    ['the words tell of a type', 400, 'Principals of type Application cannot x', 'principal-type-mismatch'],
    [
      'the words tell of another type',
      400,
      "has type 'Group' , which is different from specified PrinciaplType 'User'.",
      'principal-type-mismatch',
    ],
    ['the words tell of no id', 400, 'A valid principal ID must be provided', 'principal-not-found'],
    [
      'the words tell of a role at a scope',
      400,
      'The role definition x cannot be assigned at the scope',
      'role-not-found',
    ],
    ['the words tell of a subscription', 403, "The subscription 'x' is not active.", 'subscription-disabled'],
    [
      'the words tell of somebody else at work',
      409,
      'another operation is in progress on x',
      'resource-manager-unavailable',
    ],
    [
      'the words tell of private links',
      403,
      enveloped('AuthorizationFailed', 'Public network access is disabled; use private link.'),
      'network-blocked',
    ],
    ['the words tell of the way in', 403, 'Access to x from public network is denied.', 'network-blocked'],
    [
      'the code tells of private links',
      403,
      enveloped('XByResourceManagementPrivateLink'),
      'network-blocked',
    ],
    [
      'a right on private links is a right',
      403,
      "x does not have authorization to perform action 'Microsoft.Authorization/resourceManagementPrivateLinks/read'",
      'resource-manager-forbidden',
    ],
    ['networks are not a matter of other statuses', 409, 'from public network', 'resource-manager-rejected'],
    ['a captive portal speaks for nobody', 511, 'x', 'blocked-on-the-way'],
    ['the status tells of an answer that is none', 200, 'x', 'resource-manager-unavailable'],
    ['the status tells of a redirect', 300, 'x', 'blocked-on-the-way'],
    ['the status tells of the first of outages', 500, 'x', 'resource-manager-unavailable'],
    ['a page tells nothing but its status', 404, '<html>ResourceNotFound', 'resource-manager-rejected'],
    ['the status tells of a token', 401, 'x', 'resource-manager-token-rejected'],
    ['the status tells of rights', 403, 'x', 'resource-manager-forbidden'],
    ['the status tells of an outage', 502, '<html>', 'resource-manager-unavailable'],
    ['the status tells of a timeout', 408, '', 'resource-manager-unavailable'],
    ['the status tells of throttling', 429, '', 'resource-manager-throttled'],
    ['nothing tells', 418, 'x', 'resource-manager-rejected'],
  ])('%s', (_, status, body, code) => {
    expect(failureOfResourceManager(replyOf(status, body), now).code).toBe(code)
  })

  test('names that every object has are not codes', () => {
    expect(failureOfResourceManager(replyOf(400, enveloped('constructor')), now).code).toBe(
      'resource-manager-rejected',
    )
    expect(failureOfResourceManager(replyOf(400, 'Constructor __proto__ ValueOf'), now).code).toBe(
      'resource-manager-rejected',
    )
  })

  test('a code in the text does not override the real code', () => {
    const reply = replyOf(400, enveloped('InvalidRequest', 'Earlier attempts met ResourceNotFound.'))

    expect(failureOfResourceManager(reply, now).code).toBe('resource-manager-rejected')
  })
})

test.each([
  ['milliseconds', { 'retry-after-ms': '1500', 'retry-after': '9' }, '', 1500],
  ['milliseconds of Azure', { 'x-ms-retry-after-ms': '250' }, '', 250],
  ['seconds', { 'retry-after': '17' }, '', 17_000],
  ['a date', { 'retry-after': 'Sun, 01 Nov 2026 12:01:00 GMT' }, '', 60_000],
  ['a date that has passed', { 'retry-after': 'Sun, 01 Nov 2026 11:00:00 GMT' }, '', 0],
  ['words', {}, "Please try again after '10' seconds.", 10_000],
  ['words without quotes', {}, 'Please try again after 10 seconds.', 10_000],
  ['nonsense', { 'retry-after': 'soon', 'retry-after-ms': '-5' }, '', undefined],
  ['nothing', {}, '', undefined],
])('how long to wait: %s', (_, headers, message, expected) => {
  const reply = replyOf(429, enveloped('TooManyRequests', message), headers)

  expect(failureOfResourceManager(reply, now)).toMatchObject({ kind: 'throttled' })
  expect(failureOfResourceManager(reply, now).retryAfterMs).toBe(expected)
})

test('throttling says nothing else, no matter which words it contains', () => {
  expect(failureOfResourceManager(replyOf(429, "The subscription 'x' is disabled."), now).kind).toBe(
    'throttled',
  )
  expect(failureOfResourceManager(replyOf(400, 'x'), now)).not.toHaveProperty('retryAfterMs')
})

test('an action can be named in other words', () => {
  const reply = replyOf(403, "One has to be allowed to perform action 'Contoso.Things/read'.")
  expect(failureOfResourceManager(reply, now).details).toEqual({ action: 'Contoso.Things/read' })
})

test.each(['NotAuthorizationFailed', 'AuthorizationFailedOften'])('%s is another code', code => {
  const failure = failureOfResourceManager(replyOf(403, enveloped(code, `« ${writeAction} »`)), now)
  expect(failure.code).toBe('resource-manager-forbidden')
  expect(failure).not.toHaveProperty('details')
})

test('claims that a challenge asks for, and that cannot be read, are reported', () => {
  const challenge = (text: string) => replyOf(401, '', { 'www-authenticate': text })
  const claims = 'Bearer error="insufficient_claims", claims="eyJhY2Nlc3NfdG9rZW4iOnt9fQ=="'

  expect(failureOfResourceManager(challenge(claims), now).details).toHaveProperty('challenge')
  expect(failureOfResourceManager(challenge('Bearer realm="x"'), now)).not.toHaveProperty('details')
})

test('the expected host and the requested claims are named', () => {
  const classic = replyOf(
    401,
    "<Message>No. Expected audience uri 'https://management.core.windows.net/'.</Message>",
  )

  expect(failureOfResourceManager(classic, now)).toMatchObject({
    code: 'resource-manager-token-rejected',
    details: { audience: 'https://management.core.windows.net/' },
  })
  expect(failureOfResourceManager(replyOf(404, enveloped('NotFound')), now)).not.toHaveProperty('details')
})

test('if Resource Manager blocks the runner, the message says that it is not the resource', () => {
  const reply = replyOf(403, enveloped('XByResourceManagementPrivateLink'))

  expect(failureOfResourceManager(reply, now).details).toEqual({ keptFrom: 'resource-manager' })
})

test('the missing action is named', () => {
  const reply = replyOf(
    403,
    enveloped('AuthorizationFailed', lacks('Microsoft.CognitiveServices/accounts/read')),
  )

  expect(failureOfResourceManager(reply, now).details).toEqual({
    action: 'Microsoft.CognitiveServices/accounts/read',
  })
})

test.each([
  [
    `Le client « x » n’a pas l’autorisation d’effectuer l’action « ${writeAction} » sur l’étendue « /subscriptions/s/providers/Microsoft.CognitiveServices/accounts/read ».`,
    'cannot-assign-role',
    writeAction,
  ],
  [
    "Der Client 'x' ist auf '/subscriptions/s/providers/Microsoft.CognitiveServices/accounts/delete' nicht berechtigt, 'Microsoft.CognitiveServices/accounts/read' auszuführen.",
    'resource-manager-forbidden',
    'Microsoft.CognitiveServices/accounts/read',
  ],
])('the action is found in any language: %s', (message, code, action) => {
  const failure = failureOfResourceManager(replyOf(403, enveloped('AuthorizationFailed', message)), now)

  expect(failure).toMatchObject({ code, details: { action } })
})

test('an action in the message is the missing right only if the code says that a right is missing', () => {
  const message = `The request to ${writeAction} was not understood.`
  const failure = failureOfResourceManager(replyOf(400, enveloped('BadRequest', message)), now)

  expect(failure.code).toBe('resource-manager-rejected')
})

test('any reply gives a known code and harmless text', () => {
  const shapes = [
    enveloped,
    (code: string, message: string) => ({ code, message }),
    (code: string, text: string) => enveloped(code, `perform action '${text}' over scope`),
  ]
  fc.assert(
    fc.property(anyReply(shapes), reply => {
      expectHarmless(failureOfResourceManager(reply, now), [
        ...diagnosisCodes['resource-manager'],
        'blocked-on-the-way',
      ])
    }),
  )
})

test.each([
  [400, enveloped('BadRequest', 'The scope is not assignable to role definition x.'), 'role-not-found'],
  [400, enveloped('BadRequest', 'The subscription has been canceled.'), 'subscription-disabled'],
  [400, enveloped('BadRequest', 'The subscription is not active.'), 'subscription-disabled'],
  [403, enveloped('Forbidden', 'The public network is disabled.'), 'network-blocked'],
  [403, enveloped('Forbidden', 'This operation is not allowed over public network.'), 'network-blocked'],
  [
    404,
    enveloped('MissingSubscription', 'The request did not have a subscription.'),
    'subscription-not-found',
  ],
  [403, enveloped('SubscriptionSuspended', 'The subscription is suspended.'), 'subscription-disabled'],
  [
    409,
    enveloped('Conflict', 'Another operation is being performed on the parent resource.'),
    'resource-manager-unavailable',
  ],
])('%i %j', (status, body, code) => {
  expect(failureOfResourceManager(replyOf(status, body), now).code).toBe(code)
})
