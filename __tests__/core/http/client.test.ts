import { createHash } from 'node:crypto'
import type { Socket } from 'node:net'
import net from 'node:net'
import tls from 'node:tls'
import { brotliCompressSync, deflateSync, gzipSync } from 'node:zlib'
import { createTlsCredentials, type TlsCredentials } from '../../../local-cloud/tls.ts'
import { createHttpClient, type HttpReply } from '../../../src/core/http/client.ts'
import { NetworkFailure, protocolSwitched } from '../../../src/core/http/network-failure.ts'
import { onFreshConnections, restrictOrigins } from '../../../src/core/http/wrappers.ts'
import type { Clock } from '../../../src/core/ports.ts'
import { type ConnectProxy, type ProxyOptions, startProxy } from '../../support/proxy.ts'

/** The client against a server that answers with bytes as they stand in the test. */

let credentials: TlsCredentials
let answer: (socket: Socket, request: string) => void
let server: tls.Server
let origin: string
let host: string
const sockets = new Set<Socket>()

beforeAll(async () => {
  credentials = await createTlsCredentials()
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), credentials.ca])
  server = tls.createServer(credentials, socket => {
    socket.on('error', () => socket.destroy())
    socket.on('data', data => answer(socket, data.toString('latin1')))
  })
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.once('close', () => sockets.delete(socket))
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('The server has no TCP port')
  host = `127.0.0.1:${address.port}`
  origin = `https://${host}`
})
afterAll(async () => {
  for (const socket of sockets) socket.destroy()
  await new Promise(resolve => server.close(resolve))
})

/** Time passes only where a test says so. */
const limits = new Set<() => void>()
const clock: Pick<Clock, 'now' | 'after'> = {
  now: () => 0,
  after(_, then) {
    limits.add(then)
    return () => limits.delete(then)
  },
}
function timeIsUp(): void {
  for (const end of limits) end()
}

const client = (env: Record<string, string> = {}) => createHttpClient({ timeoutMs: 5000, env, clock })
const get = (env: Record<string, string> = {}, url = `${origin}/things?x=1`) =>
  client(env).http({ method: 'GET', url, headers: { authorization: 'Bearer abc' } })

/** Whole answers, as they stand on the wire. */
function answering(...parts: Array<string | Uint8Array>): void {
  answer = socket => {
    for (const part of parts) socket.write(part)
  }
}

const withBody = (body: string | Uint8Array, ...headers: string[]) => [
  ['HTTP/1.1 200 OK', `content-length: ${Buffer.byteLength(body)}`, ...headers, '', ''].join('\r\n'),
  body,
]

async function failureOf(promise: Promise<HttpReply>): Promise<NetworkFailure> {
  const outcome = await promise.catch(error => error)
  expect(outcome).toBeInstanceOf(NetworkFailure)
  return outcome
}

test('a request asks for the plain body, and the reply comes with its headers in lower case', async () => {
  let seen = ''
  answer = (socket, request) => {
    seen = request
    for (const part of withBody('hé', 'X-Thing: 1', 'x-many: a', 'x-many: b')) socket.write(part)
  }
  expect(await get()).toEqual({
    status: 200,
    headers: { 'content-length': '3', 'x-thing': '1', 'x-many': 'a, b' },
    body: 'hé',
    connection: expect.any(Number),
  })
  expect(seen).toMatch(/^GET \/things\?x=1 HTTP\/1\.1\r\n/)
  expect(seen).toContain('accept-encoding: identity\r\n')
})

test('informational answers come before the answer', async () => {
  answering('HTTP/1.1 103 Early Hints\r\nlink: </x>\r\n\r\n', ...withBody('here'))
  expect(await get()).toMatchObject({ status: 200, body: 'here' })
})

test('a redirect is an answer like any other', async () => {
  let requests = 0
  answer = socket => {
    requests += 1
    socket.write(`HTTP/1.1 307 Temporary Redirect\r\nlocation: ${origin}/other\r\ncontent-length: 0\r\n\r\n`)
  }
  expect(await get()).toMatchObject({ status: 307, headers: { location: `${origin}/other` } })
  expect(requests).toBe(1)
})

