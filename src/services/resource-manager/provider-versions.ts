import * as v from 'valibot'
import { newestVersion, providersApiVersion } from '../../azure/api-versions.ts'
import type { ReferencedResource } from '../../azure/principal-reference.ts'
import { localFailure, StepError } from '../../core/failures/failure.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { ResourceManager } from './client.ts'

export const readingIdentity = "reading the app's identity"

const providerBody = v.object({
  resourceTypes: v.array(v.object({ resourceType: v.string(), apiVersions: v.array(v.string()) })),
})
type ProviderBody = v.InferOutput<typeof providerBody>

export const providerIdOf = ({ subscriptionId, type }: ReferencedResource): string =>
  `/subscriptions/${subscriptionId}/providers/${type.split('/')[0]}`

/** Finds the version with which to read a type that the table does not have; each provider is asked once. @throws StepError */
export function openVersionReader(
  manager: ResourceManager,
): (resource: ReferencedResource) => Promise<string> {
  const asked = new Map<string, Promise<ProviderBody>>()
  return async resource => {
    const path = providerIdOf(resource)
    const reading =
      asked.get(path.toLowerCase()) ??
      manager.read('asking the provider for its API versions', path, providersApiVersion, providerBody)
    asked.set(path.toLowerCase(), reading)
    const { resourceTypes } = await reading
    const [namespace = '', ...names] = resource.type.split('/')
    const wanted = names.join('/').toLowerCase()
    const known = resourceTypes.find(({ resourceType }) => resourceType.toLowerCase() === wanted)
    const version = newestVersion(known?.apiVersions ?? [])
    if (version !== undefined && /^[\w.-]+$/.test(version)) return version
    const message = `${plain(namespace)} has no resources of the type ${plain(resource.type)}.`
    throw new StepError(readingIdentity, localFailure('resource-not-found', message))
  }
}
