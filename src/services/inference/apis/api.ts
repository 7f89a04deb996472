import type { InferenceAudiences } from '../../../azure/clouds.ts'
import type { Refusal } from '../../../core/failures/failure.ts'
import type { HttpReply, HttpRequest } from '../../../core/http/client.ts'
import type { Endpoints } from '../../resource-manager/account.ts'
import type { Answer } from '../answer.ts'

/** What is called of an account, and by which tokens. */
export interface DataPlane {
  endpoints: Endpoints
  audiences: InferenceAudiences
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
  /** What a smoke call is charged by. What is paid by the piece is never called unasked, nor twice where once will do. */
  cost: 'tokens' | 'piece'
  /** Whether its answer is text that follows from the prompt: what `expect` is held against. */
  answersPrompt: boolean
  /** The data action is the one that a role has to give. */
  placeOf: (deployment: string, endpoints: Endpoints) => { url: string; dataAction: string }
  /** Audiences that it may accept, the likeliest first. */
  audiencesOf: (audiences: InferenceAudiences, at: Pick<Endpoints, 'project'>) => string[]
  firstShape: (settings: SmokeSettings) => Shape
  requestOf: (deployment: string, prompt: string, shape: Shape) => Omit<HttpRequest, 'url'>
  /** @returns undefined where a reply with a status of success is no answer of this API: half a document, a proxy's page. */
  readAnswer: (reply: HttpReply) => Answer | undefined
  /** The shape that a model asks for by refusing another; undefined where the refusal is final. */
  adapt?: (shape: Shape, refusal: Refusal) => Adaptation | undefined
}

export const postJson = (
  body: object,
  headers: Readonly<Record<string, string>> = {},
): Omit<HttpRequest, 'url'> => ({
  method: 'POST',
  headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
  body: JSON.stringify(body),
})
