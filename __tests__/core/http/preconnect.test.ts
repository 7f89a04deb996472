import { Socket } from 'node:net'
import type { buildConnector } from 'undici'
import { preconnecting } from '../../../src/core/http/preconnect.ts'

/** Sockets that are connected to nothing: only who is given which of them matters here. */
function arrange({ failing = 0 } = {}) {
  const made: Socket[] = []
  let attempts = 0
  const ahead = preconnecting((_options, callback) => {
    attempts += 1
    if (attempts <= failing) return callback(new Error(`attempt ${attempts} failed`), null)
    const socket = new Socket()
    made.push(socket)
    callback(null, socket)
  })
  const connect = (host: string) =>
    new Promise<unknown>(resolve => {
      const options: buildConnector.Options = { host, hostname: host, port: '', protocol: 'https:' }
      ahead.connect(options, (error, socket) => resolve(error ?? socket))
    })
  return { open: ahead.open, connect, made, attempts: () => attempts }
}

test('each connection that was opened ahead serves one request, and then they are made as needed', async () => {
  const { open, connect, made, attempts } = arrange()
  open('https://one.example', 1)
  open('https://one.example', 1)
  expect(attempts()).toBe(2)

  const [first, second] = [await connect('one.example'), await connect('one.example')]
  expect([first, second]).toEqual([made[0], made[1]])
  expect(attempts()).toBe(2)

  expect(await connect('one.example')).toBe(made[2])
})

test('they serve the host, and the port, that they were opened to', async () => {
  const { open, connect, made } = arrange()
  open('https://one.example', 1)
  open('https://one.example:8443', 1)

  expect(await connect('other.example')).toBe(made[2])
  expect(await connect('one.example:8443')).toBe(made[1])
})

test('one that was closed since is made anew', async () => {
  const { open, connect, made } = arrange()
  open('https://one.example', 1)
  made[0]?.destroy()

  expect(await connect('one.example')).toBe(made[1])
})

test('one that failed is made anew, and the request tells what is wrong', async () => {
  const once = arrange({ failing: 1 })
  once.open('https://one.example', 1)
  expect(await once.connect('one.example')).toBe(once.made[0])

  const always = arrange({ failing: 2 })
  always.open('https://one.example', 1)
  expect(await always.connect('one.example')).toEqual(new Error('attempt 2 failed'))
})
