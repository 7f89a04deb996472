import type { Deployment } from '../world.ts'

/**
 * What the model of a deployment can do, in the words and the form of Resource Manager: flags are the text "true". Read
 * from dumps of `az cognitiveservices account deployment show` of 2026: gpt-4.1-mini, text-embedding-ada-002. What a
 * Claude deployment lists is not known; here it lists nothing.
 */
export function capabilitiesOf({ model, capabilities }: Deployment): Readonly<Record<string, string>> {
  if (capabilities !== undefined) return capabilities
  if (model.format === 'Anthropic') return {}
  if (/embed/i.test(model.name)) return { embeddings: 'true', embeddingsMaxInputs: '2048' }
  if (model.format !== 'OpenAI') return { chatCompletion: 'true' }
  return { agentsV2: 'true', assistants: 'true', chatCompletion: 'true', responses: 'true' }
}
