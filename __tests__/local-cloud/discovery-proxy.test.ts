import { once } from 'node:events'
import { createServer } from 'node:net'
import { connect } from 'node:tls'
import { ProxyAgent, request } from 'undici'
import { DISCOVERY_HOST } from '../../local-cloud/discovery-proxy.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { startLocalCloud } from './cloud-fixture.ts'

/** SDKs that ask login.microsoftonline.com whether they may trust the local authority are answered by it. */

const { cloud } = await startLocalCloud({ instanceDiscovery: true })
const { HTTPS_PROXY = '', NO_PROXY = '' } = cloud.jobEnvironment()
const byProxy = new ProxyAgent({ uri: HTTPS_PROXY, requestTls: { ca: cloud.caPem } })
afterAll(() => byProxy.close())

const authorize = (host: string) =>
  encodeURIComponent(`${host}/${cloud.world.tenants[0]?.id}/oauth2/v2.0/authorize`)
const discovery = (authority: string) =>
  request(
    `https://${DISCOVERY_HOST}/common/discovery/instance?api-version=1.1&authorization_endpoint=${authorize(authority)}`,
    { dispatcher: byProxy },
  )

test('the local Entra answers as login.microsoftonline.com, for its own host only', async () => {
  const { authorityHost } = cloud.endpoints
  const { statusCode, body } = await discovery(authorityHost)
  expect({ statusCode, body: await body.json() }).toMatchObject({
    statusCode: 200,
    body: {
      tenant_discovery_endpoint: expect.stringContaining(`${authorityHost}/`),
      metadata: [{ preferred_network: new URL(authorityHost).host }],
    },
  })
  const other = await discovery('https://login.contoso.example')
  expect(other.statusCode).toBe(400)
  expect(await other.body.text()).toContain('invalid_instance')
})

test('the proxy passes other hosts through, with their own certificates', async () => {
  const { statusCode, body } = await request(
    `${cloud.endpoints.resourceManager}/subscriptions?api-version=2022-12-01`,
    {
      dispatcher: byProxy,
    },
  )
  expect(statusCode).toBe(401)
  await body.dump()
})

test('a host that cannot be reached answers 502', async () => {
  const closed = createServer()
  const port = await new Promise<number>(resolve =>
    closed.listen(0, '127.0.0.1', () => {
      const address = closed.address()
      resolve(typeof address === 'object' && address !== null ? address.port : 0)
    }),
  )
  await new Promise(resolve => closed.close(resolve))
  await expect(request(`https://127.0.0.1:${port}/`, { dispatcher: byProxy })).rejects.toThrow('502')
})

test('NO_PROXY names the hosts of the cloud', () => {
  expect(NO_PROXY.split(',')).toEqual(expect.arrayContaining(['127.0.0.1', 'localhost']))
})

/** Names that the certificate of a local Entra is for. */
async function certifiedNames({ caPem, endpoints }: LocalCloud): Promise<string> {
  const socket = connect({
    host: '127.0.0.1',
    port: Number(new URL(endpoints.authorityHost).port),
    ca: caPem,
  })
  await once(socket, 'secureConnect')
  const { subjectaltname = '' } = socket.getPeerCertificate()
  socket.destroy()
  return subjectaltname
}

test('without the option there is no proxy, and no certificate for that name', async () => {
  const plain = await createLocalCloud()
  try {
    expect(Object.keys(plain.jobEnvironment())).not.toContain('HTTPS_PROXY')
    expect(await certifiedNames(plain)).not.toContain(DISCOVERY_HOST)
    expect(await certifiedNames(cloud)).toContain(`DNS:${DISCOVERY_HOST}`)
  } finally {
    await plain.close()
  }
})

test('the option is refused if HTTPS_PROXY names another proxy', async () => {
  process.env.HTTPS_PROXY = 'http://proxy.contoso.example:3128'
  try {
    await expect(createLocalCloud({ instanceDiscovery: true })).rejects.toThrow('names another proxy')
  } finally {
    delete process.env.HTTPS_PROXY
  }
})
