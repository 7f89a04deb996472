import * as v from 'valibot'
import { normalizeScope } from '../../scopes.ts'
import type { Route, ServiceReply } from '../../service.ts'
import type { Lock } from '../../world.ts'
import { ArmError } from '../errors.ts'
import { requireScope } from '../existence.ts'
import { filterTerms, isListed } from '../filters.ts'
import type { Call, Gateway } from '../gateway.ts'
import { readBody } from '../request-body.ts'

const COLLECTION = '{scope}/providers/Microsoft.Authorization/locks'
const SINGLE = `${COLLECTION}/{name}`

const WRITE = v.object({
  properties: v.object({
    level: v.picklist(['ReadOnly', 'CanNotDelete']),
    notes: v.nullish(v.pipe(v.string(), v.maxLength(512))),
  }),
})

/** Management locks of subscriptions, groups and resources (learn.microsoft.com/rest/api/resources/management-locks). */
export function lockRoutes(gateway: Gateway): Route[] {
  const { context } = gateway

  function find(call: Call, verb: 'read' | 'write' | 'delete') {
    const { scope = '', name = '' } = call.params
    gateway.authorize(call, { action: `Microsoft.Authorization/locks/${verb}`, scope: lockId(scope, name) })
    requireScope(context.world, scope)
    const lock = context.world.locks.find(
      other =>
        other.name.toLowerCase() === name.toLowerCase() &&
        normalizeScope(other.scope) === normalizeScope(scope),
    )
    return { scope, name, lock }
  }

  function list(call: Call): ServiceReply {
    const { scope = '' } = call.params
    gateway.authorize(call, {
      action: 'Microsoft.Authorization/locks/read',
      scope: `${scope}/providers/Microsoft.Authorization`,
    })
    requireScope(context.world, scope)
    const terms = filterTerms(call, ['atScope'])
    const value = context.world.locks
      .filter(lock => isListed(context.world, scope, terms, { scope: lock.scope, principals: [] }))
      .map(lockBody)
    return { status: 200, body: { value } }
  }

  function get(call: Call): ServiceReply {
    const { lock, name } = find(call, 'read')
    if (lock) return { status: 200, body: lockBody(lock) }
    throw new ArmError(404, 'LockNotFound', `The lock '${name}' could not be found.`)
  }

  function create(call: Call): ServiceReply {
    const { lock, scope, name } = find(call, 'write')
    const { level, notes } = readBody(call, WRITE).properties
    const written: Lock = { name: lock?.name ?? name, scope, level, ...(notes ? { notes } : {}) }
    context.world.locks = [...context.world.locks.filter(other => other !== lock), written]
    return { status: lock ? 200 : 201, body: lockBody(written) }
  }

  function remove(call: Call): ServiceReply {
    const { lock } = find(call, 'delete')
    if (!lock) return { status: 204 }
    context.world.locks = context.world.locks.filter(other => other !== lock)
    return { status: 200 }
  }

  return gateway.routes([
    ['locks.list', 'GET', COLLECTION, 'ManagementLocks_ListByScope', list],
    ['locks.get', 'GET', SINGLE, 'ManagementLocks_GetByScope', get],
    ['locks.create', 'PUT', SINGLE, 'ManagementLocks_CreateOrUpdateByScope', create],
    ['locks.delete', 'DELETE', SINGLE, 'ManagementLocks_DeleteByScope', remove],
  ])
}

const lockId = (scope: string, name: string) => `${scope}/providers/Microsoft.Authorization/locks/${name}`

function lockBody({ name, scope, level, notes }: Lock) {
  return {
    properties: { level, ...(notes === undefined ? {} : { notes }) },
    id: lockId(scope, name),
    type: 'Microsoft.Authorization/locks',
    name,
  }
}
