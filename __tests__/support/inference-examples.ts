import { defaultWorld } from '../../local-cloud/default-world.ts'
import type { OperationName } from '../../local-cloud/inference/operations.ts'
import type { HttpReply } from '../../src/core/http/client.ts'
import type { Api } from '../../src/services/inference/apis/choices.ts'
import { replyOf } from './replies.ts'

/** What a test needs to know of each inference API. A new one does not compile before it is here. */
interface InferenceExample {
  /** In words, for documents. */
  title: string
  /** The route of the local cloud. */
  operation: OperationName
  /** Inputs that lead there, in the default world. */
  inputs?: Readonly<Record<string, string>>
  /** An answer as the service gives it. */
  answer: HttpReply
  /** Where the answer is from. */
  source: string
}

const [account] = defaultWorld.accounts ?? []
const accountOfDefaultWorld = `/subscriptions/${account?.subscriptionId}/resourceGroups/${account?.resourceGroup}/providers/Microsoft.CognitiveServices/accounts/${account?.name}`

const filtered = { filtered: false, severity: 'safe' }

/** An exchange with gpt-4o-mini: openllmetry, traces/cassettes/test_azure/test_chat.yaml, cut. */
const chatCompletion = {
  choices: [
    {
      content_filter_results: { hate: filtered, self_harm: filtered, sexual: filtered, violence: filtered },
      finish_reason: 'stop',
      index: 0,
      logprobs: null,
      message: {
        annotations: [],
        content: "Sure! Here's a joke about OpenTelemetry",
        refusal: null,
        role: 'assistant',
      },
    },
  ],
  created: 1774963064,
  id: 'chatcmpl-9HpbZPf84KZFiQG6fdY0KVtIwHyIa',
  model: 'gpt-4o-mini-2024-07-18',
  object: 'chat.completion',
  system_fingerprint: 'fp_10ca1c10fd',
  usage: { completion_tokens: 28, prompt_tokens: 15, total_tokens: 43 },
}
const recordedChat = {
  answer: replyOf(200, chatCompletion),
  source: "recorded: openllmetry's cassettes of Azure OpenAI, test_azure/test_chat.yaml",
}

