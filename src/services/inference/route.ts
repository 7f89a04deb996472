import type { DataPlane } from './apis/api.ts'
import { type Api, apiOf } from './apis/index.ts'

/** Where a deployment is called, by which API, with which audience, and which data action that takes. */
export interface Route {
  api: Api
  deployment: string
  url: string
  /** Audiences the route may accept, the likeliest first. */
  audiences: readonly string[]
  dataAction: string
}

/** What the routes need to be let through, each once. */
export const dataActionsOf = (routes: readonly Route[]): string[] => [
  ...new Set(routes.map(({ dataAction }) => dataAction)),
]

export function routeOf(deployment: string, api: Api, { endpoints, audiences }: DataPlane): Route {
  const { placeOf, audiencesOf } = apiOf(api)
  return { api, deployment, ...placeOf(deployment, endpoints), audiences: audiencesOf(audiences, endpoints) }
}
