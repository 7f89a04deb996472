import fc from 'fast-check'
import { good, isRefused, read, type Texts, withGood } from './given.ts'

test('an endpoint alone, as clients write it: with the deployment and the version', () => {
  const { 'resource-id': _, ...identity } = good
  const address =
    'https://contoso.openai.azure.com/openai/deployments/chat/chat/completions?api-version=2024-06-01'

  expect(read({ ...identity, endpoint: address })).toMatchObject({
    target: { kind: 'endpoint', endpoint: 'https://contoso.openai.azure.com' },
    ofEndpoint: { deployment: 'chat', apiVersion: '2024-06-01' },
    deployments: [{ name: 'chat', api: 'azure-openai' }],
    smoke: { api: 'auto', apiVersion: '2024-06-01' },
  })
  // What is asked for goes before it.
  expect(read({ ...identity, endpoint: address, api: 'responses' }).deployments).toEqual([
    { name: 'chat', api: undefined },
  ])
  expect(read({ ...identity, endpoint: address, deployments: 'chat=responses\nother' }).deployments).toEqual([
    { name: 'chat', api: 'responses' },
    { name: 'other', api: undefined },
  ])
})

describe('deployments', () => {
  test.each<[string, string, object[]]>([
    ['one', 'gpt-4o', [{ name: 'gpt-4o', api: undefined }]],
    [
      'Windows line ends, blanks, commas and the line end of a block',
      ' gpt-4o ,\r\n\t embeddings = embeddings ,\r\n',
      [
        { name: 'gpt-4o', api: undefined },
        { name: 'embeddings', api: 'embeddings' },
      ],
    ],
    ['an API in capitals', 'o3=RESPONSES', [{ name: 'o3', api: 'responses' }]],
    ['auto, whatever the input `api` says', 'o3=auto', [{ name: 'o3', api: 'auto' }]],
    ['one twice', 'gpt-4o\ngpt-4o', [{ name: 'gpt-4o', api: undefined }]],
    [
      'one by two APIs',
      'gpt-4o=chat-completions\ngpt-4o=responses',
      [
        { name: 'gpt-4o', api: 'chat-completions' },
        { name: 'gpt-4o', api: 'responses' },
      ],
    ],
    ['nothing but line ends', '\r\n', []],
  ])('%s', (_, text, expected) => {
    expect(withGood({ deployments: text }).deployments).toEqual(expected)
  })

  test('line ends and blanks make no difference', () => {
    const blank = fc.constantFrom('', ' ', '\t', '  ')
    const lineEnd = fc.constantFrom('\n', '\r\n', '\r')
    const ending = fc.oneof(lineEnd, fc.constantFrom(',\n', ' ,\r\n'))
    const padded = fc.record({
      name: fc.stringMatching(/^[\w.-]{1,20}$/).filter(name => !/^\.+$/.test(name)),
      before: blank,
      after: blank,
      ending,
    })
    fc.assert(
      fc.property(
        fc.uniqueArray(padded, { minLength: 1, maxLength: 5, selector: ({ name }) => name }),
        lineEnd,
        (lines, lastEnd) => {
          const text = lines
            .map(({ name, before, after, ending: end }, at) =>
              [before, name, after, at === lines.length - 1 ? lastEnd : end].join(''),
            )
            .join('')

          expect(withGood({ deployments: text }).deployments.map(({ name }) => name)).toEqual(
            lines.map(({ name }) => name),
          )
        },
      ),
    )
  })
})

test.each<[string, Texts, RegExp]>([
  [
    'other deployments than the one in the path',
    {
      endpoint: 'https://contoso.openai.azure.com/openai/deployments/chat',
      deployments: 'other\nembeddings',
    },
    /^`deployments` do not name "chat", which the path of `endpoint` names/,
  ],
  [
    'a version that nothing takes',
    { 'api-version': '2024-10-21' },
    /^`api-version` has no effect: .*`azure-openai`, `completions`, `transcriptions`/,
  ],
  [
    'an API that is billed per item, and nothing named',
    { api: 'images' },
    /^`deployments` must name what to call by `images`/,
  ],
  [
    'an agent, and no project',
    { deployments: 'helper=agents' },
    /^`deployments` are called by `agents`, which needs a project, but neither `resource-id` nor `endpoint` names one$/,
  ],
  [
    'a kind of model that has no call',
    { deployments: 'film=video' },
    /^`deployments` is ".*", which asks for the API "video"; known are `auto`, `chat-completions`, /,
  ],
  [
    'a comma that nothing follows',
    { deployments: 'chat,' },
    /^`deployments` is "chat,", which holds the line "chat,": nothing follows the comma\. An absent variable/,
  ],
  [
    'a comma that nothing follows, below a line without one',
    { deployments: 'chat\nembeddings,\n' },
    /^`deployments` is ".*", which holds the line "embeddings,": nothing follows the comma/,
  ],
  [
    'a comma that nothing follows, behind a right',
    { also: 'agents,' },
    /^`also` is "agents,", which holds the line "agents,": nothing follows the comma/,
  ],
  [
    'a name of nothing but dots',
    { deployments: '..' },
    /^`deployments` is ".*", which holds the line "\.\."/,
  ],
  [
    'an unknown API of a deployment',
    { deployments: 'gpt-4o=chat' },
    /^`deployments` is ".*", which asks for the API "chat"; known are `auto`, `chat-completions`, /,
  ],
  ...[
    ['between two names', 'gpt-4o\n\no3'],
    ['between two names, of blanks', 'gpt-4o\r\n \t\r\no3'],
    ['above the first name', '\ngpt-4o\n'],
    ['below the last name', 'gpt-4o\n\n'],
  ].map(([where, deployments = '']): [string, Texts, RegExp] => [
    `an empty line ${where}`,
    { deployments },
    /^`deployments` is ".*", which holds an empty line, which names nothing\. An absent variable arrives as an empty string$/,
  ]),
  [
    'an API of no deployment',
    { deployments: 'gpt-4o\n=responses' },
    /^`deployments` is ".*", which holds the line "=responses", which names no deployment\. An absent variable/,
  ],
  [
    'nothing but a comma',
    { deployments: ',' },
    /^`deployments` is ",", which holds the line ",": nothing follows the comma/,
  ],
  [
    'deployments in one line',
    { deployments: 'gpt-4o, chat' },
    /^`deployments` is ".*", which holds the line "gpt-4o, chat"; a line reads `name` or `name=api`$/,
  ],
  [
    'a deployment with two APIs',
    { deployments: 'gpt-4o=responses=embeddings' },
    /^`deployments` is ".*", which holds the line/,
  ],
])('%s is refused', isRefused)
