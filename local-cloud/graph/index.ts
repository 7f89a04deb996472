import type { Context } from '../context.ts'
import type { Service } from '../service.ts'
import { applicationRoutes } from './applications.ts'
import { directoryObjectRoutes } from './directory-objects.ts'
import { GraphNotImplemented } from './errors.ts'
import { federatedCredentialRoutes } from './federated-credentials.ts'
import { createGateway } from './gateway.ts'
import { groupRoutes } from './groups.ts'
import { servicePrincipalRoutes } from './service-principals.ts'

/** Microsoft Graph, as far as it is about applications, service principals, groups and users. */
export function createGraph(context: Context): Service {
  const gateway = createGateway(context)
  return {
    name: 'graph',
    routes: [
      ...federatedCredentialRoutes(gateway),
      ...applicationRoutes(gateway),
      ...servicePrincipalRoutes(gateway),
      ...groupRoutes(gateway),
      ...directoryObjectRoutes(gateway),
    ],
    notFound: ({ method, url }) =>
      new GraphNotImplemented(`${method} ${url.pathname}`).toReply(context.clock.now(), crypto.randomUUID()),
    commonHeaders: () => ({
      'content-type':
        'application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8',
      'cache-control': 'no-cache',
      'odata-version': '4.0',
      'request-id': crypto.randomUUID(),
      'strict-transport-security': 'max-age=31536000',
    }),
  }
}