export const inferenceExamples: Readonly<Record<Api, InferenceExample>> = {
  'chat-completions': {
    title: 'chat completions',
    operation: 'chatCompletions.create',
    ...recordedChat,
  },
  responses: {
    title: 'responses',
    operation: 'responses.create',
    inputs: { api: 'responses' },
    answer: replyOf(200, {
      id: 'resp_67ccd2bed1ec8190b14f964abc0542670bb6a6b452d3795b',
      object: 'response',
      created_at: 1741476542,
      status: 'completed',
      error: null,
      incomplete_details: null,
      model: 'gpt-4.1-2025-04-14',
      output: [
        {
          type: 'message',
          id: 'msg_67ccd2bf17f0819081ff3bb2cf6508e60bb6a6b452d3795b',
          status: 'completed',
          role: 'assistant',
          content: [{ type: 'output_text', text: 'In a peaceful grove', annotations: [] }],
        },
      ],
      usage: { input_tokens: 36, output_tokens: 87, total_tokens: 123 },
    }),
    source: "example of OpenAI's description, createResponse",
  },
  models: {
    title: 'Foundry model inference',
    operation: 'modelInference.chatCompletions.create',
    inputs: { deployments: 'DeepSeek-V3' },
    ...recordedChat,
  },
  messages: {
    title: 'messages (Claude)',
    operation: 'messages.create',
    inputs: { deployments: 'claude-haiku-4-5' },
    answer: replyOf(200, {
      id: 'msg_013Zva2CMHLNnXjNJJKqJ2EF',
      type: 'message',
      role: 'assistant',
      content: [{ type: 'text', text: 'Hi! My name is Claude.' }],
      model: 'claude-haiku-4-5',
      stop_reason: 'end_turn',
      stop_sequence: null,
      usage: { input_tokens: 2095, output_tokens: 503 },
    }),
    source: "example of Anthropic's reference, Create a Message",
  },
  'azure-openai': {
    title: 'classic Azure OpenAI',
    operation: 'azureOpenai.chatCompletions.create',
    inputs: { api: 'azure-openai' },
    ...recordedChat,
  },
  embeddings: {
    title: 'embeddings',
    operation: 'embeddings.create',
    inputs: { deployments: 'embeddings' },
    answer: replyOf(200, {
      object: 'list',
      data: [{ object: 'embedding', embedding: [0.0023064255, -0.009327292, -0.0028842222], index: 0 }],
      model: 'text-embedding-ada-002',
      usage: { prompt_tokens: 8, total_tokens: 8 },
    }),
    source: "example of OpenAI's description, createEmbedding",
  },
  completions: {
    title: 'completions (before chat)',
    operation: 'azureOpenai.completions.create',
    inputs: { deployments: 'completions' },
    answer: replyOf(200, {
      id: 'cmpl-7QmVI15qgYVllxK0FtxVGG6ywfzaq',
      created: 1686617332,
      choices: [{ text: 'es\n\nThe head mango.', index: 0, finish_reason: 'stop', logprobs: null }],
      usage: { completion_tokens: 20, prompt_tokens: 6, total_tokens: 26 },
    }),
    source: 'official description of Azure OpenAI, 2024-06-01, examples/completions.json',
  },
  images: {
    title: 'images',
    operation: 'images.generate',
    inputs: { deployments: 'images' },
    answer: replyOf(200, {
      created: 1698342300,
      data: [
        {
          revised_prompt: 'A vivid, natural representation of Microsoft Clippy wearing a cowboy hat.',
          url: 'https://dalletipusw2.blob.core.windows.net/private/images/e5451cc6/generated_00.png',
        },
      ],
    }),
    source: 'official description of Azure OpenAI, 2024-06-01, examples/image_generation.json',
  },
  speech: {
    title: 'speech',
    operation: 'audio.speech.create',
    inputs: { deployments: 'speech' },
    answer: replyOf(200, Buffer.from([0xff, 0xf3, 0x44, 0xc4]).toString('utf8').padEnd(2000, '\0'), {
      'content-type': 'audio/mpeg',
    }),
    source: 'the head of a frame of MPEG 2, layer III (ISO 13818-3), and silence',
  },
  transcriptions: {
    title: 'transcriptions',
    operation: 'azureOpenai.audio.transcriptions.create',
    inputs: { deployments: 'transcription' },
    answer: replyOf(200, { text: 'A structured object when requesting json or verbose_json' }),
    source: 'official description of Azure OpenAI, 2024-06-01, examples/audio_transcription_object.json',
  },
  realtime: {
    title: 'realtime',
    operation: 'realtime.connect',
    inputs: { deployments: 'realtime' },
    answer: replyOf(101, '', { upgrade: 'websocket' }),
    source: 'RFC 6455, 4.2.2',
  },
  rerank: {
    title: 'rerank (Cohere)',
    operation: 'cohere.rerank',
    inputs: { deployments: 'rerank' },
    answer: replyOf(200, {
      results: [
        { index: 3, relevance_score: 0.999071 },
        { index: 4, relevance_score: 0.7867867 },
      ],
      id: '07734bd2-2473-4f07-94e1-0d9f0e6843cf',
      meta: { api_version: { version: '2' }, billed_units: { search_units: 1 } },
    }),
    source: "example of Cohere's reference, v2 rerank",
  },
  ocr: {
    title: 'documents (Mistral)',
    operation: 'mistral.ocr',
    inputs: { deployments: 'documents' },
    answer: replyOf(200, {
      pages: [
        {
          index: 0,
          markdown: '# LEVERAGING UNLABELED DATA',
          images: [],
          dimensions: { dpi: 200, height: 2200, width: 1700 },
        },
      ],
      model: 'mistral-ocr-2505-completion',
      document_annotation: null,
      usage_info: { pages_processed: 1, doc_size_bytes: 3002783 },
    }),
    source: "example of Mistral's documents, basic OCR",
  },
  agents: {
    title: 'agents of a project',
    operation: 'projects.agents.get',
    inputs: { deployments: 'helper=agents', 'resource-id': `${accountOfDefaultWorld}/projects/shop` },
    answer: replyOf(200, {
      object: 'agent',
      id: 'helper',
      name: 'helper',
      versions: { latest: { object: 'agent.version', id: 'helper:1', name: 'helper', version: '1' } },
    }),
    source: 'description of Foundry projects, version v1, AgentDetails',
  },
}
