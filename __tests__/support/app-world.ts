import { PROBE_PATH } from '../../local-cloud/app/index.ts'
import { defaultWorld } from '../../local-cloud/default-world.ts'
import { createLocalCloud, type LocalCloud, type LocalCloudOptions } from '../../local-cloud/local-cloud.ts'
import type { Seed } from '../../local-cloud/world.ts'
import { alsoHolds, holds, roles } from './arrange.ts'

/** The default world with an app in it, whose route makes a model call as an identity of its own. */

const [group] = defaultWorld.resourceGroups
const [account] = defaultWorld.accounts

export const app = {
  id: `/subscriptions/${account?.subscriptionId}/resourceGroups/${group?.name}/providers/Microsoft.App/containerApps/shop-api`,
  principalId: '4f1b7c92-0d6e-4a35-b8f3-92e7c15d60a4',
  clientId: '86c30e5d-7a19-4b42-9d6f-1e0fa84b27c3',
}

/** Shows in no text that the gate prints. */
export const appKey = 'Zk3-q9_Lw7T2vXyB0sHn5uRcE8aPdM4jGf6iO1tQ=='

type AppSeed = NonNullable<NonNullable<Seed['resources']>[number]['app']>

export const worldWithApp = (differing: Partial<AppSeed> = {}): Seed => ({
  ...defaultWorld,
  resources: [
    ...(defaultWorld.resources ?? []),
    {
      id: app.id,
      location: 'swedencentral',
      identity: { systemAssigned: { principalId: app.principalId, clientId: app.clientId } },
      app: { deployment: 'chat', ...differing },
    },
  ],
})

/** @param differing what is different about its app */
export const createCloudWithApp = (
  differing: Partial<AppSeed> = {},
  options: Omit<LocalCloudOptions, 'seed'> = {},
): Promise<LocalCloud> => createLocalCloud({ ...options, seed: worldWithApp(differing) })

/** Where the app is asked. */
export const probeUrl = ({ endpoints }: LocalCloud, query = '') =>
  `${endpoints.apps.get(app.id.toLowerCase())}${PROBE_PATH}${query}`

/** The pipeline has long had its role. @param appSince since when the app has its own; absent: since ever */
export function bothHold(cloud: LocalCloud, appSince?: Date): void {
  holds(cloud, { role: roles.foundryUser })
  appHolds(cloud, appSince)
}

export const appHolds = (cloud: LocalCloud, createdOn?: Date): void =>
  alsoHolds(cloud, {
    role: roles.openAIUser,
    principalId: app.principalId,
    ...(createdOn === undefined ? {} : { createdOn }),
  })
