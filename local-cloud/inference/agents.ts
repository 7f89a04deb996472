import type { ServiceReply } from '../service.ts'
import type { Call } from './call.ts'
import { agentNotFound } from './refusals.ts'

/** `GET /api/projects/{project}/agents` and `…/agents/{agent}`: they can be looked at, not run. */

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
      definition: { kind: 'prompt', model, instructions: 'Answer questions.' },
    },
  },
})

export function listAgents(call: Call): ServiceReply {
  const data = agentsOf(call).map(agent => describe(agent, call))
  const [first, last] = [data[0]?.id ?? null, data.at(-1)?.id ?? null]
  return { status: 200, body: { data, object: 'list', first_id: first, last_id: last, has_more: false } }
}

export function getAgent(call: Call): ServiceReply {
  const { agent: name = '' } = call.params
  const found = agentsOf(call).find(agent => agent.name === name)
  if (found === undefined) throw agentNotFound(name)
  return { status: 200, body: describe(found, call) }
}
