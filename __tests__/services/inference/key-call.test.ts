import fc from 'fast-check'
import type { Http, HttpRequest } from '../../../src/core/http/client.ts'
import { NetworkFailure } from '../../../src/core/http/network-failure.ts'
import { classifyKeyReply, keyCall } from '../../../src/services/inference/key-call.ts'
import { hostileText } from '../../support/hostile-text.ts'
import { route } from '../../support/record-fixture.ts'
import { replyOf } from '../../support/replies.ts'
import { simulatedClock } from '../../support/simulated-clock.ts'

const error = (code: string, message: string) => ({ error: { code, message } })
const completion = { choices: [{ message: { content: 'ready' } }] }
const invalidKey =
  'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.'
const page = '<!doctype html><html><body>Sign in</body></html>'

const off = { kind: 'refused', outcome: 'key-access-off' }
const invalid = { kind: 'refused', outcome: 'key-invalid' }
const accepted = { kind: 'accepted' }
const unproven = (code: string, kind = 'fatal') => ({ kind: 'unproven', failure: { code, kind } })

test.each<[string, number, string | object, object]>([
  [
    'key access is off',
    403,
    error('AuthenticationTypeDisabled', 'Key based authentication is disabled for this resource.'),
    off,
  ],
  ['the same in text', 403, 'Key based authentication is disabled for this resource.', off],
  ['a key of nobody', 401, error('401', invalidKey), invalid],
  ['with another code', 401, error('Unauthorized', invalidKey), invalid],
  [
    'a gateway that knows tokens only',
    401,
    {
      statusCode: 401,
      message:
        'Unauthorized. Access token is missing, invalid, audience is incorrect (https://ai.azure.com), or have expired.',
    },
    invalid,
  ],
  [
    'a gateway in front, which says nothing about the keys of the resource',
    401,
    {
      statusCode: 401,
      message:
        'Access denied due to invalid subscription key. Make sure to provide a valid key for an active subscription.',
    },
    unproven('inference-rejected'),
  ],
  ['an answer', 200, completion, accepted],
  [
    'a parameter that the model does not take',
    400,
    error('unsupported_parameter', "Unsupported parameter: 'max_tokens' is not supported with this model."),
    accepted,
  ],
  [
    'a filtered prompt',
    400,
    error(
      'content_filter',
      "The response was filtered due to the prompt triggering Azure OpenAI's content management policy.",
    ),
    accepted,
  ],
  [
    'no such deployment',
    404,
    error('DeploymentNotFound', 'The API deployment for this resource does not exist.'),
    accepted,
  ],
  [
    'an operation that the model does not have',
    400,
    error('OperationNotSupported', 'The chatCompletion operation does not work with the specified model, x.'),
    accepted,
  ],
  [
    'the limit of the deployment',
    429,
    error(
      '429',
      'Requests to the ChatCompletions_Create Operation have exceeded call rate limit of your tier.',
    ),
    accepted,
  ],
  [
    'a right that is missing',
    401,
    error('PermissionDenied', 'Principal does not have access to API/Operation.'),
    accepted,
  ],
  [
    'the limit of a gateway',
    429,
    { statusCode: 429, message: 'Rate limit is exceeded.' },
    unproven('inference-throttled', 'throttled'),
  ],
  ['429 and no more', 429, '', unproven('inference-throttled', 'throttled')],
  [
    'a private network',
    403,
    error('403', 'Public access is disabled. Please configure private endpoint.'),
    unproven('network-blocked'),
  ],
  [
    'a firewall',
    403,
    error('403', 'Access denied due to Virtual Network/Firewall rules.'),
    unproven('network-blocked'),
  ],
  ['403 Forbidden, by whomever', 403, 'Forbidden', unproven('inference-rejected')],
  ['403 and no more', 403, '', unproven('inference-rejected')],
  ['401 and no more', 401, '', unproven('inference-rejected')],
  ['a page under 401', 401, page, unproven('blocked-on-the-way')],
  ['a page under 200', 200, page, unproven('answer-invalid', 'transient')],
  ['an error under 200', 200, error('InternalServerError', 'x'), unproven('answer-invalid', 'transient')],
  ['half a refusal', 403, '{"error":{"code":"Authentic', unproven('inference-unavailable', 'transient')],
  ['nothing at the path', 404, error('404', 'Resource not found'), unproven('endpoint-not-found')],
  [
    'no such resource',
    404,
    error('ResourceNotFound', 'Subdomain does not map to a resource'),
    unproven('endpoint-not-found'),
  ],
  ['a 400 that nobody knows', 400, error('BadRequest', 'x'), unproven('inference-rejected')],
  ['an outage', 503, error('ServiceUnavailable', 'x'), unproven('inference-unavailable', 'transient')],
  [
    'an outage that quotes a refusal',
    500,
    error('AuthenticationTypeDisabled', 'Key based authentication is disabled for this resource.'),
    unproven('inference-unavailable', 'transient'),
  ],
  ['a redirect', 307, '', unproven('blocked-on-the-way')],
])('%s (%i)', (_, status, body, expected) => {
  expect(classifyKeyReply(replyOf(status, body), 'chat-completions', 0)).toMatchObject(expected)
})

