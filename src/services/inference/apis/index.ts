import { kinds } from '../model-kind.ts'
import { agentList } from './agent-list.ts'
import type { InferenceApi } from './api.ts'
import type { Api } from './choices.ts'

/** The inference APIs that can prove a deployment: those in the table of kinds. */

type Registered = InferenceApi & { readonly name: Api }

export const registry: readonly Registered[] = kinds.flatMap((line): readonly Registered[] => line.apis)

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
