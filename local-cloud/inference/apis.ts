import type { Account } from '../world.ts'
import {
  apiVersionNotAllowed,
  apiVersionNotSupported,
  resourceNotFound,
  responsesNeedVersion,
} from './refusals.ts'

/** What the routes of one family of APIs have in common. */
export interface Api {
  /** Token audiences that are accepted, without a trailing slash. */
  audiences: readonly string[]
  /** Kinds of account that serve it. */
  kinds: ReadonlyArray<Account['kind']>
  /** The header for a key. */
  keyHeader: 'api-key' | 'x-api-key'
  /** True: a bearer may be a key, because OpenAI's clients cannot send a key in any other way. */
  keyAsBearer: boolean
  /** True: denials link to the Foundry page on permissions. */
  guidance: boolean
  /** @throws Refusal */
  checkApiVersion(apiVersion: string | null): void
}

const COGNITIVE_SERVICES = 'https://cognitiveservices.azure.com'
const FOUNDRY = 'https://ai.azure.com'

/** Versions of the classic API that serve chat and embeddings: the stable ones, and the previews that are not retired. */
const CLASSIC_VERSIONS = [
  '2023-05-15',
  '2024-02-01',
  '2024-06-01',
  '2024-10-21',
  '2024-08-01-preview',
  '2024-09-01-preview',
  '2024-10-01-preview',
  '2024-12-01-preview',
  '2025-01-01-preview',
  '2025-02-01-preview',
  '2025-03-01-preview',
  '2025-04-01-preview',
]

const RESPONSES_SINCE = '2025-03-01-preview'

const MODEL_INFERENCE_VERSION = '2024-05-01-preview'

function noDatedVersion(apiVersion: string | null): void {
  if (apiVersion !== null && apiVersion !== 'v1' && apiVersion !== 'preview') throw apiVersionNotAllowed()
}

/** `/openai/v1` at the account. In a project the same API belongs to another family. */
export const openaiV1: Api = {
  audiences: [COGNITIVE_SERVICES, FOUNDRY],
  kinds: ['AIServices', 'OpenAI'],
  keyHeader: 'api-key',
  keyAsBearer: true,
  guidance: true,
  checkApiVersion: noDatedVersion,
}

export const classic: Api = {
  audiences: [COGNITIVE_SERVICES],
  kinds: ['AIServices', 'OpenAI'],
  keyHeader: 'api-key',
  keyAsBearer: false,
  guidance: false,
  checkApiVersion(apiVersion) {
    if (apiVersion === null) throw resourceNotFound()
    if (!CLASSIC_VERSIONS.includes(apiVersion)) throw apiVersionNotSupported()
  },
}

/** `/openai/responses` is newer than the rest. Its refusal names the versions that have it. */
export const classicResponses: Api = {
  ...classic,
  checkApiVersion(apiVersion) {
    classic.checkApiVersion(apiVersion)
    if (apiVersion !== null && apiVersion < RESPONSES_SINCE) throw responsesNeedVersion(RESPONSES_SINCE)
  },
}

/** `/models`. It accepts either audience, as its own refusal says. */
export const modelInference: Api = {
  audiences: [COGNITIVE_SERVICES, FOUNDRY],
  kinds: ['AIServices'],
  keyHeader: 'api-key',
  keyAsBearer: true,
  guidance: true,
  checkApiVersion(apiVersion) {
    if (apiVersion !== MODEL_INFERENCE_VERSION) throw resourceNotFound()
  },
}

export const anthropic: Api = {
  audiences: [FOUNDRY],
  kinds: ['AIServices'],
  keyHeader: 'x-api-key',
  keyAsBearer: true,
  guidance: true,
  checkApiVersion() {},
}

export const project: Api = {
  audiences: [FOUNDRY],
  kinds: ['AIServices'],
  keyHeader: 'api-key',
  keyAsBearer: false,
  guidance: true,
  checkApiVersion: noDatedVersion,
}

/** Routes in the format of the model's maker, at Foundry's host. */
export const providers: Api = {
  audiences: [COGNITIVE_SERVICES, FOUNDRY],
  kinds: ['AIServices'],
  keyHeader: 'api-key',
  keyAsBearer: true,
  guidance: true,
  checkApiVersion() {},
}

/** The version that azure-ai-projects sends since it can reach agents. */
const PROJECT_VERSIONS = ['v1', '2025-05-01', '2025-05-15-preview', '2025-11-15-preview']

/** Agents, deployments and connections of a project. They need a version. */
export const projectResources: Api = {
  ...project,
  checkApiVersion(apiVersion) {
    if (apiVersion === null || !PROJECT_VERSIONS.includes(apiVersion)) throw apiVersionNotSupported()
  },
}
