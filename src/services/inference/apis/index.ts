import { type Api, kinds } from '../model-kind.ts'
import { agentList } from './agent-list.ts'
import type { InferenceApi } from './api.ts'

/** The inference APIs that can prove a deployment: those in the table of kinds. */

export type { Api } from '../model-kind.ts'

type Registered = InferenceApi & { readonly name: Api }

export const registry: readonly Registered[] = kinds.flatMap((line): readonly Registered[] => line.apis)

/** Their names. */
export const apis: readonly Api[] = registry.map(({ name }) => name)

/** The API of a route: one of them, or one that proves another right and calls no deployment. */
export type RouteApi = Api | typeof agentList.name

const callable: ReadonlyArray<InferenceApi & { readonly name: RouteApi }> = [...registry, agentList]

/** The names of all APIs that routes can have. */
export const routeApis: readonly RouteApi[] = callable.map(({ name }) => name)

export function apiOf(name: RouteApi): InferenceApi {
  const api = callable.find(candidate => candidate.name === name)
  if (api === undefined) throw new Error(`No such API: ${name}`)
  return api
}

/** @param operation What follows `/openai/deployments/NAME/`; undefined if nothing does. @returns undefined if the gate has no API for it. */
export const classicApi = (operation: string | undefined): Api | undefined =>
  operation === undefined
    ? undefined
    : registry.find(({ classicOperation }) => classicOperation === operation)?.name
