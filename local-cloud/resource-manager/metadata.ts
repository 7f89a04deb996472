import type { Endpoints } from '../context.ts'
import type { Route } from '../service.ts'
import { AUDIENCES } from './authentication.ts'

/**
 * A cloud describes itself to anyone, without a token: `az cloud register` and Terraform's `metadata_host` begin with it. Always in
 * the form of api-version 2022-09-01, which both ask for.
 */
export function metadataRoute(endpoints: Endpoints): Route {
  return {
    operation: 'metadata.endpoints',
    source: 'what az cloud register and metadata_host of Terraform read, api-version 2022-09-01',
    method: 'GET',
    path: /^\/metadata\/endpoints$/,
    handle: () => ({ status: 200, body: metadata(endpoints) }),
  }
}

function metadata({ authorityHost, resourceManager, graph }: Endpoints) {
  return {
    name: 'LocalCloud',
    authentication: {
      loginEndpoint: authorityHost,
      audiences: AUDIENCES,
      tenant: 'common',
      identityProvider: 'AAD',
    },
    resourceManager: `${resourceManager}/`,
    microsoftGraphResourceId: `${graph}/`,
    suffixes: {},
  }
}
