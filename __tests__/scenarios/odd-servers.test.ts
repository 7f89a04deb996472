import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import type { Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createServer, type Server } from 'node:tls'
import { gzipSync } from 'node:zlib'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { createTlsCredentials, type TlsCredentials } from '../../local-cloud/tls.ts'
import { runGate } from '../support/scenario.ts'

/** Balancers and gateways whose HTTP is right but unusual, and some whose HTTP is wrong: they write every byte themselves. */

let cloud: LocalCloud
let certificate: TlsCredentials
let folder: string
let server: Server | undefined
/** Distinguishes answers: an answer that is given twice proves nothing. */
let answers = 0

beforeAll(async () => {
  cloud = await createLocalCloud()
  certificate = await createTlsCredentials()
  folder = mkdtempSync(join(tmpdir(), 'key-less-gate-servers-'))
  writeFileSync(join(folder, 'both.pem'), cloud.caPem + certificate.ca)
})
beforeEach(() => cloud.reset())
afterEach(() => server?.close())
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await cloud.close()
})

const completion = (others: object = {}) => {
  answers += 1
  return JSON.stringify({
    id: `chatcmpl-odd-server-${answers}`,
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model: 'gpt-5-nano',
    choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'ready' } }],
    ...others,
  })
}

/** Answers every request with what `reply` writes. @returns the address that clients use. */
async function serve(reply: (socket: Socket) => void, host = '127.0.0.1'): Promise<string> {
  const { key, cert } = certificate
  const listening = createServer({ key, cert }, socket => {
    let text = ''
    socket.on('error', () => undefined)
    socket.on('data', chunk => {
      text += chunk.toString('latin1')
      const [head = '', body = ''] = text.split('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(head)?.[1] ?? 0)
      if (!text.includes('\r\n\r\n') || body.length < length) return
      text = ''
      reply(socket)
    })
  })
  server = listening
  await new Promise<void>(resolve => listening.listen(0, host, resolve))
  const address = listening.address()
  const port = typeof address === 'object' && address !== null ? address.port : 0
  return `https://${host.includes(':') ? `[${host}]` : host}:${port}`
}

const gateAt = (endpoint: string) =>
  runGate(cloud, {
    inputs: { 'resource-id': '', 'resource-manager-endpoint': '', endpoint, deployments: 'chat' },
    env: { NODE_EXTRA_CA_CERTS: join(folder, 'both.pem') },
  })

const json = 'Content-Type: application/json'
const withLength = (body: string, length = body.length) =>
  `${json}\r\nContent-Length: ${length}\r\n\r\n${body}`

test.each<[string, (socket: Socket) => void]>([
  [
    'HTTP/1.0, whose body ends with the connection',
    socket => socket.end(`HTTP/1.0 200 OK\r\n${json}\r\n\r\n${completion()}`),
  ],
  [
    'chunks with trailers',
    socket => {
      const body = completion()
      socket.write(
        `HTTP/1.1 200 OK\r\n${json}\r\nTransfer-Encoding: chunked\r\nTrailer: X-Checksum\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n0\r\nX-Checksum: 1\r\n\r\n`,
      )
    },
  ],
  [
    'early hints before the answer',
    socket =>
      socket.write(
        `HTTP/1.1 103 Early Hints\r\nLink: </x>\r\n\r\nHTTP/1.1 200 OK\r\n${withLength(completion())}`,
      ),
  ],
  [
    'twelve kilobytes of headers',
    socket =>
      socket.write(`HTTP/1.1 200 OK\r\nX-Policy: ${'a'.repeat(12_000)}\r\n${withLength(completion())}`),
  ],
  [
    'a mark of the byte order before the JSON',
    socket => socket.write(`HTTP/1.1 200 OK\r\n${withLength(`\u00ef\u00bb\u00bf${completion()}`)}`, 'latin1'),
  ],
  [
    'another model than the deployment, as a router gives',
    socket => socket.write(`HTTP/1.1 200 OK\r\n${withLength(completion({ model: 'grok-4' }))}`),
  ],
  [
    'no text, as models give at times',
    socket =>
      socket.write(
        `HTTP/1.1 200 OK\r\n${withLength(completion({ choices: [{ finish_reason: 'stop', message: { content: '' } }] }))}`,
      ),
  ],
])('%s: passes', async (_, reply) => {
  const run = await gateAt(await serve(reply))
  expect(run.outputs).toMatchObject({ result: 'passed', diagnosis: '' })
})

test.each<[string, string, (socket: Socket) => void]>([
  [
    'half of a body that ends with the connection',
    'answer-invalid',
    socket => socket.end(`HTTP/1.0 200 OK\r\n${json}\r\n\r\n${completion().slice(0, -20)}`),
  ],
  [
    'chunks that break off after a whole answer',
    'connection-failed',
    socket => {
      const body = completion()
      socket.end(
        `HTTP/1.1 200 OK\r\n${json}\r\nTransfer-Encoding: chunked\r\n\r\n${body.length.toString(16)}\r\n${body}\r\n`,
      )
    },
  ],
  [
    'less than its length',
    'connection-failed',
    socket => socket.end(`HTTP/1.1 200 OK\r\n${withLength(completion(), 5000)}`),
  ],
  [
    'a stream that nobody asked for',
    'answer-invalid',
    socket =>
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\nContent-Length: ${completion().length + 8}\r\n\r\ndata: ${completion()}\n\n`,
      ),
  ],
  [
    'no choices',
    'answer-invalid',
    socket => socket.write(`HTTP/1.1 200 OK\r\n${withLength(completion({ choices: [] }))}`),
  ],
  [
    'an accepted request without an answer',
    'answer-invalid',
    socket => socket.write(`HTTP/1.1 202 Accepted\r\n${withLength('{"status":"queued"}')}`),
  ],
  ['no content', 'answer-invalid', socket => socket.write('HTTP/1.1 204 No Content\r\n\r\n')],
  [
    'part of the answer',
    'answer-invalid',
    socket =>
      socket.write(
        `HTTP/1.1 206 Partial Content\r\nContent-Range: bytes 0-9/500\r\n${withLength(completion().slice(0, 10))}`,
      ),
  ],
  [
    'two hundred kilobytes of headers',
    'connection-failed',
    socket =>
      socket.write(`HTTP/1.1 200 OK\r\nX-Policy: ${'a'.repeat(200_000)}\r\n${withLength(completion())}`),
  ],
  ['no HTTP at all', 'connection-failed', socket => socket.end('SSH-2.0-OpenSSH_9.6\r\n')],
  [
    'a page with success, of a captive portal',
    'answer-invalid',
    socket =>
      socket.write(
        `HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 26\r\n\r\n<html>Please log in</html>`,
      ),
  ],
])('%s: fails with %s', async (_, diagnosis, reply) => {
  const run = await gateAt(await serve(reply))
  expect(run.outputs).toMatchObject({ result: 'failed', diagnosis })
})

test('a compressed answer, although none was asked for', async () => {
  const run = await gateAt(
    await serve(socket => {
      const body = gzipSync(completion())
      socket.write(
        `HTTP/1.1 200 OK\r\n${json}\r\nContent-Encoding: gzip\r\nContent-Length: ${body.length}\r\n\r\n`,
      )
      socket.write(body)
    }),
  )
  expect(run.outputs).toMatchObject({ result: 'passed' })
})

test('an address of IPv6 only', async () => {
  const run = await gateAt(
    await serve(socket => socket.write(`HTTP/1.1 200 OK\r\n${withLength(completion())}`), '::1'),
  )
  expect(run.outputs).toMatchObject({ result: 'passed' })
})
