import type { InferenceAudiences } from '../../../azure/clouds.ts'
import type { Endpoints } from '../../../azure/endpoint.ts'
import type { Failure } from '../../../core/failures/failure.ts'
import type { HttpReply, HttpRequest } from '../../../core/http/client.ts'
import type { Answer } from '../answer.ts'

/** What is called of an account, and by which tokens. */
export interface DataPlane {
  endpoints: Endpoints
  audiences: InferenceAudiences
  /** In their place: that of a gateway. */
  tokenAudience?: string | undefined
  /** The version that the caller uses on routes with one; absent: the usual one of each route. */
  apiVersion?: string | undefined
}

export type Addresses = Pick<DataPlane, 'apiVersion'> & Endpoints

/** What is called. */
export interface Target {
  deployment: string
  /** Name of its model; the deployment's own where that is not known. */
  model: string
}

/** Where it is called, and the data action that a role has to give. */
export interface Place {
  url: string
  dataAction: string
}

/** What is asked of a model. */
export interface SmokeSettings {
  prompt: string
  maxOutputTokens: number
  expect: RegExp | undefined
}

/** The parameters of a request that models disagree about. A refusal changes them, and the call is made again. */
export type Shape = Readonly<Record<string, string | number>>

export interface Adaptation {
  shape: Shape
  /** What was changed, in a few words. */
  because: string
}

/** One API by which a deployment is proven. Each has a file of its own; the table of kinds, model-kind.ts, lists them. */
export interface InferenceApi {
  /** As users write it. */
  name: string
  /** What it is, where the name does not say it. */
  about?: string
  /** Which models it is for, in the plural. */
  calls: string
  /** The header in which it takes a key. */
  keyHeader: 'api-key' | 'x-api-key'
  /** What a smoke call is charged by. What is billed per item is never called unasked, nor twice where once will do. */
  cost: 'tokens' | 'piece' | 'nothing'
  /** Whether its answer is text that follows from the prompt: what `expect` is checked against. */
  answersPrompt: boolean
  /** It calls what a project has, not a deployment of the resource. */
  ofProject?: true
  /** It has a route with a dated version, which callers choose. */
  takesVersion?: true
  /** The usual place first. Another is tried where the one before does not serve the deployment, or does not take the token. */
  placesOf: (target: Target, at: Addresses) => readonly [Place, ...Place[]]
  /** Audiences that it may accept, most likely first. */
  audiencesOf: (audiences: InferenceAudiences, at: Pick<Endpoints, 'project'>) => string[]
  firstShape: (settings: SmokeSettings, target: Target) => Shape
  requestOf: (target: Target, prompt: string, shape: Shape) => Omit<HttpRequest, 'url'>
  /** @returns undefined where a reply with a status of success is no answer of this API: half a document, a proxy's page. */
  readAnswer: (reply: HttpReply) => Answer | undefined
  /** The shape that a model asks for by refusing another; undefined where the refusal is final. */
  adapt?: (shape: Shape, failure: Failure) => Adaptation | undefined
}

/** Data actions of an account, by what follows their common beginning. */
export const dataAction = (name: string): string => `Microsoft.CognitiveServices/accounts/${name}`

/** What the provider-native routes of makers other than OpenAI need: error text of the service for Claude's. */
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
