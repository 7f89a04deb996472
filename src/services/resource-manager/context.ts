import type { Principal } from '../../azure/rbac/principal.ts'
import type { ResourceId } from '../../azure/resource-id.ts'
import type { ResourceManager } from './client.ts'

/** Resource Manager for the resource that was named, and the principals that matter there, by object id. */
export interface ResourceContext {
  manager: ResourceManager
  resource: ResourceId
  /** The pipeline's own, which calls the models. */
  principalId: string
  /** Who is to hold the role: mostly the same. */
  grantee: Principal
  /** Who asks Resource Manager, and grants: mostly the same. */
  callerId: string
}

type Holders = Pick<ResourceContext, 'principalId' | 'grantee'>

/** Whether the role is for the pipeline itself, and not for somebody else. */
export const isGrantee = ({ principalId, grantee }: Holders) => grantee.principalId === principalId

/** Whether the role is for another service principal: an app's, of which no call of the pipeline's tells anything. */
export const isForApp = (holders: Holders) =>
  holders.grantee.principalType === 'ServicePrincipal' && !isGrantee(holders)
