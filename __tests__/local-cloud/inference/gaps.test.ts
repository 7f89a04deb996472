import { gapAt } from '../../../local-cloud/inference/gaps.ts'
import { callerForAll, errorOf } from './caller.ts'

const caller = callerForAll()

describe('what Azure has and the local cloud lacks answers 501 with its name', () => {
  test.each([
    ['GET', '/openai/v1/files', 'the files of /openai'],
    ['POST', '/openai/v1/batches', 'the batches of /openai'],
    ['GET', '/openai/v1/fine_tuning/jobs', 'the fine_tuning of /openai'],
    ['POST', '/openai/v1/vector_stores', 'the vector_stores of /openai'],
    ['POST', '/openai/threads?api-version=2024-05-01-preview', 'the threads of /openai'],
    ['GET', '/openai/v1/chat/completions', 'stored chat completions'],
    ['POST', '/openai/v1/images/edits', 'the images/edits of /openai'],
    [
      'POST',
      '/openai/deployments/w/audio/translations?api-version=2024-06-01',
      'the audio/translations of a deployment',
    ],
    ['POST', '/models/images/embeddings?api-version=2024-05-01-preview', 'embeddings of images'],
    ['GET', '/api/projects/shop/indexes?api-version=v1', 'the indexes of a project'],
    ['POST', '/api/projects/shop/openai/v1/evals', 'the evals of a project'],
    ['POST', '/contentsafety/text:analyze?api-version=2024-09-01', 'the service contentsafety'],
  ])('%s %s', async (method, path, what) => {
    const answer = await caller.ask(path, method === 'GET' ? undefined : {}, { method })
    expect([answer.status, errorOf(answer)]).toMatchObject([
      501,
      { code: 'LocalCloudNotImplemented', message: expect.stringContaining(what) },
    ])
    expect(caller.plane.journal.entries.at(-1)?.unimplemented).toContain(what)
  })
})

test.each([
  '/openai/v1/nonsense',
  '/openai/v1/filesystem',
  '/v1/chat/completions',
  '/',
  '/openai/deployments/chat',
])('%s does not exist in Azure either, and answers 404', async path => {
  expect(gapAt(path)).toBeUndefined()
  const answer = await caller.ask(path, {})
  expect([answer.status, errorOf(answer).message]).toEqual([404, 'Resource not found'])
})

test('a path that the Anthropic API does not have answers 404 api_not_supported', async () => {
  const answer = await caller.ask('/anthropic/v1/v1/messages', {})
  expect([answer.status, errorOf(answer)]).toMatchObject([404, { code: 'api_not_supported' }])
})

test('without credentials such a path answers 401', async () => {
  const { plane } = caller
  expect((await plane.ask('/openai/v1/files', { method: 'GET' })).status).toBe(401)
})
