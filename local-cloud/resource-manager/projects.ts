import * as v from 'valibot'
import { accountId } from '../scopes.ts'
import type { Route, ServiceReply } from '../service.ts'
import type { Account, Project } from '../world.ts'
import { ACCOUNT_PATH, authorizedAccount, hostOf, SYSTEM_DATA } from './accounts.ts'
import { ArmError, resourceNotFound } from './errors.ts'
import type { Call, Gateway } from './gateway.ts'
import { readBody } from './request-body.ts'
import { etagOf } from './values.ts'

const PROJECTS = 'Microsoft.CognitiveServices/accounts/projects'
const COLLECTION = `${ACCOUNT_PATH}/projects`
const SINGLE = `${COLLECTION}/{project}`

/** What a project is made from beyond its name does not show here. */
const WRITE = v.object({ location: v.string() })

/** Projects of an account. Writing one succeeds at once; Azure takes some seconds. */
export function projectRoutes(gateway: Gateway): Route[] {
  function find(call: Call, verb: 'read' | 'write' | 'delete') {
    const { project: wanted = '' } = call.params
    const account = authorizedAccount(gateway, call, `${PROJECTS}/${verb}`, `/projects/${wanted}`)
    const project = account.projects.find(({ name }) => name.toLowerCase() === wanted.toLowerCase())
    return { account, wanted, project }
  }

  const body = (account: Account, project: Project) =>
    projectBody(account, hostOf(gateway.context, account, 'foundry'), project)

  function list(call: Call): ServiceReply {
    const account = authorizedAccount(gateway, call, `${PROJECTS}/read`, '/projects')
    return { status: 200, body: { value: account.projects.map(project => body(account, project)) } }
  }

  function get(call: Call): ServiceReply {
    const { account, wanted, project } = find(call, 'read')
    if (project !== undefined) return { status: 200, body: body(account, project) }
    throw resourceNotFound(
      `Microsoft.CognitiveServices/accounts/${account.name}/projects/${wanted}`,
      account.resourceGroup,
    )
  }

  function create(call: Call): ServiceReply {
    const { account, wanted, project } = find(call, 'write')
    readBody(call, WRITE)
    if (account.kind !== 'AIServices') throw projectsNotSupported(account)
    if (project === undefined) account.projects.push({ name: wanted })
    return { status: project === undefined ? 201 : 200, body: body(account, project ?? { name: wanted }) }
  }

  function remove(call: Call): ServiceReply {
    const { account, project } = find(call, 'delete')
    if (project === undefined) return { status: 204 }
    account.projects = account.projects.filter(other => other !== project)
    return { status: 200 }
  }

  return gateway.routes([
    ['projects.list', 'GET', COLLECTION, 'Projects_List', list],
    ['projects.get', 'GET', SINGLE, 'Projects_Get', get],
    ['projects.create', 'PUT', SINGLE, 'Projects_Create', create],
    ['projects.delete', 'DELETE', SINGLE, 'Projects_Delete', remove],
  ])
}

const projectsNotSupported = ({ kind }: Account) =>
  new ArmError(400, 'BadRequest', `Accounts of kind '${kind}' have no projects.`)

function projectBody(account: Account, host: string, { name: project }: Project) {
  const id = `${accountId(account)}/projects/${project}`
  return {
    id,
    name: `${account.name}/${project}`,
    type: 'Microsoft.CognitiveServices/accounts/projects',
    etag: etagOf(id),
    location: account.location,
    properties: {
      isDefault: account.projects[0]?.name === project,
      endpoints: { 'AI Foundry API': `${host}/api/projects/${project}` },
      provisioningState: 'Succeeded',
    },
    systemData: SYSTEM_DATA,
  }
}
