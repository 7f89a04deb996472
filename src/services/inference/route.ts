import type { DataPlane, Place, Target } from './apis/api.ts'
import { apiOf, type RouteApi } from './apis/index.ts'

/** Where and with which API a deployment is called, with which audience, and which data action that needs. */
export interface Route {
  api: RouteApi
  deployment: string
  /** Name of the model, if it is known. */
  model?: string
  /** Why this API was chosen; absent if the user named it. */
  because?: string
  url: string
  /** Audiences the route may accept, most likely first. */
  audiences: readonly string[]
  dataAction: string
  /** Other places that may serve it, tried in this order. */
  otherPlaces?: readonly Place[]
}

export const targetOf = ({ deployment, model = deployment }: Route): Target => ({ deployment, model })

/** The data actions that the routes need, without duplicates. */
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