describe('compressed, although that was not asked for', () => {
  const text = 'contoso '.repeat(100)
  test.each([
    ['gzip', gzipSync(text)],
    ['x-gzip', gzipSync(text)],
    ['GZIP', gzipSync(text)],
    ['deflate', deflateSync(text)],
    ['br', brotliCompressSync(text)],
    ['identity', Buffer.from(text)],
  ])('%s is read', async (encoding, body) => {
    answering(...withBody(body, `content-encoding: ${encoding}`))
    expect((await get()).body).toBe(text)
  })

  test.each([
    ['zstd', 'whatever', 'UNKNOWN_ENCODING'],
    ['gzip, br', 'whatever', 'UNKNOWN_ENCODING'],
    ['constructor', 'whatever', 'UNKNOWN_ENCODING'],
    ['gzip', 'not gzip at all', 'Z_DATA_ERROR'],
    ['gzip', gzipSync(text).subarray(0, 20), 'Z_BUF_ERROR'],
    ['gzip', gzipSync(Buffer.alloc(9 * 1024 * 1024)), 'RESPONSE_TOO_LARGE'],
  ])('%s that cannot be read is an error (%#)', async (encoding, body, code) => {
    answering(...withBody(body, `content-encoding: ${encoding}`))
    expect(await failureOf(get())).toMatchObject({ code, host })
  })
})

test.each([
  ['UTF-8', 'efbbbf7b7d'],
  ['UTF-16, the small end first', 'fffe7b007d00'],
  ['UTF-16, the big end first', 'feff007b007d'],
])('a byte order mark gives the encoding, and is not part of the body: %s', async (_, bytes) => {
  answering(...withBody(Buffer.from(bytes, 'hex')))
  expect((await get()).body).toBe('{}')
})

test('a body without end is cut off, and the connection closed', async () => {
  let closed: Promise<unknown> = Promise.resolve()
  answer = socket => {
    closed = new Promise(resolve => socket.once('close', resolve))
    socket.write('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n')
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`
    const pour = () => {
      while (!socket.destroyed && socket.write(chunk));
    }
    socket.on('drain', pour)
    pour()
  }
  expect(await failureOf(get())).toMatchObject({ code: 'RESPONSE_TOO_LARGE', host })
  await closed
})

describe('incomplete replies', () => {
  const closing = (text: string) => () => {
    answer = socket => socket.end(text)
  }
  test.each<[string, () => void, RegExp]>([
    ['nothing at all', closing(''), /^ECONNRESET$/],
    ['half a head', closing('HTTP/1.1 200 OK\r\ncontent-'), /^ECONNRESET$/],
    ['a body cut short', closing('HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nabc'), /^ECONNRESET$/],
    [
      'chunks cut short',
      closing('HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n64\r\nabc'),
      /^ECONNRESET$/,
    ],
    ['another protocol', closing('SSH-2.0-OpenSSH_9.6\r\n'), /^HPE_/],
    [
      'another protocol, agreed to without being asked',
      closing('HTTP/1.1 101 Switching Protocols\r\nupgrade: h2c\r\nconnection: upgrade\r\n\r\n'),
      /^PROTOCOL_SWITCHED$/,
    ],
    ['a head without end', closing(`HTTP/1.1 200 OK\r\nx: ${'x'.repeat(100_000)}\r\n\r\n`), /^HPE_HEADER/],
  ])('%s', async (_, arrange, code) => {
    arrange()
    const failure = await failureOf(get())
    expect(failure.code).toMatch(code)
    expect(failure).toMatchObject({ host, proxy: undefined })
    expect(failure.message).toContain(host)
  })
})

describe('every phase has a time limit', () => {
  test('silence', async () => {
    answer = () => timeIsUp()
    expect(await failureOf(get())).toMatchObject({ code: 'REQUEST_TIMEOUT', host })
  })

  test.each([
    ['after the head', 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\n'],
    ['in the middle of the body', 'HTTP/1.1 200 OK\r\ncontent-length: 1000\r\n\r\nabc'],
  ])('a reply that stops %s', async (_, begin) => {
    answer = socket => socket.write(begin, () => setImmediate(timeIsUp))
    expect(await failureOf(get())).toMatchObject({ code: 'REQUEST_TIMEOUT', host })
  })

  test('a port that takes the connection and never speaks TLS', async () => {
    const mute = net.createServer(socket => {
      socket.on('error', () => socket.destroy()).resume()
      timeIsUp()
    })
    await new Promise<void>(resolve => mute.listen(0, '127.0.0.1', () => resolve()))
    const address = mute.address()
    if (address === null || typeof address === 'string') throw new Error('The server has no TCP port')
    const failure = await failureOf(get({}, `https://127.0.0.1:${address.port}/`))
    expect(failure.code).toBe('REQUEST_TIMEOUT')
    await new Promise(resolve => mute.close(resolve))
  })
})

