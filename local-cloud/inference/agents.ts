import type { ServiceReply } from '../service.ts'
import type { Call } from './call.ts'
import { pageOf } from './pages.ts'
import { agentNotFound } from './refusals.ts'

/** `GET /api/projects/{project}/agents` and `…/agents/{agent}`: agents can be read, not run. */

/** A seed gives an agent a model and instructions, no more. */
const KIND = 'prompt'

const agentsOf = ({ account, params }: Call) =>
  account.projects.find(({ name }) => name.toLowerCase() === params.project?.toLowerCase())?.agents ?? []

const describe = ({ name, model }: { name: string; model: string }, { now }: Call) => ({
  object: 'agent',
  id: name,
  name,
  versions: {
    latest: {
      metadata: {},
      object: 'agent.version',
      id: `${name}:1`,
      name,
      version: '1',
      description: '',
      created_at: Math.floor(now / 1000),
      definition: { kind: KIND, model, instructions: 'Answer questions.' },
    },
  },
})

export function listAgents(call: Call): ServiceReply {
  const kind = call.query.get('kind') ?? KIND
  const agents = kind === KIND ? agentsOf(call) : []
  return {
    status: 200,
    body: pageOf(
      agents.map(agent => describe(agent, call)),
      call.query,
    ),
  }
}

export function getAgent(call: Call): ServiceReply {
  const { agent: name = '' } = call.params
  const found = agentsOf(call).find(agent => agent.name === name)
  if (found === undefined) throw agentNotFound(name)
  return { status: 200, body: describe(found, call) }
}
