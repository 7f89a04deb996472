import { cloudOf } from '../../../src/azure/clouds.ts'
import { routesBeside, sameAction } from '../../../src/services/inference/beside-calls.ts'
import { dataActionsNamed } from '../../../src/services/inference/named-actions.ts'

const audiences = cloudOf('AzureCloud', {}).inferenceAudiences
const dataPlane = (project?: string) => ({
  endpoints: { openAI: 'https://a.example', modelInference: 'https://b.example', project },
  audiences,
})
const project = 'https://b.example/api/projects/shop'

test.each<[string, string | undefined, number]>([
  ['Microsoft.CognitiveServices/accounts/AIServices/agents/read', project, 1],
  ['microsoft.cognitiveservices/accounts/aiservices/agents/READ', project, 1],
  ['Microsoft.CognitiveServices/accounts/AIServices/agents/read', undefined, 0],
  ['Microsoft.CognitiveServices/accounts/AIServices/agents/write', project, 0],
])('%s, in the project %s: %i routes show it', (dataAction, at, count) => {
  expect(routesBeside([dataAction], dataPlane(at))).toHaveLength(count)
})

test('data actions are compared without case', () => {
  expect(sameAction('Microsoft.A/b/read', 'microsoft.a/B/read')).toBe(true)
  expect(sameAction('Microsoft.A/b/read', 'Microsoft.A/c/read')).toBe(false)
})

test('a name means several data actions, in any case; a wildcard means none', () => {
  expect(dataActionsNamed('Agents')).toHaveLength(2)
  expect(dataActionsNamed('Microsoft.CognitiveServices/accounts/OpenAI/*')).toBeUndefined()
})
