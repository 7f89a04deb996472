import { deploymentOf, localVariables, localWorld } from '../conformance/local-world.ts'
import { deploymentKinds } from '../conformance/terms.ts'
import { accountId } from '../local-cloud/scopes.ts'
import { GITHUB_ISSUER, type Seed } from '../local-cloud/world.ts'
import {
  foundryId,
  holding,
  variables as ofShop,
  openStage,
  probeUrl,
  roles,
  type Stage,
  shopAppId,
  shopIdentity,
} from './stage.ts'
import type { Workflow } from './workflow.ts'

/** What docs/conformance.md has a person set up for live.yml, and all that it may set up besides. */

/** Keys are on, as Azure makes a resource; a deployment of each kind. */
const has = new Set([
  ...['keys-on', 'key-access-unset', 'account-identity', 'project', 'project-identity', 'reads-group'],
  ...deploymentKinds,
])

export const LIVE = '.github/workflows/live.yml'
export const isLive = ({ path }: Workflow) => path === LIVE

/** By the names that the documents have. */
export const liveVariables: Readonly<Record<string, string>> = {
  LIVE_CLIENT_ID: ofShop.AZURE_CLIENT_ID ?? '',
  LIVE_TENANT_ID: ofShop.AZURE_TENANT_ID ?? '',
  LIVE_RESOURCE_ID: foundryId,
  LIVE_RUNTIME_PRINCIPALS: shopIdentity.resourceId,
  LIVE_PROBE_URL: probeUrl,
  ...Object.fromEntries(
    Object.entries(localVariables).map(([name, value]) => [name.replace('CONFORMANCE', 'LIVE'), value]),
  ),
  LIVE_DEPLOYMENTS: deploymentKinds.map(kind => deploymentOf[kind]).join('\n'),
  // A rehearsal does not wait for ten minutes.
  LIVE_EXPIRED_ASSERTION: '',
}

/** Every mode ended as it may, and what differs is what was made to differ. */
export const tellsOfLive = (issue: string) =>
  !issue.includes('(not expected)') &&
  issue.includes('\n| access of the runtime principals | passed |') &&
  issue.includes('\narm-usages: status: ') &&
  issue.includes('\n2 differences.\n') &&
  issue.includes('\nNothing: they are as they ship.')

/** One answer differs from that of the local cloud that it is compared with: so there is something to tell. */
export async function openLiveStage(workflow: Workflow): Promise<Stage> {
  const stage = await openStage(workflow, liveSeed(workflow.environment ?? ''))
  stage.cloud.faults.add({
    name: 'no quotas',
    operation: 'usages.listOfAccount',
    effect: {
      kind: 'reply',
      status: 404,
      headers: {},
      body: { error: { code: 'NotFound', message: 'No quotas.' } },
    },
  })
  return stage
}

function liveSeed(environment: string): Seed {
  const subject = `repo:contoso/shop:environment:${environment}`
  const world = localWorld(has, subject)
  const trust = { name: 'live', issuer: GITHUB_ISSUER, subject, audiences: ['api://AzureADTokenExchange'] }
  const [pipeline, ...others] = world.applications
  const [account] = world.accounts
  const setup = world.applications.find(
    ({ clientId }) => clientId === localVariables.CONFORMANCE_SETUP_CLIENT_ID,
  )
  if (pipeline === undefined || account === undefined || setup === undefined)
    throw new Error('The world of the conformance run lacks what live.yml needs')
  return {
    ...world,
    applications: [
      { ...pipeline, federatedCredentials: [...(pipeline.federatedCredentials ?? []), trust] },
      ...others,
      shopIdentity,
    ],
    resources: [
      ...(world.resources ?? []),
      {
        id: shopAppId,
        location: account.location,
        identity: { userAssigned: [shopIdentity.resourceId] },
        app: { deployment: 'chat', clientId: shopIdentity.clientId },
      },
    ],
    roleAssignments: [
      ...(world.roleAssignments ?? []),
      ...[
        holding(setup.servicePrincipal?.objectId ?? '', roles.reader, accountId(account)),
        // Without it, the gate does not know which principal the app's identity is.
        holding(setup.servicePrincipal?.objectId ?? '', roles.reader, shopIdentity.resourceId),
        holding(shopIdentity.objectId, roles.openAIUser, accountId(account)),
        // As in Azure, somebody made each.
      ].map(one => ({ ...one, createdBy: one.principalId, updatedBy: one.principalId })),
    ],
  }
}
