import { setTimeout as sleep } from 'node:timers/promises'
import type { HttpReply } from '../../../src/core/http/client.ts'
import { withIdleTime } from '../../../src/core/http/idle-time.ts'
import { nextRequestSent, requestSent } from '../../../src/core/http/warm-up.ts'

const reply: HttpReply = { status: 200, headers: {}, body: '' }
const request = { method: 'GET', url: 'https://contoso.example/', headers: {} }

/** A client whose replies come when they are told to. */
function heldBack() {
  const replies: PromiseWithResolvers<HttpReply>[] = []
  const client = withIdleTime(() => {
    const reply = Promise.withResolvers<HttpReply>()
    replies.push(reply)
    return reply.promise
  })
  return { ...client, replies }
}

/** Whether it has resolved after all that can happen without a reply, and some time. */
async function isDone(promise: Promise<unknown>): Promise<boolean> {
  let done = false
  promise.then(() => {
    done = true
  })
  await sleep(100)
  return done
}

test('the next request is the first one after the question', async () => {
  const sent = nextRequestSent()
  expect(await isDone(sent)).toBe(false)

  requestSent.publish({})

  expect(await isDone(sent)).toBe(true)
  expect(await isDone(nextRequestSent())).toBe(false)
})

test('there is idle time while a reply is awaited', async () => {
  const { http, idle, replies } = heldBack()
  const ended = http(request)

  expect(await isDone(idle())).toBe(true)
  replies[0]?.resolve(reply)
  expect(await ended).toBe(reply)
  expect(await isDone(idle())).toBe(false)
})

test('after a reply that failed, idle time begins with the next request', async () => {
  const { http, idle, replies } = heldBack()
  const ended = http(request)
  replies[0]?.reject(new Error('no reply'))
  await expect(ended).rejects.toThrow('no reply')
  const later = idle()
  expect(await isDone(later)).toBe(false)

  http(request)
  requestSent.publish({})

  expect(await isDone(later)).toBe(true)
})

test('a reply that comes at once leaves no idle time', async () => {
  const { http, idle, replies } = heldBack()
  http(request)
  const turn = idle()
  replies[0]?.resolve(reply)

  expect(await isDone(turn)).toBe(false)
})

test('nor does one that comes soon', async () => {
  const { http, idle, replies } = heldBack()
  http(request)
  const turn = idle()
  setTimeout(() => replies[0]?.resolve(reply), 1)

  expect(await isDone(turn)).toBe(false)
})
