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
