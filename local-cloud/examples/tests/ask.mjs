import { DefaultAzureCredential, getBearerTokenProvider } from '@azure/identity'
import OpenAI from 'openai'

// Nothing here knows about the local cloud.

let token

/** What the model says. */
export async function ask(question) {
  token ??= getBearerTokenProvider(
    new DefaultAzureCredential(),
    'https://cognitiveservices.azure.com/.default',
  )
  const client = new OpenAI({ baseURL: `${process.env.AZURE_OPENAI_ENDPOINT}/openai/v1`, apiKey: token })
  const { choices } = await client.chat.completions.create({
    model: 'chat',
    messages: [{ role: 'user', content: question }],
  })
  return choices[0]?.message.content
}
