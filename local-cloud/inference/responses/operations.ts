import { randomUUID } from 'node:crypto'
import type { Api } from '../apis.ts'
import { type Operation, operationsOf } from '../operation.ts'
import {
  createConversation,
  createItems,
  deleteConversation,
  deleteItem,
  getConversation,
  getItem,
  listItems,
  updateConversation,
} from './conversations.ts'
import { cancelResponse, deleteResponse, getResponse, listInputItems } from './stored.ts'

/** Where responses are stored. */
interface Base {
  /** The beginning of the operations' names. */
  name: string
  path: string
  /** Data actions without their last part. It is a guess that conversations need the same as responses. */
  actions: string
  api: Api
}

const RESPONSES = 'openai-node, resources/responses'
const CONVERSATIONS = 'openai-node, resources/conversations'

export function storedOperations({ name, path, actions, api }: Base): Record<string, Operation> {
  const call = operationsOf(api)
  const [read, write, remove] = [`${actions}/read`, `${actions}/write`, `${actions}/delete`]
  const response = `${path}/responses/{response_id}`
  const conversation = `${path}/conversations/{conversation_id}`
  const items = `${conversation}/items`
  const all = {
    'responses.get': call(['GET', response], read, RESPONSES, getResponse),
    'responses.delete': call(['DELETE', response], remove, RESPONSES, deleteResponse),
    'responses.cancel': call(['POST', `${response}/cancel`], write, RESPONSES, cancelResponse),
    'responses.inputItems.list': call(['GET', `${response}/input_items`], read, RESPONSES, listInputItems),
    'conversations.create': call(['POST', `${path}/conversations`], write, CONVERSATIONS, createConversation),
    'conversations.get': call(['GET', conversation], read, CONVERSATIONS, getConversation),
    'conversations.update': call(['POST', conversation], write, CONVERSATIONS, updateConversation),
    'conversations.delete': call(['DELETE', conversation], remove, CONVERSATIONS, deleteConversation),
    'conversations.items.list': call(['GET', items], read, CONVERSATIONS, listItems),
    'conversations.items.create': call(['POST', items], write, CONVERSATIONS, createItems),
    'conversations.items.get': call(['GET', `${items}/{item_id}`], read, CONVERSATIONS, getItem),
    'conversations.items.delete': call(['DELETE', `${items}/{item_id}`], remove, CONVERSATIONS, deleteItem),
  }
  return Object.fromEntries(
    Object.entries(all).map(([operation, served]) => [`${name}${operation}`, identified(served)]),
  )
}

/** Replies carry an id like those of models. Clients show it (openai-node, `_request_id`). */
const identified = (operation: Operation): Operation => ({
  ...operation,
  answer(call) {
    const reply = operation.answer(call)
    return { ...reply, headers: { 'x-request-id': randomUUID(), ...reply.headers } }
  },
})
