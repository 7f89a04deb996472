import type { Api } from '../../../src/services/inference/apis/choices.ts'
import type { Route } from '../../../src/services/inference/route.ts'
import { keyRouteOf, rowRoutesOf } from '../../../src/services/inference/row.ts'

const at = (deployment: string, api: Api, host = 'a.example', dataAction = 'x'): Route => ({
  api,
  deployment,
  url: `https://${host}/x`,
  audiences: [],
  dataAction,
})
const names = (routes: readonly Route[]) => routes.map(({ deployment }) => deployment)

test.each<[string, Route[], string[]]>([
  ['one deployment', [at('chat', 'chat-completions')], ['chat']],
  [
    'the first of a host, no matter how it is called',
    [at('chat', 'responses'), at('vectors', 'embeddings')],
    ['chat'],
  ],
  [
    'one of each host',
    [at('chat', 'responses'), at('claude', 'messages', 'b.example'), at('more', 'responses')],
    ['chat', 'claude'],
  ],
  [
    'one of each right, for each may depend on another role',
    [at('chat', 'responses'), at('other', 'models', 'a.example', 'y'), at('more', 'responses')],
    ['chat', 'other'],
  ],
  ['what costs nothing', [at('talk', 'realtime'), at('helper', 'agents')], ['talk']],
  ['none that is billed per item', [at('voice', 'speech'), at('chat', 'responses')], ['chat']],
  ['nothing where all is billed per item', [at('voice', 'speech')], []],
  ['hosts apart', [at('voice', 'speech'), at('chat', 'responses', 'b.example')], ['chat']],
])('a row calls %s', (_, routes, asked) => {
  expect(names(rowRoutesOf(routes))).toEqual(asked)
})

test.each<[string, Route[], string | undefined]>([
  [
    'the first that is paid by tokens',
    [at('voice', 'speech'), at('helper', 'agents'), at('chat', 'responses')],
    'chat',
  ],
  ['what is billed per item, where that is all', [at('voice', 'speech'), at('paint', 'images')], 'voice'],
  ['nothing', [], undefined],
])('a key is tried at %s', (_, routes, tried) => {
  expect(keyRouteOf(routes)?.deployment).toBe(tried)
})
