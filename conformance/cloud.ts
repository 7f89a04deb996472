import * as v from 'valibot'
import { type Cloud, cloudNames, cloudOf } from '../src/azure/clouds.ts'
import type { Send } from './send.ts'

/** Where the services of a cloud are, and what their tokens are for. */
export interface CloudServices {
  /** Origins without a slash at the end. */
  entra: string
  resourceManager: string
  graph: string
  audiences: Audiences
}

/** Audiences of access tokens, by what they are for. */
export type Audiences = Readonly<
  Record<'resource-manager' | 'cognitive-services' | 'foundry' | 'graph', string>
>

/** Azure; or, in its place, the hosts of a local cloud, under the names that it gives their variables. */
export function cloudOfEnvironment(env: Readonly<Record<string, string | undefined>>): CloudServices {
  const azure = cloudOf('AzureCloud', {})
  return {
    entra: env.LOCAL_CLOUD_AUTHORITY_HOST ?? azure.authorityHost,
    resourceManager: env.LOCAL_CLOUD_RESOURCE_MANAGER ?? azure.resourceManager.endpoint,
    graph: env.LOCAL_CLOUD_GRAPH ?? azure.graph,
    audiences: audiencesOf(azure),
  }
}

/** A cloud that has no audience of Foundry's own takes the other for its routes. */
const audiencesOf = ({ resourceManager, inferenceAudiences, graph }: Cloud): Audiences => ({
  'resource-manager': resourceManager.audience,
  'cognitive-services': inferenceAudiences.cognitiveServices,
  foundry: inferenceAudiences.foundry ?? inferenceAudiences.cognitiveServices,
  graph,
})

/** Version 2022-09-01, which az and Terraform ask for as well: they register a cloud by it. */
const metadata = v.object({
  authentication: v.object({ loginEndpoint: v.pipe(v.string(), v.url()) }),
  microsoftGraphResourceId: v.pipe(v.string(), v.url()),
})

/**
 * The cloud whose Resource Manager has this address, as that tells of it to anyone who asks. One that is none of Azure's has the
 * audiences of AzureCloud. @throws Error where nothing there tells of a cloud
 */
export async function cloudAt(address: string, send: Send): Promise<CloudServices> {
  const resourceManager = new URL(address).origin
  const url = `${resourceManager}/metadata/endpoints?api-version=2022-09-01`
  const { status, body } = await send({ method: 'GET', url, headers: { accept: 'application/json' } })
  const read = status === 200 ? v.safeParse(v.pipe(v.string(), v.parseJson(), metadata), body) : undefined
  if (!read?.success)
    throw new Error(
      `${url} answered ${status}, and tells of no cloud: the address has to be a Resource Manager's`,
    )
  const known = cloudNames
    .map(name => cloudOf(name, {}))
    .find(({ name, resourceManager: { endpoint } }) => name !== 'custom' && endpoint === resourceManager)
  return {
    entra: new URL(read.output.authentication.loginEndpoint).origin,
    resourceManager,
    graph: new URL(read.output.microsoftGraphResourceId).origin,
    audiences: audiencesOf(known ?? cloudOf('custom', {})),
  }
}
