import * as v from 'valibot'
import type { ServiceReply } from '../../service.ts'
import { optional, parseKnown, unknownParameter } from '../bodies.ts'
import type { Call } from '../call.ts'
import { metadata } from '../chat/request.ts'
import { pageOf } from '../pages.ts'
import { conversationNotFound, itemNotFound } from '../refusals.ts'
import { type Item, itemsIn, newId } from './items.ts'
import { inputItem } from './request.ts'
import type { Conversation, Store } from './store.ts'

/** Conversations: items to which responses are added (openai-node, resources/conversations). */

const items = v.pipe(v.array(inputItem), v.maxLength(20))

const creation = v.looseObject({ items: optional(items), metadata })
const change = v.looseObject({ metadata })
const addition = v.looseObject({ items })

/** @throws Refusal 404 */
export function requireConversation({ conversations }: Store, id: string): Conversation {
  const found = conversations.get(id)
  if (found === undefined) throw conversationNotFound(id)
  return found
}

const addressed = ({ store, params }: Call) => requireConversation(store, params.conversation_id ?? '')

const describe = ({ id, createdAt: created_at, metadata: about }: Conversation) => ({
  id,
  object: 'conversation',
  created_at,
  metadata: about,
})

/** `POST …/conversations` */
export function createConversation(call: Call): ServiceReply {
  const request = parseKnown(creation, call.body === '' ? '{}' : call.body, unknownParameter)
  const conversation = {
    id: newId('conv'),
    createdAt: Math.floor(call.now / 1000),
    metadata: request.metadata ?? {},
    items: itemsIn(request.items),
  }
  call.store.conversations.set(conversation.id, conversation)
  return { status: 200, body: describe(conversation) }
}

/** `GET …/conversations/{conversation_id}` */
export const getConversation = (call: Call): ServiceReply => ({
  status: 200,
  body: describe(addressed(call)),
})

/** `POST …/conversations/{conversation_id}` */
export function updateConversation(call: Call): ServiceReply {
  const conversation = addressed(call)
  conversation.metadata = parseKnown(change, call.body, unknownParameter).metadata ?? {}
  return { status: 200, body: describe(conversation) }
}

/** `DELETE …/conversations/{conversation_id}` */
export function deleteConversation(call: Call): ServiceReply {
  const { id } = addressed(call)
  call.store.conversations.delete(id)
  return { status: 200, body: { id, object: 'conversation.deleted', deleted: true } }
}

/** `GET …/conversations/{conversation_id}/items` */
export const listItems = (call: Call): ServiceReply => ({
  status: 200,
  body: pageOf(addressed(call).items, call.query),
})

/** `POST …/conversations/{conversation_id}/items` */
export function createItems(call: Call): ServiceReply {
  const conversation = addressed(call)
  const added = itemsIn(parseKnown(addition, call.body, unknownParameter).items)
  conversation.items.push(...added)
  return { status: 200, body: pageOf(added, new URLSearchParams({ order: 'asc', limit: '100' })) }
}

/** `GET …/conversations/{conversation_id}/items/{item_id}` */
export const getItem = (call: Call): ServiceReply => ({ status: 200, body: requireItem(call) })

/** `DELETE …/conversations/{conversation_id}/items/{item_id}` */
export function deleteItem(call: Call): ServiceReply {
  const conversation = addressed(call)
  const gone = requireItem(call)
  conversation.items = conversation.items.filter(item => item !== gone)
  return { status: 200, body: describe(conversation) }
}

function requireItem(call: Call): Item {
  const { item_id: id = '' } = call.params
  const found = addressed(call).items.find(item => item.id === id)
  if (found === undefined) throw itemNotFound(id)
  return found
}
