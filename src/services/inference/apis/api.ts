import type { InferenceAudiences } from '../../../azure/clouds.ts'
import type { Endpoints } from '../../../azure/endpoint.ts'
import type { Failure } from '../../../core/failures/failure.ts'
import type { HttpReply, HttpRequest } from '../../../core/http/client.ts'
import type { Answer } from '../answer.ts'
import type { Choice } from './choices.ts'

/** Endpoints of an account, and the tokens for them. */
export interface DataPlane {
  endpoints: Endpoints
  audiences: InferenceAudiences
  /** Used instead: the audience of a gateway. */
  tokenAudience?: string | undefined
  /** The version that the caller uses on versioned routes; absent: the default of each route. */
  apiVersion?: string | undefined
}

export type Addresses = Pick<DataPlane, 'apiVersion'> & Endpoints

/** What is called. */
export interface Target {
  deployment: string
  /** Name of its model; the deployment's own name if the model is not known. */
  model: string
}

/** An address, and the data action that a role has to give for it. */
export interface Place {
  url: string
  dataAction: string
}

/** The request to a model. */
export interface SmokeSettings {
  prompt: string
  maxOutputTokens: number
  expect: RegExp | undefined
}

/** Request parameters that models disagree about. A refusal changes them, and the call is repeated. */
export type Shape = Readonly<Record<string, string | number>>

export interface Adaptation {
  shape: Shape
  /** What was changed, in a few words. */
  because: string
}

/** One API that proves a deployment. Each has its own file; the table of kinds, model-kind.ts, lists them. */
export interface InferenceApi extends Choice {
  /** The name that users write. */
  name: string
  /** What it is, if the name does not say it. */
  about?: string
  /** The models that it is for, in the plural. */
  calls: string
  /** The header for a key. */
  keyHeader: 'api-key' | 'x-api-key'
  /** Whether its answer is text that depends on the prompt: then `expect` is checked against it. */
  answersPrompt: boolean
  /**
   * The usual place first. Another one is tried if the place before does not serve the deployment, or does not accept the
   * token.
   */
  placesOf: (target: Target, at: Addresses) => readonly [Place, ...Place[]]
  /** Audiences that it may accept, most likely first. */
  audiencesOf: (audiences: InferenceAudiences, at: Pick<Endpoints, 'project'>) => string[]
  firstShape: (settings: SmokeSettings, target: Target) => Shape
  requestOf: (target: Target, prompt: string, shape: Shape) => Omit<HttpRequest, 'url'>
  /** @returns undefined if a successful reply is not an answer of this API: half a document, a proxy's page. */
  readAnswer: (reply: HttpReply) => Answer | undefined
  /** The shape that a model's refusal asks for; undefined if the refusal is final. */
  adapt?: (shape: Shape, failure: Failure) => Adaptation | undefined
}

/** Data actions of an account, by the part after their common prefix. */
export const dataAction = (name: string): string => `Microsoft.CognitiveServices/accounts/${name}`

export const agentsRead = dataAction('AIServices/agents/read')

/** Needed by the provider-native routes of makers other than OpenAI: from an error message of the service, for Claude's. */
export const providersDataAction = dataAction('AIServices/providers/action')

/** The address of an operation of v1. */
export const v1Url = (
  { openAI, v1 = `${openAI}/openai/v1` }: Pick<Endpoints, 'openAI' | 'v1'>,
  operation: string,
): string => `${v1}/${operation}`

export const postJson = (
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Omit<HttpRequest, 'url'> => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
  body: JSON.stringify(body),
})
