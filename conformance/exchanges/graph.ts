import type { ConformanceRequest, Exchange } from '../exchange.ts'
import { nobody } from '../terms.ts'
import type { World } from '../world.ts'

/** What setup needs of Microsoft Graph. */

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
    'What an application says of itself',
    ({ clientId }) => `/applications?$filter=${encodeURIComponent(`appId eq '${clientId}'`)}`,
    'graph',
  ),
  graph(
    'application-missing',
    'What is listed for an application that does not exist',
    () => `/applications?$filter=${encodeURIComponent(`appId eq '${nobody}'`)}`,
    'graph',
  ),
  graph(
    'filter-unknown',
    'How a filter that is none is refused',
    () => `/applications?$filter=${encodeURIComponent("colour eq 'red'")}`,
    'graph',
  ),
  graph(
    'service-principal',
    'What a service principal says of itself',
    ({ principalId }) => `/servicePrincipals/${principalId}`,
    'graph',
  ),
  graph(
    'service-principal-missing',
    'How a service principal that does not exist is told',
    () => `/servicePrincipals/${nobody}`,
    'graph',
  ),
]
