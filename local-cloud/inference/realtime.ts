import { randomUUID } from 'node:crypto'
import type { ServiceReply } from '../service.ts'
import { acceptOf, textFrame } from '../web-socket.ts'
import type { Call } from './call.ts'
import { requireDeployment, requireOperation } from './deployments.ts'
import { modelHeaders } from './headers.ts'
import { noDeploymentInQuery, webSocketExpected } from './refusals.ts'

/** `GET /openai/v1/realtime`: opens, sends `session.created`, and ignores what it receives. */
export function connectRealtime(call: Call): ServiceReply {
  const name = call.query.get('model') ?? call.query.get('deployment')
  if (name === null) throw noDeploymentInQuery()
  const deployment = requireDeployment(call.account, name)
  requireOperation(deployment, 'realtime')
  const key = call.headers['sec-websocket-key']
  if (call.headers.upgrade?.toLowerCase() !== 'websocket' || key === undefined) throw webSocketExpected()
  const created = {
    type: 'session.created',
    event_id: `event_${randomUUID().replaceAll('-', '')}`,
    session: { type: 'realtime', object: 'realtime.session', model: deployment.model.name },
  }
  return {
    status: 101,
    headers: {
      ...modelHeaders(deployment, 0),
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-accept': acceptOf(key),
    },
    body: textFrame(JSON.stringify(created)),
  }
}
