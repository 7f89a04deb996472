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
 * What the model of a deployment can do, in Resource Manager's words. A flag is the text "true".
 * Sources: dumps of `az cognitiveservices account deployment show` of 2026 for gpt-4.1-mini and text-embedding-ada-002; a dump of
 * `az cognitiveservices model list` for gpt-realtime-mini (realtime); the documents of azcollection for dall-e-3 (images). The
 * other kinds are taken from programs that read the list.
 * Many models of makers other than OpenAI list nothing. Nobody here knows what a Claude deployment lists, so it lists nothing.
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
