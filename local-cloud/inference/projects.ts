import type { ServiceReply } from '../service.ts'
import type { Deployment, Project } from '../world.ts'
import type { Call } from './call.ts'
import { capabilitiesOf } from './capabilities.ts'
import { servedDeployment } from './deployments.ts'
import { connectionNotFound, projectDeploymentNotFound } from './refusals.ts'

/** What a project shows of its account's deployments, and of its connections (azure-ai-projects). */

/** As the data plane spells it. */
const CAPABILITIES: Readonly<Record<string, string>> = {
  chatCompletion: 'chat_completion',
  embeddings: 'embeddings',
}

function describeDeployment(deployment: Deployment) {
  const { name, model, sku } = deployment
  const capabilities = Object.entries(capabilitiesOf(deployment)).flatMap(([capability, flag]) => {
    const spelled = CAPABILITIES[capability]
    return spelled === undefined ? [] : [[spelled, flag] as const]
  })
  return {
    name,
    type: 'ModelDeployment',
    modelName: model.name,
    modelVersion: model.version,
    modelPublisher: model.format,
    capabilities: Object.fromEntries(capabilities),
    sku: { name: sku.name, capacity: sku.capacity },
  }
}

/** `GET /api/projects/{project}/deployments` */
export function listDeployments({ account, query }: Call): ServiceReply {
  const isWanted = (name: string, value: string) => (query.get(name) ?? value) === value
  const value = account.deployments
    .filter(({ model }) => isWanted('modelPublisher', model.format) && isWanted('modelName', model.name))
    .filter(() => isWanted('deploymentType', 'ModelDeployment'))
    .map(describeDeployment)
  return { status: 200, body: { value } }
}

/** `GET /api/projects/{project}/deployments/{name}` */
export function getDeployment({ account, params }: Call): ServiceReply {
  const { name = '' } = params
  const found = servedDeployment(account, name)
  if (found === undefined) throw projectDeploymentNotFound(name)
  return { status: 200, body: describeDeployment(found) }
}

const connectionsOf = ({ account, params }: Call) =>
  account.projects.find(({ name }) => name.toLowerCase() === params.project?.toLowerCase())?.connections ?? []

type Connection = NonNullable<Project['connections']>[number]

/** There are no secrets to show: connections of this cloud sign in by Entra. */
const describeConnection = ({ name, type, target, isDefault }: Connection) => ({
  name,
  id: name,
  type,
  target,
  isDefault,
  credentials: { type: 'AAD' },
  metadata: {},
})

/** `GET /api/projects/{project}/connections` */
export function listConnections(call: Call): ServiceReply {
  const { query } = call
  const type = query.get('connectionType')
  const value = connectionsOf(call)
    .filter(connection => type === null || connection.type === type)
    .filter(({ isDefault }) => query.get('defaultConnection') !== 'true' || isDefault)
    .map(describeConnection)
  return { status: 200, body: { value } }
}

/** `GET /api/projects/{project}/connections/{name}`; with credentials the reply is the same. */
export function getConnection(call: Call): ServiceReply {
  const { name = '' } = call.params
  const found = connectionsOf(call).find(connection => connection.name === name)
  if (found === undefined) throw connectionNotFound(name)
  return { status: 200, body: describeConnection(found) }
}
