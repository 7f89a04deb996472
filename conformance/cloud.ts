import * as v from 'valibot'
import { type Cloud, cloudNames, cloudOf } from '../src/azure/clouds.ts'
import type { Send } from './send.ts'

/** The addresses of a cloud's services, and the audiences of their tokens. */
export interface CloudServices {
  /** Origins without a slash at the end. */
  entra: string
  resourceManager: string
  graph: string
  audiences: Audiences
}

/** Audiences of access tokens, by purpose. */
export type Audiences = Readonly<
  Record<'resource-manager' | 'cognitive-services' | 'foundry' | 'graph', string>
>

/** Azure, or the hosts of a local cloud if its variables are set. */
export function cloudOfEnvironment(env: Readonly<Record<string, string | undefined>>): CloudServices {
  const azure = cloudOf('AzureCloud', {})
  return {
    entra: env.LOCAL_CLOUD_AUTHORITY_HOST ?? azure.authorityHost,
    resourceManager: env.LOCAL_CLOUD_RESOURCE_MANAGER ?? azure.resourceManager.endpoint,
    graph: env.LOCAL_CLOUD_GRAPH ?? azure.graph,
    audiences: audiencesOf(azure),
  }
}

/** A cloud without a separate audience for Foundry uses the other one for Foundry's routes. */
const audiencesOf = ({ resourceManager, inferenceAudiences, graph }: Cloud): Audiences => ({
  'resource-manager': resourceManager.audience,
  'cognitive-services': inferenceAudiences.cognitiveServices,
  foundry: inferenceAudiences.foundry ?? inferenceAudiences.cognitiveServices,
  graph,
})

/** Version 2022-09-01, as az and Terraform use it to register a cloud. */
const metadata = v.object({
  authentication: v.object({ loginEndpoint: v.pipe(v.string(), v.url()) }),
  microsoftGraphResourceId: v.pipe(v.string(), v.url()),
})

/**
 * The cloud whose Resource Manager has this address, from its public metadata. A cloud that is not one of Azure's gets the
 * audiences of AzureCloud. @throws Error if there is no such metadata
 */
export async function cloudAt(address: string, send: Send): Promise<CloudServices> {
  const resourceManager = new URL(address).origin
  const url = `${resourceManager}/metadata/endpoints?api-version=2022-09-01`
  const { status, body } = await send({ method: 'GET', url, headers: { accept: 'application/json' } })
  const read = status === 200 ? v.safeParse(v.pipe(v.string(), v.parseJson(), metadata), body) : undefined
  if (!read?.success)
    throw new Error(
      `${url} answered ${status}, without metadata of a cloud: the address must be that of a Resource Manager`,
    )
  const known = cloudNames
    .map(name => cloudOf(name, {}))
    .find(({ resourceManager: { endpoint } }) => endpoint === resourceManager)
  return {
    entra: new URL(read.output.authentication.loginEndpoint).origin,
    resourceManager,
    graph: new URL(read.output.microsoftGraphResourceId).origin,
    audiences: audiencesOf(known ?? cloudOf('custom', {})),
  }
}
