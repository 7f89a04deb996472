import {
  clientId,
  good,
  isRefused,
  problemsOf,
  subscriptionId,
  type Texts,
  tenantId,
  withGood,
} from './given.ts'

test('an app is called at its whole address', () => {
  const url = 'https://shop.contoso.example/api/probe?code=a-function-key%3D%3D'
  expect(withGood({ 'probe-url': ` ${url} `, 'probe-expect': '/READY/i' }).production.probe).toEqual({
    url,
    expect: /READY/i,
  })
})

describe('runtime principals', () => {
  const app = `/subscriptions/${subscriptionId}/resourceGroups/rg/providers/Microsoft.App/containerApps/shop`
  const listed = (lines: string) => withGood({ 'runtime-principals': lines }).production.principals

  test('are one per line, each with its own deployments and role', () => {
    expect(
      listed(`${clientId}\r\n  ${app} ; DEPLOYMENTS = chat, embed; role = Cognitive Services OpenAI User\n`),
    ).toEqual([
      {
        id: clientId,
        reference: { kind: 'object', principalId: clientId },
        deployments: [],
        role: undefined,
      },
      {
        id: app,
        reference: {
          kind: 'resource',
          resource: { id: app, subscriptionId, type: 'Microsoft.App/containerApps' },
        },
        deployments: ['chat', 'embed'],
        role: { kind: 'guid', guid: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd' },
      },
    ])
  })

  test('are none if nothing is given', () => {
    for (const nothing of ['', ' ', '\n', ' \r\n ']) expect(listed(nothing)).toEqual([])
    expect(withGood({}).production.unknown).toBe('fail')
  })

  test.each<[string, Texts, RegExp]>([
    [
      'an empty line between two',
      { 'runtime-principals': `${clientId}\n\n${tenantId}` },
      /holds an empty line/,
    ],
    ['a first line that is empty', { 'runtime-principals': `\n${clientId}` }, /holds an empty line/],
    [
      'a line without an id',
      { 'runtime-principals': '; role=Owner' },
      /the line "; role=Owner", which names no/,
    ],
    ['a name', { 'runtime-principals': 'shop' }, /holds "shop", which is not an object id/],
    [
      'the same twice',
      { 'runtime-principals': `${clientId}\n${clientId.toUpperCase()}` },
      /names "1{8}.*" twice/,
    ],
    [
      'an option that there is not',
      { 'runtime-principals': `${clientId}; revoke=true` },
      /holds "revoke=true" after an id; accepted are/,
    ],
    [
      'an option without a value',
      { 'runtime-principals': `${clientId}; role=` },
      /holds "role=" after an id/,
    ],
    [
      'an odd deployment',
      { 'runtime-principals': `${clientId}; deployments=chat,` },
      /names the deployment "", which is not a valid name/,
    ],
    [
      'a typing error in the role',
      { 'runtime-principals': `${clientId}; role=Cognitive Service User` },
      /names the role "Cognitive Service User", which is not a built-in role; "Cognitive Services User" is/,
    ],
    [
      'a policy without principals',
      { 'runtime-unknown': 'warn' },
      /^`runtime-unknown` has no effect without/,
    ],
    [
      'another policy',
      { 'runtime-principals': clientId, 'runtime-unknown': 'ignore' },
      /^`runtime-unknown` is "ignore"; accepted are `fail`, `warn`$/,
    ],
  ])('%s is refused', (_what, inputs, problem) => {
    expect(problemsOf({ ...good, ...inputs })).toEqual([expect.stringMatching(problem)])
  })

  test('have no effect if only an endpoint is given', () => {
    const inputs = { endpoint: 'https://contoso.openai.azure.com', deployments: 'chat' }
    const { 'resource-id': _, ...identity } = good
    expect(problemsOf({ ...identity, ...inputs, 'runtime-principals': clientId })).toEqual([
      expect.stringMatching(/^`runtime-principals` has no effect if only `endpoint` is given/),
    ])
  })
})

test.each<[string, Texts, RegExp]>([
  [
    'an app without TLS',
    { 'probe-url': 'http://shop.contoso.example/probe?code=secret' },
    /^`probe-url` is "http:\/\/shop\.contoso\.example\/probe\?\*\*\*", which does not begin with https:\/\//,
  ],
  [
    'an app that is no URL',
    { 'probe-url': 'shop.contoso.example/probe?code=secret' },
    /^`probe-url` is "shop\.contoso\.example\/probe\?\*\*\*", which is not a URL/,
  ],
  [
    'an app with a password',
    { 'probe-url': 'https://user:word@shop.contoso.example/probe' },
    /^`probe-url` is "https:\/\/\*\*\*@shop.*", which holds a user name or a password$/,
  ],
  [
    'an app with a fragment',
    { 'probe-url': 'https://shop.contoso.example/probe?code=secret#top' },
    /^`probe-url` is "https:\/\/shop\.contoso\.example\/probe\?\*\*\*", which has a fragment/,
  ],
  [
    'what no app is asked for',
    { 'probe-expect': 'ready' },
    /^`probe-expect` has no effect without `probe-url`/,
  ],
  [
    'an expectation of the app that does not compile',
    { 'probe-url': 'https://shop.contoso.example/probe', 'probe-expect': '(' },
    /^`probe-expect` is "\(", which does not compile/,
  ],
])('%s is refused', isRefused)
