import type { Exchange } from '../exchange.ts'
import { entraExchanges } from './entra.ts'
import { githubExchanges } from './github.ts'
import { graphExchanges } from './graph.ts'
import { inferenceExchanges } from './inference.ts'
import { resourceManagerExchanges } from './resource-manager.ts'

/** All exchanges, in the order in which a run of the gate meets the services. */
export const exchanges: readonly Exchange[] = [
  ...githubExchanges,
  ...entraExchanges,
  ...resourceManagerExchanges,
  ...graphExchanges,
  ...inferenceExchanges,
]
