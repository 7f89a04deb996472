import type { Route, ServiceReply } from '../../service.ts'
import type { Account } from '../../world.ts'
import { resourceNotFound } from '../errors.ts'
import { sameName } from '../existence.ts'
import { type Call, findSubscription, type Gateway } from '../gateway.ts'
import { ACCOUNT_PATH, ACCOUNT_TYPE, accountScope, authorizedAccount } from './account-access.ts'

const TYPE = `${ACCOUNT_TYPE}/projects/applications`
const COLLECTION = `${ACCOUNT_PATH}/projects/{project}/applications`

/** Published agents. Each is an application of its project, with an identity of its own. They can be read, not created. */
export function agentApplicationRoutes(gateway: Gateway): Route[] {
  function published(call: Call, child: string) {
    const { project: name = '' } = call.params
    const account = authorizedAccount(gateway, call, `${TYPE}/read`, `/projects/${name}/applications${child}`)
    const project = account.projects.find(candidate => sameName(candidate.name, name))
    if (!project)
      throw resourceNotFound(`${ACCOUNT_TYPE}/${account.name}/projects/${name}`, account.resourceGroup)
    const agents = (project.agents ?? []).flatMap(({ identity, ...agent }) =>
      identity === undefined ? [] : [{ ...agent, identity }],
    )
    return { account, project, agents }
  }

  type Published = ReturnType<typeof published>

  function body(
    call: Call,
    { account, project }: Published,
    { name, identity }: Published['agents'][number],
  ) {
    return {
      id: `${accountScope(call)}/projects/${project.name}/applications/${name}`,
      name,
      type: TYPE,
      properties: {
        displayName: name,
        agents: [{ agentName: name, agentId: `${name}:1` }],
        authorizationPolicy: { authorizationScheme: 'Default' },
        defaultInstanceIdentity: {
          kind: 'AgentInstance',
          type: 'System',
          ...identity,
          tenantId: tenantOf(account),
          provisioningState: 'Succeeded',
        },
        isEnabled: true,
        provisioningState: 'Succeeded',
      },
    }
  }

  const tenantOf = ({ subscriptionId }: Account) =>
    findSubscription(gateway.context.world, subscriptionId).tenantId

  function list(call: Call): ServiceReply {
    const found = published(call, '')
    return { status: 200, body: { value: found.agents.map(agent => body(call, found, agent)) } }
  }

  function get(call: Call): ServiceReply {
    const { application = '' } = call.params
    const found = published(call, `/${application}`)
    const agent = found.agents.find(({ name }) => sameName(name, application))
    if (agent) return { status: 200, body: body(call, found, agent) }
    const { account, project } = found
    throw resourceNotFound(
      `${ACCOUNT_TYPE}/${account.name}/projects/${project.name}/applications/${application}`,
      account.resourceGroup,
    )
  }

  return gateway.routes([
    ['agentApplications.list', 'GET', COLLECTION, 'AgentApplications_List', list],
    ['agentApplications.get', 'GET', `${COLLECTION}/{application}`, 'AgentApplications_Get', get],
  ])
}
