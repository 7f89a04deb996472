import { cloudAt } from '../../conformance/cloud.ts'
import type { Send } from '../../conformance/send.ts'
import { replyOf } from '../support/replies.ts'

/** Which cloud belongs to the address of a Resource Manager, by what that tells. */

const told = (login: string, graph: string) => ({
  authentication: { loginEndpoint: login },
  microsoftGraphResourceId: graph,
})
const answers =
  (status: number, body: string | object): Send =>
  async () =>
    replyOf(status, body)

test('a cloud of Azure has its own audiences; without one for Foundry, the other one is used', async () => {
  const send = answers(200, told('https://login.microsoftonline.us/', 'https://graph.microsoft.us/'))

  expect(await cloudAt('https://management.usgovcloudapi.net/', send)).toEqual({
    entra: 'https://login.microsoftonline.us',
    resourceManager: 'https://management.usgovcloudapi.net',
    graph: 'https://graph.microsoft.us',
    audiences: {
      'resource-manager': 'https://management.usgovcloudapi.net',
      'cognitive-services': 'https://cognitiveservices.azure.us',
      foundry: 'https://cognitiveservices.azure.us',
      graph: 'https://graph.microsoft.us',
    },
  })
})

test('a cloud that is not one of Azure has its own hosts, and the audiences of Azure', async () => {
  const send = answers(200, told('https://127.0.0.1:2/', 'https://127.0.0.1:3/'))

  expect(await cloudAt('https://127.0.0.1:1', send)).toEqual({
    entra: 'https://127.0.0.1:2',
    resourceManager: 'https://127.0.0.1:1',
    graph: 'https://127.0.0.1:3',
    audiences: {
      'resource-manager': 'https://management.azure.com',
      'cognitive-services': 'https://cognitiveservices.azure.com',
      foundry: 'https://ai.azure.com',
      graph: 'https://graph.microsoft.com',
    },
  })
})

test.each([
  [403, told('https://127.0.0.1:2/', 'https://127.0.0.1:3/')],
  [200, told('https://127.0.0.1:2/', 'nowhere')],
  [200, 'no JSON'],
])('an answer %i %j is not metadata of a cloud', async (status, body) => {
  await expect(cloudAt('https://127.0.0.1:1', answers(status, body))).rejects.toThrow(
    `https://127.0.0.1:1/metadata/endpoints?api-version=2022-09-01 answered ${status}, without metadata of a cloud`,
  )
})
