import type { Endpoints } from '../context.ts'
import type { Route } from '../service.ts'
import { AUDIENCES } from './authentication.ts'

/**
 * The cloud's own description, for anybody, without a token: `az cloud register` and Terraform's `metadata_host` read it first.
 * Always in the format of api-version 2022-09-01, which both request.
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
