import type { Endpoints } from '../../local-cloud/context.ts'
import type { Seed } from '../../local-cloud/world.ts'

/** What a cloud must have, and the test of one service does not look at. */

const NOWHERE = 'https://127.0.0.1:1'

/** No service is open at these addresses. */
export const endpointsNowhere: Endpoints = {
  github: NOWHERE,
  githubApi: NOWHERE,
  authorityHost: NOWHERE,
  resourceManager: NOWHERE,
  graph: NOWHERE,
  accounts: new Map(),
  hosts: new Map(),
  gateways: new Map(),
  regional: NOWHERE,
  control: NOWHERE,
  apps: new Map(),
}

/** Every change is live at once, on one replica. */
export const noLag = () => ({
  roleAssignments: [0],
  federatedCredentials: [0],
  deployments: [0],
  keyAccess: [0],
})

export const workflow: Seed['workflow'] = {
  owner: 'contoso',
  ownerId: '1',
  repository: 'shop',
  repositoryId: '2',
  ref: 'refs/heads/main',
  sha: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
  actor: 'contoso-developer',
  actorId: '3',
  eventName: 'push',
  runId: '1',
  runNumber: '1',
  runAttempt: '1',
  workflow: 'Deploy',
  workflowPath: '.github/workflows/deploy.yml',
}
