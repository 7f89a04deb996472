import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { logOf, runGate } from '../support/scenario.ts'

/** The connection to GitHub opens while the inputs are read. */

let cloud: LocalCloud

beforeAll(async () => {
  cloud = await createLocalCloud({ granted: true })
})
afterAll(() => cloud.close())

/** Records connections, and passes them on to the local cloud, or closes them where `isClosed` says so. */
async function withGate(isClosed: (connection: number) => boolean = () => false) {
  const url = new URL(cloud.runnerEnvironment().ACTIONS_ID_TOKEN_REQUEST_URL ?? '')
  const port = Number(url.port)
  const accepted: Socket[] = []
  const server = createServer(socket => {
    accepted.push(socket)
    socket.on('error', () => {})
    if (isClosed(accepted.length)) {
      socket.once('data', () => socket.destroy())
      return
    }
    const onward = connect(port, url.hostname, () => socket.pipe(onward).pipe(socket))
    onward.on('error', () => socket.destroy())
    socket.once('close', () => onward.destroy())
  })
  server.listen(0, url.hostname)
  await once(server, 'listening')
  url.port = String((server.address() as AddressInfo).port)
  return {
    accepted,
    env: { ACTIONS_ID_TOKEN_REQUEST_URL: url.href },
    close: () => {
      for (const socket of accepted) socket.destroy()
      server.close()
    },
  }
}

const bad = { 'client-id': 'no GUID' }

test('with good inputs the request goes over it', async () => {
  const github = await withGate()
  const run = await runGate(cloud, { env: github.env })
  github.close()

  expect(run.outputs.result).toBe('passed')
  expect(github.accepted).toHaveLength(1)
})

test('with bad inputs it is opened, and no token is asked for', async () => {
  const github = await withGate()
  const run = await runGate(cloud, { env: github.env, inputs: bad })
  github.close()

  expect(run.outputs.diagnosis).toBe('input-invalid')
  expect(run.requests).toEqual([])
  expect(github.accepted).toHaveLength(1)
})

test('a host that closes it does no harm: the request takes another', async () => {
  const github = await withGate(connection => connection === 1)
  const run = await runGate(cloud, { env: github.env })
  github.close()

  expect(run.outputs.result).toBe('passed')
  expect(run.requests.filter(({ operation }) => operation === 'oidc.token')).toHaveLength(1)
  expect(github.accepted).toHaveLength(2)
})

test('where nobody listens, the request reports it', async () => {
  const nobody = await withGate()
  nobody.close()
  const run = await runGate(cloud, { env: nobody.env })

  expect(run.outputs.diagnosis).toBe('connection-failed')
})

test('with a proxy none is opened, neither to GitHub nor to the proxy', async () => {
  const [github, proxy] = [await withGate(), await withGate()]
  const { host } = new URL(proxy.env.ACTIONS_ID_TOKEN_REQUEST_URL)
  const env = { ...github.env, HTTPS_PROXY: `http://${host}` }
  const run = await runGate(cloud, { env, inputs: bad })
  github.close()
  proxy.close()

  expect(run.outputs.diagnosis).toBe('input-invalid')
  expect([github.accepted, proxy.accepted]).toEqual([[], []])
})

test.each([
  ['an address that is none', { ACTIONS_ID_TOKEN_REQUEST_URL: 'no address' }],
  ['a proxy that cannot be used', { HTTPS_PROXY: 'socks5://127.0.0.1:9' }],
])('%s hides no bad input', async (_, env) => {
  const run = await runGate(cloud, { env, inputs: bad })

  expect(run.outputs.diagnosis).toBe('input-invalid')
  expect(logOf(run)).toContain('`client-id`')
})

test('to an address without TLS none is opened', async () => {
  const github = await withGate()
  const url = github.env.ACTIONS_ID_TOKEN_REQUEST_URL.replace('https:', 'http:')
  const run = await runGate(cloud, { env: { ACTIONS_ID_TOKEN_REQUEST_URL: url }, inputs: bad })
  github.close()

  expect(run.outputs.diagnosis).toBe('input-invalid')
  expect(github.accepted).toEqual([])
})
