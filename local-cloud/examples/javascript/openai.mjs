import { DefaultAzureCredential, getBearerTokenProvider } from '@azure/identity'
import OpenAI from 'openai'

const client = new OpenAI({
  baseURL: `${process.env.AZURE_OPENAI_ENDPOINT}/openai/v1`,
  apiKey: getBearerTokenProvider(
    new DefaultAzureCredential(),
    'https://cognitiveservices.azure.com/.default',
  ),
})
const { choices } = await client.chat.completions.create({
  model: 'chat',
  messages: [{ role: 'user', content: 'Are you there?' }],
})
process.stdout.write(`${choices[0]?.message.content}\n`)
