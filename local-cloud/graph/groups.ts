import * as v from 'valibot'
import type { Route, ServiceReply } from '../service.ts'
import type { Group } from '../world.ts'
import { directoryObjectBody, groupBody } from './bodies.ts'
import { badRequest, notFound } from './errors.ts'
import { type Call, type Gateway, readBody } from './gateway.ts'
import { createdReply, listReply, objectReply } from './queries.ts'

const CREATE = v.strictObject({
  displayName: v.pipe(v.string(), v.nonEmpty(), v.maxLength(256)),
  mailNickname: v.pipe(v.string(), v.nonEmpty(), v.maxLength(64)),
  description: v.nullish(v.string()),
  /** Only groups that roles can be assigned to. */
  mailEnabled: v.literal(false),
  securityEnabled: v.literal(true),
  groupTypes: v.optional(v.pipe(v.array(v.string()), v.length(0))),
})
const REFERENCE = v.strictObject({ '@odata.id': v.string() })
const SINGLE = '/groups/{group}'

/** Security groups and their members. A change counts at once. */
export function groupRoutes(gateway: Gateway): Route[] {
  const { context } = gateway
  const ofTenant = ({ tenantId }: Call) => context.world.groups.filter(group => group.tenantId === tenantId)

  function find(call: Call): Group {
    const { group: id = '' } = call.params
    const group = ofTenant(call).find(({ objectId }) => objectId === id.toLowerCase())
    if (group) return group
    throw notFound(id)
  }

  const list = (call: Call): ServiceReply => listReply(gateway, call, 'groups', ofTenant(call).map(groupBody))

  const get = (call: Call): ServiceReply => objectReply(gateway, call, 'groups', groupBody(find(call)))

  function create(call: Call): ServiceReply {
    const { displayName, mailNickname, description } = readBody(call, CREATE)
    const created: Group = {
      objectId: crypto.randomUUID(),
      tenantId: call.tenantId,
      displayName,
      mailNickname,
      ...(typeof description === 'string' && { description }),
      members: [],
      createdOn: new Date(context.clock.now()).toISOString(),
    }
    context.world.groups.push(created)
    return createdReply(gateway, call, 'groups', groupBody(created))
  }

  function remove(call: Call): ServiceReply {
    const group = find(call)
    context.world.groups = context.world.groups.filter(other => other !== group)
    return { status: 204 }
  }

  function listMembers(call: Call): ServiceReply {
    const members = find(call).members.flatMap(
      id => directoryObjectBody(context.world, call.tenantId, id) ?? [],
    )
    return listReply(gateway, call, 'directoryObjects', members)
  }

  function addMember(call: Call): ServiceReply {
    const { members } = find(call)
    const id = readBody(call, REFERENCE)['@odata.id'].split('/').at(-1)?.toLowerCase() ?? ''
    if (directoryObjectBody(context.world, call.tenantId, id) === undefined) throw notFound(id)
    if (members.includes(id)) {
      throw badRequest(
        "One or more added object references already exist for the following modified properties: 'members'.",
      )
    }
    members.push(id)
    return { status: 204 }
  }

  function removeMember(call: Call): ServiceReply {
    const group = find(call)
    const id = call.params.member?.toLowerCase() ?? ''
    if (!group.members.includes(id)) throw notFound(id)
    group.members = group.members.filter(other => other !== id)
    return { status: 204 }
  }

  return gateway.routes([
    ['groups.list', 'GET', '/groups', 'group-list', 'readGroups', list],
    ['groups.create', 'POST', '/groups', 'group-post-groups', 'writeGroups', create],
    ['groups.get', 'GET', SINGLE, 'group-get', 'readGroups', get],
    ['groups.delete', 'DELETE', SINGLE, 'group-delete', 'writeGroups', remove],
    ['groups.members.list', 'GET', `${SINGLE}/members`, 'group-list-members', 'readGroups', listMembers],
    ['groups.members.add', 'POST', `${SINGLE}/members/$ref`, 'group-post-members', 'writeMembers', addMember],
    [
      'groups.members.remove',
      'DELETE',
      `${SINGLE}/members/{member}/$ref`,
      'group-delete-members',
      'writeMembers',
      removeMember,
    ],
  ])
}
