import { DefaultAzureCredential, getBearerTokenProvider } from '@azure/identity'
import { ChatOpenAI } from '@langchain/openai'

const model = new ChatOpenAI({
  model: 'chat',
  configuration: { baseURL: `${process.env.AZURE_OPENAI_ENDPOINT}/openai/v1` },
  apiKey: getBearerTokenProvider(
    new DefaultAzureCredential(),
    'https://cognitiveservices.azure.com/.default',
  ),
})
const { content } = await model.invoke('Are you there?')
process.stdout.write(`${content}\n`)
