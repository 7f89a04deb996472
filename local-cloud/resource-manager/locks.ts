import * as v from 'valibot'
import { normalizeScope } from '../scopes.ts'
import type { Route } from '../service.ts'
import type { Lock } from '../world.ts'
import { ArmError } from './errors.ts'
import { requireScope } from './existence.ts'
import { filterTerms, isListed } from './filters.ts'
import type { Call, Gateway } from './gateway.ts'
import { readBody } from './request-body.ts'

const COLLECTION = /^(?<scope>.+)\/providers\/Microsoft\.Authorization\/locks$/
const SINGLE = /^(?<scope>.+)\/providers\/Microsoft\.Authorization\/locks\/(?<name>[^/]+)$/

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

  return [
    gateway.route('locks.list', 'GET', COLLECTION, call => {
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
    }),

    gateway.route('locks.get', 'GET', SINGLE, call => {
      const { lock, name } = find(call, 'read')
      if (lock) return { status: 200, body: lockBody(lock) }
      throw new ArmError(404, 'LockNotFound', `The lock '${name}' could not be found.`)
    }),

    gateway.route('locks.create', 'PUT', SINGLE, call => {
      const { lock, scope, name } = find(call, 'write')
      const { level, notes } = readBody(call, WRITE).properties
      const written: Lock = { name: lock?.name ?? name, scope, level, ...(notes ? { notes } : {}) }
      context.world.locks = [...context.world.locks.filter(other => other !== lock), written]
      return { status: lock ? 200 : 201, body: lockBody(written) }
    }),

    gateway.route('locks.delete', 'DELETE', SINGLE, call => {
      const { lock } = find(call, 'delete')
      if (!lock) return { status: 204 }
      context.world.locks = context.world.locks.filter(other => other !== lock)
      return { status: 200 }
    }),
  ]
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
