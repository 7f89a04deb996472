/** The inference APIs that a deployment can be proven by. */
export const apis = [
  'chat-completions',
  'responses',
  'embeddings',
  'models',
  'messages',
  'azure-openai',
] as const
export type Api = (typeof apis)[number]

/** The header in which an API takes a key. */
export const keyHeaders: Readonly<Record<Api, string>> = {
  'chat-completions': 'api-key',
  responses: 'api-key',
  embeddings: 'api-key',
  models: 'api-key',
  messages: 'x-api-key',
  'azure-openai': 'api-key',
}
