import * as v from 'valibot'
import { identitiesOf } from '../rbac.ts'
import type { Route, ServiceReply } from '../service.ts'
import { directoryObjectBody, userBody } from './bodies.ts'
import { notFound } from './errors.ts'
import { type Call, type Gateway, readBody } from './gateway.ts'
import { listReply, objectReply } from './queries.ts'

const BY_IDS = v.strictObject({
  ids: v.pipe(v.array(v.string()), v.maxLength(1000)),
  /** Kinds of objects to look for; absent: any. */
  types: v.optional(v.array(v.string())),
})
const MEMBER_GROUPS = v.strictObject({ groupIds: v.pipe(v.array(v.string()), v.maxLength(20)) })

/** Objects of any kind by their ids, and users. */
export function directoryObjectRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function requireObject(call: Call, id: string) {
    const object = directoryObjectBody(context.world, call.tenantId, id)
    if (object) return object
    throw notFound(id)
  }

  function getByIds(call: Call): ServiceReply {
    const { ids, types } = readBody(call, BY_IDS)
    const wanted = types?.map(type => `#microsoft.graph.${type}`.toLowerCase())
    const value = ids
      .flatMap(id => directoryObjectBody(context.world, call.tenantId, id) ?? [])
      .filter(object => wanted === undefined || wanted.includes(object['@odata.type'].toLowerCase()))
    return listReply(gateway, call, 'directoryObjects', value)
  }

  function get(call: Call): ServiceReply {
    const object = requireObject(call, call.params.object ?? '')
    return objectReply(gateway, call, 'directoryObjects', object)
  }

  /** Those of the named groups that the object is in, directly or through others. */
  function checkMemberGroups(call: Call): ServiceReply {
    const { id } = requireObject(call, call.params.object ?? '')
    const identities = identitiesOf(context.world, id)
    const value = readBody(call, MEMBER_GROUPS).groupIds.filter(
      group => group.toLowerCase() !== id && identities.has(group.toLowerCase()),
    )
    return {
      status: 200,
      body: { '@odata.context': gateway.metadata(call, 'Collection(Edm.String)'), value },
    }
  }

  function listUsers(call: Call): ServiceReply {
    const users = context.world.users.filter(({ tenantId }) => tenantId === call.tenantId)
    return listReply(gateway, call, 'users', users.map(userBody))
  }

  function getUser(call: Call): ServiceReply {
    const wanted = call.params.user?.toLowerCase() ?? ''
    const user = context.world.users.find(
      ({ objectId, userPrincipalName, tenantId }) =>
        tenantId === call.tenantId && [objectId, userPrincipalName.toLowerCase()].includes(wanted),
    )
    if (!user) throw notFound(wanted)
    return objectReply(gateway, call, 'users', userBody(user))
  }

  return gateway.routes([
    [
      'directoryObjects.getByIds',
      'POST',
      '/directoryObjects/getByIds',
      'directoryobject-getbyids',
      'readDirectory',
      getByIds,
    ],
    [
      'directoryObjects.get',
      'GET',
      '/directoryObjects/{object}',
      'directoryobject-get',
      'readDirectory',
      get,
    ],
    [
      'directoryObjects.checkMemberGroups',
      'POST',
      '/directoryObjects/{object}/checkMemberGroups',
      'directoryobject-checkmembergroups',
      'readGroups',
      checkMemberGroups,
    ],
    ['users.list', 'GET', '/users', 'user-list', 'readUsers', listUsers],
    ['users.get', 'GET', '/users/{user}', 'user-get', 'readUsers', getUser],
  ])
}