describe('through a proxy', () => {
  const through = async (
    options: ProxyOptions,
    attempt: (env: Record<string, string>, proxy: ConnectProxy) => Promise<void>,
  ) => {
    const proxy = await startProxy(options)
    try {
      await attempt({ HTTPS_PROXY: proxy.url }, proxy)
    } finally {
      await proxy.close()
    }
  }

  test('an open tunnel serves later requests', async () => {
    answering(...withBody('here'))
    await through({}, async (env, proxy) => {
      const { http } = client(env)
      for (const path of ['a', 'b', 'c', 'd']) {
        const reply = await http({ method: 'GET', url: `${origin}/${path}`, headers: {} })
        expect(reply).toMatchObject({ body: 'here' })
      }
      expect(proxy.targets.length).toBeLessThan(4)
    })
  })

  test('a proxy that closes the connection instead of answering is asked once per request', async () => {
    await through({ conduct: () => ({ kind: 'close' }) }, async (env, proxy) => {
      const failure = await failureOf(get(env))
      expect(failure).toMatchObject({ host: proxy.host, target: host, proxy: { failed: true } })
      expect(proxy.targets).toEqual([host])
    })
  })

  test('the message says which one hangs, the proxy or the target', async () => {
    const hang = () => {
      timeIsUp()
      return { kind: 'hang' } as const
    }
    await through({ conduct: hang }, async env => {
      const failure = await failureOf(get(env))
      expect(failure).toMatchObject({ code: 'REQUEST_TIMEOUT', target: host, proxy: { failed: true } })
    })
    answer = () => timeIsUp()
    await through({}, async env => {
      expect(await failureOf(get(env))).toMatchObject({
        code: 'REQUEST_TIMEOUT',
        host,
        proxy: { failed: false },
      })
    })
  })

  test("the proxy's status, authentication scheme and reason are kept", async () => {
    const headers = { 'proxy-authenticate': 'Negotiate, NTLM', 'x-squid-error': 'ERR_CACHE_ACCESS_DENIED 0' }
    await through(
      { conduct: () => ({ kind: 'refuse', status: 407, reason: 'Denied', headers }) },
      async env => {
        const failure = await failureOf(get(env))
        expect(failure.code).toBe('PROXY_407')
        expect(failure.message).toContain(
          '407 Denied; it asks for Negotiate, NTLM; ERR_CACHE_ACCESS_DENIED 0',
        )
      },
    )
  })
})

test('only https is spoken', async () => {
  const url = 'http://contoso.openai.azure.com/'
  expect(await failureOf(get({}, url))).toMatchObject({
    code: 'UNTRUSTED_ORIGIN',
    host: 'contoso.openai.azure.com',
  })
})

test('a restricted client calls no other host, no matter how the address is written', async () => {
  answering(...withBody('here'))
  const http = restrictOrigins(client().http, origin)
  const ask = (url: string) => http({ method: 'GET', url, headers: {} })
  expect(await ask(`${origin}/x`)).toMatchObject({ status: 200 })
  for (const url of [
    `https://${host}@evil.example/`,
    `${origin}.evil.example/`,
    'https://127.0.0.1.evil.example/',
    'nowhere',
    'https://127.0.0.1/',
    `http://${host}/`,
  ])
    expect((await failureOf(ask(url))).code).toBe('UNTRUSTED_ORIGIN')
})

