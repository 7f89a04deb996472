import type { ServiceReply } from '../../service.ts'
import type { Call } from '../call.ts'
import { eventStream } from '../event-stream.ts'
import { pageOf } from '../pages.ts'
import { invalidRequest, responseNotFound } from '../refusals.ts'
import { asOf, isFinished } from './response.ts'
import type { StoredResponse } from './store.ts'

/** Stored responses; `store: false` leaves one out (openai-node, resources/responses). */

/** @throws Refusal 404 */
function requireStored({ store, params }: Call): StoredResponse {
  const { response_id: id = '' } = params
  const found = store.responses.get(id)
  if (found === undefined) throw responseNotFound(id)
  return found
}

const secondsOf = ({ now }: Call) => Math.floor(now / 1000)

/** `GET …/responses/{response_id}`; the stream can be read again, from any event on. */
export function getResponse(call: Call): ServiceReply {
  const { response, cancelled, events } = requireStored(call)
  if (call.query.get('stream') !== 'true') {
    return { status: 200, body: asOf(response, secondsOf(call), cancelled) }
  }
  if (events.length === 0) {
    throw invalidRequest(
      'This response cannot be streamed because it was not created with background=true and stream=true.',
      'stream',
      null,
    )
  }
  return eventStream(events.slice(Number(call.query.get('starting_after') ?? -1) + 1), {})
}

/** `DELETE …/responses/{response_id}` */
export function deleteResponse(call: Call): ServiceReply {
  const { id } = requireStored(call).response
  call.store.responses.delete(id)
  return { status: 200, body: { id, object: 'response', deleted: true } }
}

/** `POST …/responses/{response_id}/cancel`: has no effect on a finished response. */
export function cancelResponse(call: Call): ServiceReply {
  const stored = requireStored(call)
  if (!stored.response.background) {
    throw invalidRequest('Cannot cancel a synchronous response.', null, null)
  }
  const now = secondsOf(call)
  if (!isFinished(stored.response, now)) stored.cancelled = true
  return { status: 200, body: asOf(stored.response, now, stored.cancelled) }
}

/** `GET …/responses/{response_id}/input_items` */
export function listInputItems(call: Call): ServiceReply {
  return { status: 200, body: pageOf(requireStored(call).input, call.query) }
}
