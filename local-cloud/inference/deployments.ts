import { isPending } from '../provisioning.ts'
import { modelBehind } from '../retirement.ts'
import type { Account, Deployment, World } from '../world.ts'
import { isFor, type ModelOperation } from './kinds.ts'
import { apiNotSupported, deploymentNotFound, operationNotSupported } from './refusals.ts'

/**
 * The account as a replica sees it that learns of new deployments `lag` milliseconds late. A deployment whose model is retired
 * does not exist here; Azure has several answers for it.
 */
export function accountAsSeen(
  account: Account,
  world: Pick<World, 'models' | 'accounts'>,
  now: number,
  lag: number,
): Account {
  const deployments = account.deployments
    .filter(
      deployment =>
        !isPending(deployment, now) &&
        (deployment.createdOn === undefined || Date.parse(deployment.createdOn) + lag <= now),
    )
    .flatMap(deployment => {
      const model = modelBehind(world, deployment, now)
      return model === undefined ? [] : [{ ...deployment, model }]
    })
  return { ...account, deployments }
}

/** The deployment of that name, if it can answer now. One that is being created or has failed does not exist here. */
export function servedDeployment({ deployments }: Account, name: string): Deployment | undefined {
  return deployments.find(
    deployment =>
      deployment.provisioningState === 'Succeeded' && deployment.name.toLowerCase() === name.toLowerCase(),
  )
}

/** @throws Refusal 404 DeploymentNotFound */
export function requireDeployment(account: Account, name: string): Deployment {
  const deployment = servedDeployment(account, name)
  if (!deployment) throw deploymentNotFound()
  return deployment
}

/** @throws Refusal if the model cannot do this, or if its API is another one */
export function requireOperation(deployment: Deployment, operation: ModelOperation): void {
  if (deployment.model.format === 'Anthropic') throw apiNotSupported()
  if (!isFor(deployment, operation)) throw operationNotSupported(operation, deployment.model.name)
}
