import { apiOf } from './apis/index.ts'
import type { Route } from './route.ts'

/**
 * Whom a row asks again: the role is one and the same for all deployments of a host, and every answer costs. The cheapest of each
 * host, by the host's name. A host where everything is paid by the piece has none: nobody is charged twice for the row's sake.
 */
export function rowRoutesOf(routes: readonly Route[]): Route[] {
  const byPrice = routes.filter(isPaidByTokens).toSorted((a, b) => price(a) - price(b))
  return byPrice.filter((route, at) => byPrice.findIndex(other => hostOf(other) === hostOf(route)) === at)
}

const hostOf = ({ url }: Route) => new URL(url).host

const isPaidByTokens = ({ api }: Route) => apiOf(api).cost === 'tokens'

/** Vectors are made of the prompt alone; an answer costs tokens of its own, and more each. */
const price = ({ api }: Route) => (api === 'embeddings' ? 0 : 1)
