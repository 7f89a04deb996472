import type { Deployment } from '../world.ts'

const kinds: ReadonlyArray<readonly [RegExp, Readonly<Record<string, string>>]> = [
  [
    /realtime/i,
    { assistants: 'false', chatCompletion: 'false', completion: 'false', realtime: 'true', audio: 'true' },
  ],
  [/dall-e|gpt-image/i, { imageGenerations: 'true', inference: 'true' }],
  [/whisper|transcribe|tts/i, { audio: 'true' }],
  [/turbo-instruct|davinci-002|babbage-002/i, { completion: 'true' }],
  [/rerank|document-ai|ocr|flux|mai-image|sora/i, {}],
]

/**
 * What the model of a deployment can do, in the words and the form of Resource Manager: flags are the text "true". Read
 * from dumps of `az cognitiveservices account deployment show` of 2026: gpt-4.1-mini, text-embedding-ada-002. What a
 * Claude deployment lists is not known; here it lists nothing. Realtime: a dump of `az cognitiveservices model list` of
 * gpt-realtime-mini; images: one of dall-e-3 in the documents of azcollection. What the other kinds list is taken from programs that
 * read it, and of makers other than OpenAI many list nothing.
 */
export function capabilitiesOf({
  model,
  capabilities,
}: Pick<Deployment, 'model'> & Partial<Pick<Deployment, 'capabilities'>>): Readonly<Record<string, string>> {
  if (capabilities !== undefined) return capabilities
  if (model.format === 'Anthropic') return {}
  const special = kinds.find(([pattern]) => pattern.test(model.name))
  if (special !== undefined) return special[1]
  if (/embed/i.test(model.name)) return { embeddings: 'true', embeddingsMaxInputs: '2048' }
  if (model.format !== 'OpenAI') return { chatCompletion: 'true' }
  return { agentsV2: 'true', assistants: 'true', chatCompletion: 'true', responses: 'true' }
}
