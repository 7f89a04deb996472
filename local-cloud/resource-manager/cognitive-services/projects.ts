import * as v from 'valibot'
import { provisioningStateOf } from '../../provisioning.ts'
import { removeAssignment } from '../../rbac.ts'
import { accountId, covers } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { Account, Project } from '../../world.ts'
import { ArmError, gatewayError, locationRequired, resourceNotFound } from '../errors.ts'
import { sameName } from '../existence.ts'
import type { Call, Gateway } from '../gateway.ts'
import { assignIdentities, identityBody, identitySchema, type WantedIdentity } from '../identity-block.ts'
import { readBody, readOnly, resourceEnvelope } from '../request-body.ts'
import { locationName } from '../resources/locations.ts'
import { tagsSchema } from '../tags.ts'
import { etagOf } from '../values.ts'
import { ACCOUNT_PATH, ACCOUNT_TYPE, authorizedAccount, hostOf, requireSettled } from './account-access.ts'
import { systemData, takesProjects } from './account-body.ts'
import { asyncHeaders } from './operation-results.ts'

const PROJECTS = `${ACCOUNT_TYPE}/projects`
const COLLECTION = `${ACCOUNT_PATH}/projects`
const SINGLE = `${COLLECTION}/{project}`

const WRITE = v.strictObject({
  ...resourceEnvelope,
  kind: readOnly,
  location: v.optional(v.string()),
  tags: v.optional(tagsSchema),
  identity: v.optional(identitySchema),
  properties: v.optional(
    v.strictObject({
      provisioningState: readOnly,
      endpoints: readOnly,
      isDefault: readOnly,
      internalId: readOnly,
      displayName: v.optional(v.string()),
      description: v.optional(v.string()),
    }),
    {},
  ),
})
type Wanted = v.InferOutput<typeof WRITE>

/** Projects of an account. */
export function projectRoutes(gateway: Gateway): Route[] {
  const { context, operations } = gateway
  const now = () => context.clock.now()

  function find(call: Call, verb: 'read' | 'write' | 'delete') {
    const { project: wanted = '' } = call.params
    const account = authorizedAccount(gateway, call, `${PROJECTS}/${verb}`, `/projects/${wanted}`)
    const project = account.projects.find(({ name }) => sameName(name, wanted))
    return { account, wanted, project }
  }

  function findPresent(call: Call, verb: 'read' | 'write') {
    const { account, wanted, project } = find(call, verb)
    if (project) return { account, project }
    throw resourceNotFound(`${ACCOUNT_TYPE}/${account.name}/projects/${wanted}`, account.resourceGroup)
  }

  function body(account: Account, project: Project, state?: string) {
    const { name, identity, tags, displayName, description, createdOn } = project
    const id = projectId(account, name)
    return {
      id,
      name: `${account.name}/${name}`,
      type: PROJECTS,
      etag: etagOf(project),
      location: account.location,
      kind: 'AIServices',
      ...identityBody(context.world, id, identity),
      ...(tags && { tags }),
      properties: {
        ...(displayName !== undefined && { displayName }),
        ...(description !== undefined && { description }),
        isDefault: account.projects[0] === project,
        endpoints: { 'AI Foundry API': `${hostOf(context, account, 'foundry')}/api/projects/${name}` },
        provisioningState: state ?? provisioningStateOf(project, now()),
      },
      systemData: systemData(createdOn),
    }
  }

  function list(call: Call): ServiceReply {
    const account = authorizedAccount(gateway, call, `${PROJECTS}/read`, '/projects')
    return { status: 200, body: { value: account.projects.map(project => body(account, project)) } }
  }

  function get(call: Call): ServiceReply {
    const { account, project } = findPresent(call, 'read')
    return { status: 200, body: body(account, project) }
  }

  function create(call: Call): ServiceReply {
    const { account, wanted: name, project } = find(call, 'write')
    const wanted = readBody(call, WRITE)
    requireSettled(account, now())
    if (!takesProjects(account)) throw projectsNotSupported(account)
    if (wanted.location === undefined) throw locationRequired()
    requirePlace(account, wanted.location)
    const { displayName, description } = wanted.properties
    if (project) {
      Object.assign(project, { displayName, description, tags: wanted.tags })
      assign(account, project, wanted.identity, false)
      return { status: 200, body: body(account, project) }
    }
    const operation = operations.begin(account.subscriptionId, 'Creating')
    const created: Project = {
      name,
      ...writtenOf(wanted),
      pending: { state: 'Creating', until: new Date(operation.endsAt).toISOString() },
      createdOn: new Date(now()).toISOString(),
    }
    assign(account, created, wanted.identity, false)
    account.projects.push(created)
    const headers = asyncHeaders(context, account.location, operation)
    return { status: 201, headers, body: body(account, created, 'Creating') }
  }

  function assign(
    account: Account,
    project: Project,
    wanted: WantedIdentity | undefined,
    keepUserAssigned: boolean,
  ): void {
    if (wanted === undefined) return
    const id = projectId(account, project.name)
    const { identity: present } = project
    project.identity = assignIdentities(context.world, id, { present, wanted, keepUserAssigned })
  }

  function update(call: Call): ServiceReply {
    const { account, project } = findPresent(call, 'write')
    const wanted = readBody(call, WRITE)
    requireSettled(account, now())
    requirePlace(account, wanted.location)
    assign(account, project, wanted.identity, true)
    Object.assign(project, writtenOf(wanted))
    return { status: 200, body: body(account, project) }
  }

  /** Its identity and the role assignments at it are removed too. */
  function remove(call: Call): ServiceReply {
    const { account, project } = find(call, 'delete')
    if (project === undefined) return { status: 204 }
    requireSettled(account, now())
    const { world } = context
    const id = projectId(account, project.name)
    account.projects = account.projects.filter(other => other !== project)
    world.applications = world.applications.filter(({ resourceId = '/' }) => !covers(world, id, resourceId))
    for (const assignment of world.roleAssignments.filter(({ scope }) => covers(world, id, scope))) {
      removeAssignment(world, assignment, now())
    }
    return { status: 200 }
  }

  return gateway.routes([
    ['projects.list', 'GET', COLLECTION, 'Projects_List', list],
    ['projects.get', 'GET', SINGLE, 'Projects_Get', get],
    ['projects.create', 'PUT', SINGLE, 'Projects_Create', create],
    ['projects.update', 'PATCH', SINGLE, 'Projects_Update', update],
    ['projects.delete', 'DELETE', SINGLE, 'Projects_Delete', remove],
  ])
}

const projectId = (account: Account, name: string) => `${accountId(account)}/projects/${name}`

function writtenOf({ tags, properties: { displayName, description } }: Wanted): Partial<Project> {
  return {
    ...(tags && { tags }),
    ...(displayName !== undefined && { displayName }),
    ...(description !== undefined && { description }),
  }
}

const projectsNotSupported = ({ kind, allowProjectManagement }: Account) =>
  new ArmError(
    400,
    'BadRequest',
    allowProjectManagement === false
      ? 'Project can only be created under AIServices Kind account with allowProjectManagement set to true.'
      : `Accounts of kind '${kind}' have no projects.`,
  )

/**
 * A project has its account's location.
 * @throws ArmError 400
 */
function requirePlace({ location }: Account, wanted: string | undefined): void {
  if (wanted === undefined || locationName(wanted) === locationName(location)) return
  throw gatewayError(400, 'BadRequest', `The project must be in the location of its account, '${location}'.`)
}
