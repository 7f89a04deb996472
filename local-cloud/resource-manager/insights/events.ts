import { STATUS_CODES } from 'node:http'
import type { ServiceReply, ServiceRequest } from '../../service.ts'
import { actionOf } from '../actions.ts'
import type { Caller } from '../authentication.ts'
import { azureInstant } from '../values.ts'

/** A request that wrote, deleted or acted, or was refused. */
export interface Asked {
  request: ServiceRequest
  caller: Caller
  /** Milliseconds since the epoch. */
  startedAt: number
}

interface Answered extends Asked {
  correlationId: string
  /** Milliseconds since the epoch. */
  endedAt: number
  reply: ServiceReply
}

export type ActivityEvent = ReturnType<typeof eventsOf>[number]

/** A request has one event for its beginning and one for its end (a recording of az: role assignment list-changelogs). */
export function eventsOf({ request, caller, correlationId, startedAt, endedAt, reply }: Answered) {
  const { method, url, headers, body } = request
  const path = url.pathname.replace(/\/{2,}/g, '/')
  const action = actionOf(method, path)
  // The last segment of a POST is what it does to the resource.
  const resourceId = method === 'POST' ? path.replace(/\/[^/]+$/, '') : path
  const type = action.split('/').slice(0, method === 'POST' ? -2 : -1)
  const event = (name: string, at: number, outcome: Outcome) => {
    const eventDataId = crypto.randomUUID()
    return {
      authorization: { action, scope: resourceId },
      caller: caller.oid,
      channels: 'Operation',
      claims: claimsOf(caller),
      correlationId,
      description: '',
      eventDataId,
      eventName: { value: name, localizedValue: name === 'BeginRequest' ? 'Begin request' : 'End request' },
      category: named('Administrative'),
      httpRequest: {
        clientRequestId: headers['x-ms-client-request-id'] ?? correlationId,
        clientIpAddress: '127.0.0.1',
        method,
      },
      id: `${resourceId}/events/${eventDataId}/ticks/${ticksOf(at)}`,
      level: outcome.level,
      resourceGroupName: /\/resourceGroups\/([^/]+)/i.exec(path)?.[1] ?? '',
      resourceProviderName: named(type[0] ?? ''),
      resourceId,
      resourceType: named(type.join('/')),
      operationId: correlationId,
      operationName: named(action),
      properties: { ...outcome.properties, eventCategory: 'Administrative' },
      status: named(outcome.status),
      subStatus: outcome.subStatus,
      eventTimestamp: azureInstant(at, '0487'),
      submissionTimestamp: azureInstant(at, '0487'),
      subscriptionId: /^\/subscriptions\/([^/]+)/i.exec(path)?.[1] ?? '',
      tenantId: caller.tid,
    }
  }
  return [event('BeginRequest', startedAt, begun(body)), event('EndRequest', endedAt, ended(reply))]
}

const named = (value: string) => ({ value, localizedValue: value })

interface Outcome {
  level: 'Informational' | 'Error'
  status: 'Started' | 'Succeeded' | 'Failed'
  subStatus: { value: string; localizedValue: string }
  properties: Record<string, string>
}

const begun = (body: string): Outcome => ({
  level: 'Informational',
  status: 'Started',
  subStatus: named(''),
  properties: body === '' ? {} : { requestbody: body },
})

function ended({ status, body }: ServiceReply): Outcome {
  const isFailed = status >= 400
  const phrase = STATUS_CODES[status] ?? String(status)
  const name = phrase.replaceAll(/\W/g, '')
  return {
    level: isFailed ? 'Error' : 'Informational',
    status: isFailed ? 'Failed' : 'Succeeded',
    subStatus: { value: name, localizedValue: `${phrase} (HTTP Status Code: ${status})` },
    properties: {
      statusCode: name,
      serviceRequestId: crypto.randomUUID(),
      ...(isFailed && { statusMessage: JSON.stringify(body) }),
    },
  }
}

/** For a service principal `caller` is the object id (learn.microsoft.com, activity-log-schema, the event of a policy). */
const claimsOf = ({ appid, oid, tid }: Caller) => ({
  appid,
  'http://schemas.microsoft.com/identity/claims/objectidentifier': oid,
  'http://schemas.microsoft.com/identity/claims/tenantid': tid,
  'http://schemas.xmlsoap.org/ws/2005/05/identity/claims/nameidentifier': oid,
})

/** In units of 100 nanoseconds since the year 1. */
const ticksOf = (ms: number): string => String(BigInt(Math.floor(ms)) * 10_000n + 621_355_968_000_000_000n)