describe('connections opened ahead', () => {
  async function acceptedFor(env: Record<string, string>) {
    const { http, preconnect } = client(env)
    let accepted = 0
    const accept = () => {
      accepted += 1
    }
    server.on('connection', accept)
    answering(...withBody('there'))
    preconnect(origin, 2)
    const replies = await Promise.all(
      ['/one', '/two'].map(path => http({ method: 'GET', url: `${origin}${path}`, headers: {} })),
    )
    server.off('connection', accept)
    expect(replies.map(({ body }) => body)).toEqual(['there', 'there'])
    return accepted
  }

  test('are used for requests', async () => {
    expect(await acceptedFor({})).toBe(2)
  })

  const isAhead = [true, false]
  test.each(isAhead.flatMap(ofConnection => isAhead.map(ofRequest => [ofConnection, ofRequest] as const)))(
    'fresh: %s, are used by requests with fresh: %s only if both agree',
    async (opened, asked) => {
      let accepted = 0
      const accept = () => {
        accepted += 1
      }
      server.on('connection', accept)
      answering(...withBody('there'))
      const { http, preconnect } = client()
      preconnect(origin, 1, { fresh: opened })
      const { body } = await http({ method: 'GET', url: origin, headers: {}, fresh: asked })
      server.off('connection', accept)

      expect(body).toBe('there')
      expect(accepted).toBe(opened === asked ? 1 : 2)
    },
  )

  test.each([
    ['three seconds', 3000, 1],
    ['five seconds', 5000, 2],
  ])(
    'that have been idle for %s: a device on the way may have dropped them',
    async (_, idle, connections) => {
      let now = 0
      const { http, preconnect } = createHttpClient({
        timeoutMs: 5000,
        env: {},
        clock: { ...clock, now: () => now },
      })
      const accepted = new Set<Socket>()
      const accept = (socket: Socket) => accepted.add(socket)
      server.on('connection', accept)
      answering(...withBody('there'))
      const opened = new Promise(resolve => server.once('secureConnection', resolve))
      preconnect(origin, 1)
      await opened
      now = idle
      await http({ method: 'GET', url: origin, headers: {} })
      server.off('connection', accept)

      expect(accepted.size).toBe(connections)
    },
  )

  test('are not opened ahead if there is a proxy', async () => {
    const proxy = await startProxy()
    try {
      expect(await acceptedFor({ https_proxy: proxy.url })).toBe(2)
    } finally {
      await proxy.close()
    }
  })
})

describe('a connection that breaks before a byte of the reply has come', () => {
  /** What arrived on each connection, and whether it is answered or the connection closed. */
  function conducting(conduct: (connection: number, request: number) => string | undefined) {
    const connections: Socket[] = []
    const requests: number[] = []
    answer = socket => {
      if (!connections.includes(socket)) connections.push(socket)
      const connection = connections.indexOf(socket)
      requests.push(connection)
      const said = conduct(connection, requests.filter(each => each === connection).length)
      if (said === undefined) socket.write(withBody('here').join(''))
      else socket.end(said)
    }
    return requests
  }
  const ask = ({ http }: ReturnType<typeof client>) =>
    http({ method: 'PUT', url: `${origin}/thing`, headers: {}, body: '{"a":1}' })

  test('and had served before: the request is sent again at once, on a new one', async () => {
    const requests = conducting((connection, request) => (connection === 0 && request > 1 ? '' : undefined))
    const one = client()
    expect(await ask(one)).toMatchObject({ status: 200 })
    expect(await ask(one)).toMatchObject({ status: 200, body: 'here' })
    expect(requests).toEqual([0, 0, 1])
  })

  test('and was opened ahead: likewise', async () => {
    const requests = conducting(connection => (connection === 0 ? '' : undefined))
    const one = client()
    one.preconnect(origin, 1)
    expect(await ask(one)).toMatchObject({ status: 200 })
    expect(requests).toEqual([0, 1])
  })

  test('and the new one as well: it is a failure', async () => {
    const requests = conducting((connection, request) => (connection > 0 || request > 1 ? '' : undefined))
    const one = client()
    await ask(one)
    expect(await failureOf(ask(one))).toMatchObject({ code: 'ECONNRESET', host })
    expect(requests).toEqual([0, 0, 1])
  })

  test('and was new: it is a failure', async () => {
    const requests = conducting(() => '')
    expect(await failureOf(ask(client()))).toMatchObject({ code: 'ECONNRESET', host })
    expect(requests).toEqual([0])
  })

  test('but with a byte it is a failure on any', async () => {
    const requests = conducting((_, request) => (request > 1 ? 'HTTP/1.1 2' : undefined))
    const one = client()
    await ask(one)
    expect(await failureOf(ask(one))).toMatchObject({ code: 'ECONNRESET', host })
    expect(requests).toEqual([0, 0])
  })

  test('and the time is up: it is not sent again', async () => {
    const requests = conducting((_, request) => {
      if (request === 1) return undefined
      timeIsUp()
      return ''
    })
    const one = client()
    await ask(one)
    expect(await failureOf(ask(one))).toMatchObject({ code: 'REQUEST_TIMEOUT', host })
    expect(requests).toEqual([0, 0])
  })
})

describe('connections opened ahead, some of which fail', () => {
  test('a request opens those again that were closed or never opened', async () => {
    answering(...withBody('here'))
    const { http, preconnect } = client()
    const closed = new Promise(resolve =>
      server.once('secureConnection', socket => socket.once('close', resolve).destroy()),
    )
    preconnect(origin, 1)
    await closed
    expect(await http({ method: 'GET', url: origin, headers: {} })).toMatchObject({ body: 'here' })
  })
})

