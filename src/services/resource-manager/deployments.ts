import * as v from 'valibot'
import { accountsApiVersion } from '../../azure/api-versions.ts'
import { accountIdOf, type ResourceId } from '../../azure/resource-id.ts'
import { instantOf } from '../../core/text/instant.ts'
import type { ResourceManager } from './client.ts'

/** Model deployments of an account: the parts that the gate needs. */

const deploymentBody = v.object({
  name: v.string(),
  properties: v.object({
    model: v.nullish(
      v.object({
        format: v.nullish(v.string()),
        name: v.nullish(v.string()),
        version: v.nullish(v.string()),
      }),
    ),
    versionUpgradeOption: v.nullish(v.string()),
    provisioningState: v.nullish(v.string()),
    capabilities: v.nullish(v.record(v.string(), v.unknown())),
  }),
  sku: v.nullish(v.object({ name: v.nullish(v.string()) })),
  systemData: v.nullish(v.object({ createdAt: v.nullish(v.string()) })),
})

export interface Deployment {
  name: string
  modelName: string | undefined
  modelFormat: string | undefined
  modelVersion?: string | undefined
  /** Such as GlobalStandard: a model may retire on a different day in each. */
  sku?: string | undefined
  /** What Azure does with it when its model version retires. */
  upgradeOption?: string | undefined
  state: string | undefined
  capabilities: ReadonlySet<string>
  /** How long the data plane may not know it yet; milliseconds since the epoch, absent if it is not new. */
  newUntil?: number
}

/** @param now Milliseconds since the epoch. */
export async function readDeployments(
  manager: ResourceManager,
  resource: ResourceId,
  now: () => number,
): Promise<Deployment[]> {
  const path = `${accountIdOf(resource)}/deployments`
  const { entries } = await manager.readAll(
    'listing the deployments',
    path,
    { apiVersion: accountsApiVersion },
    deploymentBody,
  )
  return entries.map(({ name, properties, sku, systemData }) => ({
    name,
    modelName: properties.model?.name ?? undefined,
    modelFormat: properties.model?.format ?? undefined,
    modelVersion: properties.model?.version ?? undefined,
    sku: sku?.name ?? undefined,
    upgradeOption: properties.versionUpgradeOption ?? undefined,
    state: properties.provisioningState ?? undefined,
    capabilities: new Set(
      Object.entries(properties.capabilities ?? {}).flatMap(([capability, on]) =>
        String(on) === 'true' ? [capability] : [],
      ),
    ),
    ...noveltyOf(properties.provisioningState ?? undefined, systemData?.createdAt ?? '', now()),
  }))
}

/** Names of deployments are not case-sensitive. */
export function deploymentNamed(
  name: string,
  deployments: readonly Deployment[] | undefined,
): Deployment | undefined {
  return deployments?.find(deployment => deployment.name.toLowerCase() === name.toLowerCase())
}

/**
 * "If you created the deployment within the last 5 minutes, please wait": the data plane says so about a deployment that it
 * does not know.
 */
const newForMs = 5 * 60_000
const beingMade: ReadonlySet<string> = new Set(['Accepted', 'Creating', 'Moving'])

function noveltyOf(state: string | undefined, createdAt: string, now: number): Pick<Deployment, 'newUntil'> {
  // False if there is no time, or none that can be read.
  const createdOn = instantOf(createdAt)
  const isYoung = createdOn !== undefined && now - createdOn < newForMs
  return isYoung || beingMade.has(state ?? '') ? { newUntil: now + newForMs } : {}
}
