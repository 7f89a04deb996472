import fc from 'fast-check'
import * as v from 'valibot'
import { parseJson } from '../../../src/core/text/json.ts'
import { idOfAnswer, isRemembered } from '../../../src/services/inference/answer.ts'
import { type Api, apis } from '../../../src/services/inference/apis/choices.ts'
import { apiOf } from '../../../src/services/inference/apis/index.ts'
import { inferenceExamples } from '../../support/inference-examples.ts'
import { replyOf } from '../../support/replies.ts'

const readAnswer = (api: Api, body: string) => apiOf(api).readAnswer(replyOf(200, body))

const chat = (message: object, finish_reason: string | null = 'stop') => ({
  model: 'gpt-4o-mini-2024-07-18',
  choices: [{ index: 0, finish_reason, message: { role: 'assistant', ...message } }],
})
const message = (...texts: string[]) => ({
  type: 'message',
  content: texts.map(text => ({ type: 'output_text', text })),
})
const claude = (stop_reason: string | null, ...content: object[]) => ({
  type: 'message',
  model: 'claude-haiku-4-5',
  stop_reason,
  content,
})
const response = (status: string, ...output: object[]) => ({ model: 'gpt-5', status, output })

describe('an answer', () => {
  test.each([
    [
      'of a chat',
      'chat-completions',
      chat({ content: 'ready' }),
      { text: 'ready', cutShort: false, model: 'gpt-4o-mini-2024-07-18' },
    ],
    ['of model inference', 'models', chat({ content: 'ready' }), { text: 'ready', cutShort: false }],
    [
      'of the classic route',
      'azure-openai',
      chat({ content: 'ready' }, null),
      { text: 'ready', cutShort: false },
    ],
    [
      'that is a refusal of the model',
      'chat-completions',
      chat({ content: null, refusal: 'I may not' }),
      { text: '', instead: 'a refusal: "I may not"' },
    ],
    [
      'of which reasoning ate the budget',
      'chat-completions',
      chat({ content: '' }, 'length'),
      { text: '', cutShort: true },
    ],
    [
      'of which reasoning ate the budget, and no content is left',
      'chat-completions',
      chat({}, 'length'),
      { text: '', cutShort: true },
    ],
    ['that was held back', 'chat-completions', chat({}, 'content_filter'), { text: '', cutShort: false }],
    ['that is empty', 'chat-completions', chat({ content: '' }), { text: '', cutShort: false }],
    [
      'of which only the thoughts are told',
      'models',
      chat({ content: null, reasoning_content: 'They want' }),
      { text: '' },
    ],
    [
      'with no error beside it',
      'responses',
      { ...response('completed', message('ready')), error: null },
      { text: 'ready' },
    ],
    [
      'of responses that is a refusal',
      'responses',
      response('completed', { type: 'message', content: [{ type: 'refusal', refusal: 'I may not' }] }),
      { text: '', instead: 'a refusal: "I may not"' },
    ],
    [
      'of responses',
      'responses',
      response('completed', { type: 'reasoning' }, message('rea', 'dy')),
      { text: 'ready', cutShort: false, model: 'gpt-5' },
    ],
    [
      'of responses that was cut short',
      'responses',
      response('incomplete', { type: 'reasoning' }),
      { text: '', cutShort: true },
    ],
    [
      'of embeddings',
      'embeddings',
      { model: 'text-embedding-3-small', data: [{ embedding: [0.1, -0.2] }] },
      { text: '', cutShort: false, dimensions: 2, instead: 'an embedding of 2 dimensions' },
    ],
    [
      'of Claude, without its thoughts',
      'messages',
      claude(
        'end_turn',
        { type: 'thinking', thinking: 'They want one word.', signature: 'c2ln' },
        { type: 'text', text: 'rea' },
        { type: 'text', text: 'dy' },
      ),
      { text: 'ready', cutShort: false, model: 'claude-haiku-4-5' },
    ],
    [
      'of Claude that was cut short',
      'messages',
      claude('max_tokens', { type: 'text', text: 'Certainly! The' }),
      { text: 'Certainly! The', cutShort: true },
    ],
    [
      'of Claude of which thinking ate the budget',
      'messages',
      claude('max_tokens', { type: 'thinking', thinking: 'They want' }),
      { text: '', cutShort: true },
    ],
    ['of Claude that will not say', 'messages', claude('refusal'), { text: '', instead: 'a refusal' }],
    ['of Claude that has nothing to say', 'messages', claude('end_turn'), { text: '', cutShort: false }],
    [
      'of Claude that says why it will not',
      'messages',
      claude('refusal', { type: 'text', text: 'I may not' }),
      { text: '', instead: 'a refusal' },
    ],
  ] as const)('%s', (_, api, body, expected) => {
    expect(readAnswer(api, JSON.stringify(body))).toMatchObject(expected)
  })
})

/** Those whose answers are JSON, with an answer of theirs. */
const jsonAnswers = apis.flatMap(api => {
  const answer = parseJson(inferenceExamples[api].answer.body)
  return v.is(v.looseObject({}), answer) ? [[api, answer] as const] : []
})

test.each(jsonAnswers)('an answer with an error beside it does not count, with %s', (api, answer) => {
  const beside = (error: unknown) => readAnswer(api, JSON.stringify({ ...answer, error }))

  expect(beside(null)).toBeDefined()
  expect(beside({ code: '500', message: 'The backend did not answer in time.' })).toBeUndefined()
  expect(beside('No.')).toBeUndefined()
})

