import { apiOf } from './apis/index.ts'
import type { Route } from './route.ts'

/**
 * Whom a row asks again, for every answer costs: of each host, and there of each right, the cheapest, by the host's name. Calls that take
 * another right may depend on another role, of another age. What is billed per item is not among them: nobody is charged twice for
 * the row's sake.
 */
export function rowRoutesOf(routes: readonly Route[]): Route[] {
  const byPrice = routes.filter(route => !isPaidByThePiece(route)).toSorted((a, b) => price(a) - price(b))
  return byPrice.filter((route, at) => byPrice.findIndex(other => isAlike(other, route)) === at)
}

/** Whom a key is tried at: what is billed per item is charged for as long as the key is taken. Undefined where there is no route. */
export const keyRouteOf = (routes: readonly Route[]): Route | undefined =>
  routes.find(({ api }) => apiOf(api).cost === 'tokens') ?? routes[0]

export const isPaidByThePiece = ({ api }: Route): boolean => apiOf(api).cost === 'piece'

const isAlike = (one: Route, other: Route) =>
  hostOf(one) === hostOf(other) && one.dataAction === other.dataAction

const hostOf = ({ url }: Route) => new URL(url).host

/** Vectors are made of the prompt alone; an answer costs tokens of its own, and more each. */
const price = ({ api }: Route) => (api === 'embeddings' ? 0 : 1)
