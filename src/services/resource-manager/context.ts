import type { Principal } from '../../azure/rbac/principal.ts'
import type { ResourceId } from '../../azure/resource-id.ts'
import type { ResourceManager } from './client.ts'

/** Resource Manager for the named resource, and the principals that matter there, by object id. */
export interface ResourceContext {
  manager: ResourceManager
  resource: ResourceId
  /** The pipeline's own principal, which calls the models. */
  principalId: string
  /** The principal that the role is for. Usually the pipeline. */
  grantee: Principal
  /** The principal that reads and grants. Usually the pipeline. */
  callerId: string
}

type Holders = Pick<ResourceContext, 'principalId' | 'grantee'>

/** Whether the role is for the pipeline itself. */
export const isGrantee = ({ principalId, grantee }: Holders) => grantee.principalId === principalId

/** Whether the role is for another service principal: an app's, about which the pipeline's calls show nothing. */
export const isForApp = (holders: Holders) =>
  holders.grantee.principalType === 'ServicePrincipal' && !isGrantee(holders)
