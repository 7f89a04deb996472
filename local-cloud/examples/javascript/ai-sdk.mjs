import { createAzure } from '@ai-sdk/azure'
import { DefaultAzureCredential, getBearerTokenProvider } from '@azure/identity'
import { generateText } from 'ai'

const azure = createAzure({
  baseURL: `${process.env.AZURE_OPENAI_ENDPOINT}/openai/v1`,
  tokenProvider: getBearerTokenProvider(
    new DefaultAzureCredential(),
    'https://cognitiveservices.azure.com/.default',
  ),
})
const { text } = await generateText({ model: azure('chat'), prompt: 'Are you there?' })
process.stdout.write(`${text}\n`)