describe('no answer', () => {
  test.each([
    ['half a document', 'chat-completions', JSON.stringify(chat({ content: 'ready' })).slice(0, 40)],
    ['the page of a proxy', 'responses', '<html><body>Sign in</body></html>'],
    ['nothing', 'embeddings', ''],
    ['an error under a success', 'chat-completions', '{"error":{"code":"500","message":"oops"}}'],
    ['no choices', 'chat-completions', '{"choices":[]}'],
    ['a message of nothing', 'chat-completions', '{"choices":[{"message":{},"finish_reason":"stop"}]}'],
    ['a message without a word', 'chat-completions', JSON.stringify(chat({ content: null, refusal: null }))],
    ['a response that is complete, and holds nothing', 'responses', JSON.stringify(response('completed'))],
    ['a response whose message is of nothing', 'responses', JSON.stringify(response('completed', message()))],
    [
      'a response whose message has a part of nothing, beside a thought',
      'responses',
      JSON.stringify(
        response('completed', { type: 'reasoning' }, { type: 'message', content: [{ type: 'output_text' }] }),
      ),
    ],
    ['a block of Claude of nothing', 'messages', JSON.stringify(claude('end_turn', { type: 'text' }))],
    ['an image of no bytes', 'images', '{"data":[{"b64_json":""}]}'],
    ['an image at no address', 'images', '{"data":[{"url":""}]}'],
    ['an agent without a name', 'agents', '{"object":"agent","name":""}'],
    ['a message of Claude that ended for no reason', 'messages', JSON.stringify(claude(null))],
    ['a response that failed', 'responses', JSON.stringify(response('failed'))],
    ['a response that is still at work', 'responses', JSON.stringify(response('in_progress'))],
    ['no embeddings', 'embeddings', '{"data":[]}'],
    ['an embedding of nothing', 'embeddings', '{"data":[{"embedding":[]}]}'],
    [
      'an error of Claude under a success',
      'messages',
      '{"type":"error","error":{"type":"api_error","message":""}}',
    ],
    ['a chat where Claude was asked', 'messages', JSON.stringify(chat({ content: 'ready' }))],
    ['embeddings where a chat was asked for', 'chat-completions', '{"data":[{"embedding":[1]}]}'],
  ] as const)('is %s', (_, api, body) => {
    expect(readAnswer(api, body)).toBeUndefined()
  })

  test('is any text that is not JSON, and reading never fails', () => {
    fc.assert(
      fc.property(fc.constantFrom(...apis), fc.string(), fc.json(), (api, text, json) => {
        expect(readAnswer(api, `${text}{`)).toBeUndefined()
        expect(() => readAnswer(api, json)).not.toThrow()
      }),
    )
  })
})

test.each<[string, boolean]>([
  ['audio/mpeg', true],
  ['application/octet-stream', true],
  ['text/plain; charset=utf-8', true],
  ['', true],
  ['image/png', false],
  ['text/html; charset=utf-16', false],
  ['application/json', false],
])('bytes of the type "%s" are speech: %s', (type, isSpeech) => {
  const bytes = '\u{fffd}'.repeat(600)
  const answer = apiOf('speech').readAnswer(replyOf(200, bytes, { 'content-type': type }))
  expect(answer !== undefined).toBe(isSpeech)
})

test.each([
  [499, false],
  [500, true],
])('%d characters that begin like sound are speech: %s', (length, isSpeech) => {
  const answer = apiOf('speech').readAnswer(replyOf(200, 'ID3'.padEnd(length, 'x')))
  expect(answer !== undefined).toBe(isSpeech)
})

describe('an answer that was made long before it was sent is remembered', () => {
  const sentAt = Date.UTC(2026, 10, 29, 12)
  const ago = (minutes: number) => sentAt / 1000 - minutes * 60
  const chatOf = (created: unknown) => ({ object: 'chat.completion', created })
  test.each<[string, object, boolean]>([
    ['a chat of long ago', chatOf(ago(11)), true],
    ['a chat of now', chatOf(ago(10)), false],
    ['a chat of a clock that is ahead', chatOf(ago(-60)), false],
    ['a completion of long ago', { object: 'text_completion', created: ago(11) }, true],
    ['a response of long ago', { object: 'response', created_at: ago(11) }, true],
    ['a response of now', { object: 'response', created_at: ago(1) }, false],
    ['a chat without a time', chatOf(0), false],
    ['a chat before there were any', chatOf(Date.UTC(2022, 11, 31) / 1000), false],
    ['a chat of the first day', chatOf(Date.UTC(2023) / 1000), true],
    ['an agent of long ago', { object: 'assistant', created_at: ago(11) }, false],
    ['a list', { object: 'list', data: [] }, false],
  ])('%s', (_, body, expected) => {
    const date = new Date(sentAt).toUTCString()
    expect(isRemembered(replyOf(200, body, { date }))).toBe(expected)
  })

  test('an answer is not remembered if the reply has no date', () => {
    expect(isRemembered(replyOf(200, chatOf(ago(60))))).toBe(false)
  })
})

test.each<[string, object, string | undefined]>([
  ['a chat', { object: 'chat.completion', id: 'chatcmpl-0123456789' }, 'chatcmpl-0123456789'],
  ['a completion', { object: 'text_completion', id: 'cmpl-0123456789ab' }, 'cmpl-0123456789ab'],
  ['a response', { object: 'response', id: 'resp_0123456789abc' }, 'resp_0123456789abc'],
  ['a message of Claude', { type: 'message', id: 'msg_0123456789abcd' }, 'msg_0123456789abcd'],
  ['a chat whose id was drawn from few', { object: 'chat.completion', id: 'chatcmpl-123456' }, undefined],
  ['a chat without one', { object: 'chat.completion' }, undefined],
  [
    'an agent, whose id is that of every reply',
    { object: 'assistant', id: 'asst_0123456789abcdef' },
    undefined,
  ],
])('what distinguishes %s from every other answer', (_, body, id) => {
  expect(idOfAnswer(JSON.stringify(body))).toBe(id)
})
