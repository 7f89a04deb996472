import { apiOf } from './apis/index.ts'
import type { Route } from './route.ts'

/**
 * The routes that a row calls again: the first one for each host and each right, because every answer costs. Calls that need
 * another right may depend on another role, of another age. Routes that are billed per item are left out.
 */
export function rowRoutesOf(routes: readonly Route[]): Route[] {
  const repeatable = routes.filter(route => !isPaidByThePiece(route))
  return repeatable.filter((route, at) => repeatable.findIndex(other => isAlike(other, route)) === at)
}

/**
 * The route with which to try a key: a call that is billed per item costs as long as the key is accepted. Undefined without
 * routes.
 */
export const keyRouteOf = (routes: readonly Route[]): Route | undefined =>
  routes.find(({ api }) => apiOf(api).cost === 'tokens') ?? routes[0]

export const isPaidByThePiece = ({ api }: Route): boolean => apiOf(api).cost === 'piece'

const isAlike = (one: Route, other: Route) =>
  hostOf(one) === hostOf(other) && one.dataAction === other.dataAction

const hostOf = ({ url }: Route) => new URL(url).host
