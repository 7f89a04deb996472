import type { DataPlane, Place, Target } from './apis/api.ts'
import { apiOf, type RouteApi } from './apis/index.ts'

/** Where a deployment is called, by which API, with which audience, and which data action that takes. */
export interface Route {
  api: RouteApi
  deployment: string
  /** Name of the model, where it is known. */
  model?: string
  /** What told which API it is; absent where it was asked for. */
  because?: string
  url: string
  /** Audiences the route may accept, most likely first. */
  audiences: readonly string[]
  dataAction: string
  /** Where else it may be served, tried in this order. */
  otherPlaces?: readonly Place[]
}

export const targetOf = ({ deployment, model = deployment }: Route): Target => ({ deployment, model })

/** What the routes need to be let through, each once. */
export const dataActionsOf = (routes: readonly Route[]): string[] => [
  ...new Set(routes.map(({ dataAction }) => dataAction)),
]

export function routeOf(
  { deployment, model }: { deployment: string; model?: string | undefined },
  api: RouteApi,
  { endpoints, audiences, tokenAudience, apiVersion }: DataPlane,
): Route {
  const { placesOf, audiencesOf } = apiOf(api)
  const [usual, ...others] = placesOf(
    { deployment, model: model ?? deployment },
    { ...endpoints, apiVersion },
  )
  return {
    api,
    deployment,
    ...(model === undefined ? {} : { model }),
    ...usual,
    audiences: tokenAudience === undefined ? audiencesOf(audiences, endpoints) : [tokenAudience],
    ...(others.length === 0 ? {} : { otherPlaces: others }),
  }
}
