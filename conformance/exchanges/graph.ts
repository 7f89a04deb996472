import type { ConformanceRequest, Exchange } from '../exchange.ts'
import { nobody } from '../terms.ts'
import type { World } from '../world.ts'

/** The requests to Microsoft Graph that a setup needs. */

const graph = (
  name: string,
  purpose: string,
  path: (world: World) => string,
  as?: ConformanceRequest['as'],
): Exchange => ({
  name: `graph-${name}`,
  service: 'graph',
  purpose,
  needs: as === 'graph' ? ['graph'] : [],
  steps: world => ({
    requests: [
      {
        method: 'GET',
        url: `${world.hosts.graph}/v1.0${path(world)}`,
        ...(as === undefined ? {} : { as }),
      },
    ],
  }),
})

export const graphExchanges: readonly Exchange[] = [
  graph('no-token', 'How a request without a token is refused', () => '/applications'),
  graph(
    'token-of-another-audience',
    'How a token for Resource Manager is refused',
    () => '/applications',
    'resource-manager',
  ),
  graph(
    'application',
    'What an application looks like',
    ({ clientId }) => `/applications?$filter=${encodeURIComponent(`appId eq '${clientId}'`)}`,
    'graph',
  ),
  graph(
    'application-missing',
    'What the list for an application that does not exist looks like',
    () => `/applications?$filter=${encodeURIComponent(`appId eq '${nobody}'`)}`,
    'graph',
  ),
  graph(
    'filter-unknown',
    'How an invalid filter is refused',
    () => `/applications?$filter=${encodeURIComponent("colour eq 'red'")}`,
    'graph',
  ),
  graph(
    'service-principal',
    'What a service principal looks like',
    ({ principalId }) => `/servicePrincipals/${principalId}`,
    'graph',
  ),
  graph(
    'service-principal-missing',
    'What the answer is for a service principal that does not exist',
    () => `/servicePrincipals/${nobody}`,
    'graph',
  ),
]
