import { operations } from '../../../local-cloud/inference/operations.ts'
import { readActionMetadata } from '../../../scripts/action-metadata.ts'
import { cloudOf } from '../../../src/azure/clouds.ts'
import { type Api, apis, classicApi } from '../../../src/services/inference/apis/choices.ts'
import { apiOf, registry } from '../../../src/services/inference/apis/index.ts'
import { kinds } from '../../../src/services/inference/model-kind.ts'
import { routeOf } from '../../../src/services/inference/route.ts'
import { requestOf } from '../../../src/services/inference/smoke-call.ts'
import { inferenceExamples } from '../../support/inference-examples.ts'
import { replyOf } from '../../support/replies.ts'

const endpoints = {
  openAI: 'https://contoso.openai.azure.com',
  modelInference: 'https://contoso.services.ai.azure.com',
  project: 'https://contoso.services.ai.azure.com/api/projects/app',
}
const { inferenceAudiences: audiences } = cloudOf('AzureCloud', {})
const settings = { prompt: 'Answer with the one word ready.', maxOutputTokens: 16, expect: undefined }

describe.each(apis)('%s', api => {
  const { operation: name, answer } = inferenceExamples[api]
  const operation = operations[name]
  // Every route that an API has beside one in a project.
  const at = apiOf(api).ofProject ? endpoints : { ...endpoints, project: undefined }
  const route = routeOf({ deployment: 'chat' }, api, { endpoints: at, audiences })

  test('has a route in the local cloud, by method and path', () => {
    expect(requestOf(route, settings).method).toBe(operation.method)
    expect(new URL(route.url).pathname).toMatch(operation.path)
  })

  test('needs the data action that the local cloud asks for', () => {
    expect(route.dataAction).toBe(`Microsoft.CognitiveServices/accounts/${operation.dataAction}`)
  })

  test('first signs in for an audience that the local cloud accepts', () => {
    expect(operation.api.audiences).toContain(route.audiences[0])
  })

  test('sends a key in the header that the local cloud reads', () => {
    expect(apiOf(api).keyHeader).toBe(operation.api.keyHeader)
  })

  test('accepts an answer of the service, but not an error, a page or another answer', () => {
    const { readAnswer } = apiOf(api)

    expect(readAnswer(answer)).toBeDefined()
    expect(readAnswer(replyOf(200, { error: { code: '500', message: 'oops' } }))).toBeUndefined()
    expect(readAnswer(replyOf(200, '<html>Sign in</html>', { 'content-type': 'text/html' }))).toBeUndefined()
    expect(readAnswer(replyOf(200, {}))).toBeUndefined()
  })
})

test('every API that users can name has a unique name, and belongs to one kind of model', () => {
  expect(new Set(apis).size).toBe(apis.length)
  expect(registry.map(({ name }) => name)).toEqual(apis)
  expect(kinds.reduce((count, line) => count + line.apis.length, 0)).toBe(registry.length)
})

test('an unknown API does not become chat', () => {
  const unknown = JSON.parse('"transmogrification"') as Api

  expect(() => apiOf(unknown)).toThrow('No such API: transmogrification')
})

test('action.yml describes exactly these', () => {
  const [last = '', ...others] = registry
    .map(({ name, about }) => (about === undefined ? `\`${name}\`` : `\`${name}\` (${about})`))
    .toReversed()

  expect(readActionMetadata().inputs.api?.description).toBe(
    `API of the smoke call for deployments that do not name their own - \`auto\`, ${others.toReversed().join(', ')} or ${last}.`,
  )
})

test.each([
  ['chat/completions', 'azure-openai'],
  ['completions', 'completions'],
  ['embeddings', 'embeddings'],
  ['images/generations', 'images'],
  ['audio/transcriptions', 'transcriptions'],
  ['audio/speech', 'speech'],
  ['images/edits', undefined],
  [undefined, undefined],
])('an address from before v1 that ends in %s is of %s', (operation, api) => {
  expect(classicApi(operation)).toBe(api)
})
