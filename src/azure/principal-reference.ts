import { guidPattern, idSegment } from './resource-id.ts'

/** How an input names a principal: by its object id, or by the resource that signs in as it. */
export type PrincipalReference =
  | { kind: 'object'; principalId: string }
  | { kind: 'resource'; resource: ReferencedResource }

export interface ReferencedResource {
  id: string
  subscriptionId: string
  /** Such as `Microsoft.Web/sites/slots`. */
  type: string
}

const resourcePattern = new RegExp(
  `^/subscriptions/(?<subscriptionId>${idSegment})/resourceGroups/${idSegment}/providers/` +
    `(?<namespace>${idSegment})(?<names>(?:/${idSegment}/${idSegment})+)/?$`,
  'i',
)

const form = 'an object id (a GUID), or a resource id: /subscriptions/…/resourceGroups/…/providers/…'

/** AKS clusters are refused, because no pod makes calls as the identity of its cluster. */
const clusterType = /^Microsoft\.ContainerService\/managedClusters$/i

/** @returns the reference, or what is wrong with the text. */
export function parsePrincipalReference(text: string): PrincipalReference | { problem: string } {
  if (guidPattern.test(text)) return { kind: 'object', principalId: text.toLowerCase() }
  const { subscriptionId, namespace = '', names = '' } = resourcePattern.exec(text)?.groups ?? {}
  if (subscriptionId === undefined || !guidPattern.test(subscriptionId)) return { problem: `is not ${form}` }
  const types = names.split('/').filter((_, index) => index % 2 === 1)
  const type = [namespace, ...types].join('/')
  if (clusterType.test(type)) {
    return {
      problem:
        'is a cluster, and its pods do not act as the identity of the cluster; name the user-assigned identity that their service account is federated with (AKS workload identity)',
    }
  }
  const id = text.replace(/\/$/, '')
  return { kind: 'resource', resource: { id, subscriptionId: subscriptionId.toLowerCase(), type } }
}
