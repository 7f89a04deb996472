import type { Exchange } from '../exchange.ts'
import { entraExchanges } from './entra.ts'
import { githubExchanges } from './github.ts'
import { graphExchanges } from './graph.ts'
import { inferenceExchanges } from './inference.ts'
import { resourceManagerExchanges } from './resource-manager.ts'

/** Everything that is tried, in the order in which a run meets the services. */
export const exchanges: readonly Exchange[] = [
  ...githubExchanges,
  ...entraExchanges,
  ...resourceManagerExchanges,
  ...graphExchanges,
  ...inferenceExchanges,
]