test('a 401 that only a header explains does not refuse the key', () => {
  const headers = {
    'www-authenticate': 'Bearer error="invalid_token", error_description="The audience is invalid"',
  }
  for (const body of ['', ' \n'])
    expect(classifyKeyReply(replyOf(401, body, headers), 'chat-completions', 0)).toMatchObject(
      unproven('inference-rejected'),
    )
})

test('no reply wrongly counts as a refusal, or as a reason to wait', () => {
  const body = fc.oneof(
    fc.json(),
    hostileText,
    fc.tuple(hostileText, hostileText).map(said => JSON.stringify(error(...said))),
  )
  fc.assert(
    fc.property(fc.integer({ min: 100, max: 599 }), body, (status, text) => {
      const judged = classifyKeyReply(replyOf(status, text), 'chat-completions', 0)
      if (judged.kind === 'refused') expect(status).toBe(401)
      if (judged.kind === 'unproven') expect(judged.failure.kind).not.toBe('wait')
    }),
  )
})

/** As the input takes them. */
const keys = fc.string({ unit: fc.constantFrom(...'abcXYZ0189+/=%"\\$.*#:['), minLength: 8, maxLength: 90 })
const call = (key: string, http: Http) =>
  keyCall(
    route,
    key,
    { prompt: 'x', maxOutputTokens: 16, expect: undefined },
    {
      http,
      clock: simulatedClock(),
    },
  )

test('the call is the smoke call, with the key instead of the token', async () => {
  const sent: HttpRequest[] = []
  await call('a-key-of-contoso', async request => {
    sent.push(request)
    return replyOf(200, completion)
  })
  expect(sent).toEqual([
    {
      method: 'POST',
      url: route.url,
      headers: {
        'api-key': 'a-key-of-contoso',
        'content-type': 'application/json',
        accept: 'application/json',
      },
      body: expect.stringContaining(route.deployment),
    },
  ])
})

/** How a server may write what it was given. */
const quoted: ReadonlyArray<(key: string) => string> = [
  key => key,
  key => encodeURIComponent(key),
  key => Buffer.from(key).toString('base64'),
  key => [...key].join('\u200b'),
  key => [...key].join(' '),
  key => `${'x'.repeat(1190)} ${key}`,
]
/** JSON, with every character of every text as an escape. */
const escaped = (said: string) =>
  `"${[...said].map(character => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`).join('')}"`
const bodies: ReadonlyArray<(said: string) => string> = [
  said => said,
  said => JSON.stringify(error(said, said)),
  said => JSON.stringify({ error: { message: said, param: said, innererror: { code: said } } }),
  said => `{"error":{"code":${escaped(said)},"message":${escaped(said)}}}`,
  // As a name; in half a document; in one that is longer than any error.
  said => JSON.stringify({ [said]: { [said]: 'is not known' } }),
  said => `{"error":{"code":${escaped(said)},"message":${escaped(said)}`,
  said => `{"error":{"message":${escaped(said)},"trace":"${'x'.repeat(70_000)}"}}`,
]

test('a refusal never contains the key, no matter how the server quotes it', async () => {
  await fc.assert(
    fc.asyncProperty(
      keys,
      fc.constantFrom(...quoted),
      fc.constantFrom(...bodies),
      fc.constantFrom(400, 401, 403, 404, 429, 500),
      hostileText,
      async (key, quote, body, status, around) => {
        const said = quote(key)
        const headers = { 'apim-request-id': said, location: said, 'retry-after': said }
        const judged = await call(key, async () =>
          replyOf(status, body(`${around} ${said} ${around}`), headers),
        )
        const told = lettersOf(judged)
        // Not even its beginning, where the text is cut.
        for (const text of [key, key.slice(0, 8)]) expect(told).not.toContain(lettersOf(text).slice(1, -1))
      },
    ),
  )
})

test('a deeply nested refusal is a refusal', async () => {
  const depth = 30_000
  const body = `{"error":{"code":"401","message":"my-own-key","details":${'['.repeat(depth)}${']'.repeat(depth)}}}`
  expect(await call('my-own-key', async () => replyOf(401, body))).toMatchObject({
    kind: 'refused',
    outcome: 'key-invalid',
    said: { message: '(key)' },
  })
})

test('nor does a network error', async () => {
  await fc.assert(
    fc.asyncProperty(keys, async key => {
      const judged = await call(key, async () => {
        throw new NetworkFailure(
          'UNKNOWN_ENCODING',
          'contoso',
          `contoso sent its reply in the encoding ${key}`,
        )
      })
      expect(judged).toMatchObject({
        kind: 'unproven',
        failure: { code: 'connection-failed', said: { message: expect.stringContaining('(key)') } },
      })
    }),
  )
})

/** What is printed of a text, without what was put between its characters. */
const lettersOf = (value: unknown) => JSON.stringify(value).replace(/[\uFFFD\u200b ]/g, '')

test('an answer from a cache says nothing about the key', () => {
  const reply = replyOf(200, completion, { age: '30' })
  expect(classifyKeyReply(reply, 'chat-completions', 0)).toMatchObject(
    unproven('answer-invalid', 'transient'),
  )
})