describe('special requests', () => {
  test('a form goes out in parts, with its length', async () => {
    let received = ''
    answer = (socket, request) => {
      received += request
      if (received.endsWith('--\r\n')) socket.write(withBody('heard').join(''))
    }
    const body = new FormData()
    body.set('model', 'listener')
    body.set('file', new Blob([new Uint8Array([0xff, 0x00, 0x80])], { type: 'audio/wav' }), 'tone.wav')
    const reply = await client().http({ method: 'POST', url: `${origin}/form`, headers: {}, body })

    const boundary = /content-type: multipart\/form-data; boundary=(\S+)\r\n/i.exec(received)?.[1]
    expect(reply.body).toBe('heard')
    expect(received).toContain(
      `--${boundary}\r\nContent-Disposition: form-data; name="model"\r\n\r\nlistener\r\n`,
    )
    expect(received).toContain('filename="tone.wav"\r\nContent-Type: audio/wav\r\n\r\n\xff\x00\x80\r\n')
    expect(received).toMatch(/content-length: \d+\r\n/i)
  })

  const handshake = () =>
    client().http({
      method: 'GET',
      url: `${origin}/socket`,
      headers: { authorization: 'Bearer abc' },
      webSocket: true,
    })
  /** Accepts with what is made of the key, and tells when the client has gone. */
  const accepting = (accept: (key: string) => string) =>
    new Promise<void>(resolve => {
      answer = (socket, request) => {
        const key = /sec-websocket-key: (\S+)/i.exec(request)?.[1] ?? ''
        socket.once('close', () => resolve())
        socket.write(
          `HTTP/1.1 101 Switching Protocols\r\nupgrade: websocket\r\nconnection: upgrade\r\nsec-websocket-accept: ${accept(key)}\r\n\r\n\x81\x02{}`,
        )
      }
    })

  test('a handshake that is accepted is the whole reply, and the socket is closed', async () => {
    const gone = accepting(key =>
      createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64'),
    )
    expect(await handshake()).toMatchObject({ status: 101, body: '', headers: { upgrade: 'websocket' } })
    await gone
  })

  test('a handshake with a wrong key is refused', async () => {
    accepting(() => 'c3RvcA==')
    await expect(handshake()).rejects.toMatchObject({ code: protocolSwitched })
  })

  test('a refusal of it is read like any other', async () => {
    answering(...withBody('{"error":{}}').map(part => String(part).replace('200 OK', '401 Unauthorized')))
    expect(await handshake()).toMatchObject({ status: 401, body: '{"error":{}}' })
  })
})

describe('connections', () => {
  const threeTimes = async (ask: () => Promise<HttpReply>) => {
    answering(...withBody('ok'))
    return [await ask(), await ask(), await ask()].map(({ connection }) => connection)
  }

  test('are kept, and known by their number', async () => {
    const { http } = client()
    const numbers = await threeTimes(() => http({ method: 'GET', url: origin, headers: {} }))

    expect(new Set(numbers).size).toBe(1)
  })

  test('are new for each request that needs its own', async () => {
    const http = onFreshConnections(client().http)
    const numbers = await threeTimes(() => http({ method: 'GET', url: origin, headers: {} }))

    expect(new Set(numbers).size).toBe(3)
  })

  test('start a new TLS session, because a resumed one may lead back to the same replica', async () => {
    const resumed: boolean[] = []
    const note = (socket: tls.TLSSocket) => resumed.push(socket.isSessionReused())
    server.on('secureConnection', note)
    const http = onFreshConnections(client().http)
    await threeTimes(() => http({ method: 'GET', url: origin, headers: {} }))
    server.off('secureConnection', note)

    expect(resumed).toEqual([false, false, false])
  })

  test('look the name up each time, and go on to another address if one does not answer', async () => {
    const asked: string[] = []
    const { http } = createHttpClient({
      ...{ timeoutMs: 5000, env: {}, clock },
      lookup: (hostname, _, callback) => {
        asked.push(hostname)
        callback(
          null,
          ['127.0.0.1', '127.0.0.2'].map(address => ({ address, family: 4 })),
        )
      },
    })
    const numbers = await threeTimes(() =>
      onFreshConnections(http)({ method: 'GET', url: origin.replace('127.0.0.1', 'localhost'), headers: {} }),
    )

    expect(asked).toEqual(['localhost', 'localhost', 'localhost'])
    expect(new Set(numbers).size).toBe(3)
  })
})
