import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Fault } from '../../local-cloud/faults.ts'
import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { createTlsCredentials, type TlsCredentials } from '../../local-cloud/tls.ts'
import { misbehaving } from '../attacks/proxies.ts'
import type { GateRun } from '../support/gate-run.ts'
import { type Conduct, type ConnectProxy, type ProxyOptions, startProxy } from '../support/proxy.ts'
import { accountScope, logOf, runGate, type ScenarioOptions } from '../support/scenario.ts'

/** What goes wrong between the runner and the four services, and in the proxy between them. */

let cloud: LocalCloud
let stranger: TlsCredentials
let folder: string
/** Trusts both the local cloud and the stranger. */
let bothAuthorities: string
const proxies: ConnectProxy[] = []

beforeAll(async () => {
  cloud = await createLocalCloud()
  stranger = await createTlsCredentials()
  folder = mkdtempSync(join(tmpdir(), 'key-less-gate-network-'))
  bothAuthorities = authorities(stranger)
})
beforeEach(() => cloud.reset())
afterEach(async () => {
  await Promise.all(proxies.splice(0).map(proxy => proxy.close()))
})
afterAll(async () => {
  rmSync(folder, { recursive: true, force: true })
  await cloud.close()
})

/** A file of the local cloud's authority and another one. */
function authorities({ ca }: TlsCredentials): string {
  const path = join(folder, `${crypto.randomUUID()}.pem`)
  writeFileSync(path, cloud.caPem + ca)
  return path
}

async function proxyWith(options: ProxyOptions = {}): Promise<ConnectProxy> {
  const proxy = await startProxy(options)
  proxies.push(proxy)
  return proxy
}

const hostOf = (url: string | undefined) => new URL(url ?? '').host

/** Those that the action talks to: it never asks Microsoft Graph, and no gateway is in the way here. */
type ServiceName = Exclude<NonNullable<Fault['service']>, 'managed-identity' | 'graph' | 'gateway' | 'app'>

interface Service {
  name: ServiceName
  host: () => string
  /** Hosts that no trouble of this one may be blamed on. */
  others: () => string[]
}

const hosts: Record<ServiceName, () => string> = {
  github: () => hostOf(cloud.endpoints.github),
  entra: () => hostOf(cloud.endpoints.authorityHost),
  'resource-manager': () => hostOf(cloud.endpoints.resourceManager),
  inference: () => hostOf(cloud.endpoints.hosts.get(accountScope(cloud).toLowerCase())?.openAI),
}
const serviceNames: readonly ServiceName[] = ['github', 'entra', 'resource-manager', 'inference']
const services: Service[] = serviceNames.map(name => ({
  name,
  host: hosts[name],
  others: () => serviceNames.filter(other => other !== name).map(other => hosts[other]()),
}))

/** One conduct towards one host, and the way free to all others. */
const towards = (host: string, conduct: Conduct) => (target: string) =>
  target === host ? conduct : ({ kind: 'forward' } satisfies Conduct)

/** The text of the diagnosis: what follows the story in the log. */
function diagnosisOf(run: GateRun): string {
  const log = logOf(run)
  return log.slice(log.indexOf('Error: '))
}

function expectBlame(run: GateRun, code: string, host: string, innocent: readonly string[]): void {
  expect(run.outputs.diagnosis).toBe(code)
  expect(diagnosisOf(run)).toContain(host)
  for (const other of innocent) expect(diagnosisOf(run)).not.toContain(other)
  expect(run.report).toMatchObject({ diagnosis: { said: { host } } })
}

const gate = (options: ScenarioOptions = {}) => runGate(cloud, options)
const through = (proxy: ConnectProxy, options: ScenarioOptions = {}) =>
  gate({ ...options, env: { HTTPS_PROXY: proxy.url, ...options.env } })

describe.each(services)('on the way to $name', ({ name, host, others }) => {
  test('a certificate of an unknown authority is tls-untrusted; trusting the authority fixes it', async () => {
    const intercept: Conduct = { kind: 'intercept', certificate: stranger, trusted: cloud.caPem }
    const proxy = await proxyWith({ conduct: towards(host(), intercept) })

    const run = await through(proxy)
    expectBlame(run, 'tls-untrusted', host(), others())
    expect(diagnosisOf(run)).toContain('NODE_EXTRA_CA_CERTS: /path/to/authority.pem')
    expect(diagnosisOf(run)).toContain(`through the proxy ${proxy.host}`)
    expect(run.requests.filter(({ service }) => service === name)).toHaveLength(0)

    const mended = await through(proxy, { env: { NODE_EXTRA_CA_CERTS: bothAuthorities } })
    expect(mended.outputs.result).toBe('passed')
  })

  test('a proxy that does not allow the host is proxy-refused, at once; exempting the host fixes it', async () => {
    const proxy = await proxyWith({ conduct: towards(host(), { kind: 'refuse', status: 403 }) })

    const run = await through(proxy)
    expectBlame(run, 'proxy-refused', proxy.host, others())
    expect(diagnosisOf(run)).toContain(`${host()} was never reached`)
    expect(logOf(run)).not.toContain('next try in')

    const mended = await through(proxy, { env: { NO_PROXY: host() } })
    expect(mended.outputs.result).toBe('passed')
    expect(proxy.targets.slice(-1)).not.toContain(host())
  })

  test('a proxy that cannot connect is proxy-refused after a few tries', async () => {
    const proxy = await proxyWith({
      conduct: towards(host(), {
        kind: 'refuse',
        status: 503,
        headers: { 'x-squid-error': 'ERR_CONNECT_FAIL 110' },
      }),
    })
    const run = await through(proxy)
    expectBlame(run, 'proxy-refused', proxy.host, others())
    expect(diagnosisOf(run)).toContain('ERR_CONNECT_FAIL 110')
    expect(proxy.targets.filter(target => target === host()).length).toBeGreaterThan(1)
  })

  test('a hang is request-timeout, after only one more try', async () => {
    cloud.faults.add({ name: 'hangs', service: name, effect: { kind: 'hang' } })
    const run = await gate()
    expectBlame(run, 'request-timeout', host(), others())
    const retries = run.log.filter(line => line.includes('next try in'))
    expect(retries).not.toHaveLength(0)
    // Some requests are made side by side; each of them is retried once.
    expect(new Set(retries).size).toBe(retries.length)
  })

  test.each(['before', 'headers', 'body'] as const)(
    'a connection that is always broken off (%s) is connection-failed',
    async when => {
      cloud.faults.add({ name: 'breaks', service: name, effect: { kind: 'reset', when } })
      expectBlame(await gate(), 'connection-failed', host(), others())
    },
  )

  test('a connection that breaks off once does not matter', async () => {
    cloud.faults.add({ name: 'breaks', service: name, times: 1, effect: { kind: 'reset', when: 'body' } })
    expect((await gate()).outputs.result).toBe('passed')
  })

  test('a page of a firewall is blocked-on-the-way, names the firewall, and blames nothing else', async () => {
    cloud.faults.add({
      name: 'blocks',
      service: name,
      effect: {
        kind: 'reply',
        status: 403,
        headers: { 'content-type': 'text/html', server: 'Microsoft-Azure-Application-Gateway/v2' },
        body: '<html><head><title>403 Forbidden</title></head></html>',
      },
    })
    const run = await gate()
    expectBlame(run, 'blocked-on-the-way', host(), others())
    expect(diagnosisOf(run)).toMatch(/an? Application Gateway answered instead of the service/i)
    cloud.faults.clear()
    expect((await gate()).outputs.result).toBe('passed')
  })

  test('a redirect is not followed, and the message says where it points', async () => {
    const location = 'https://elsewhere.example/login?::error::x##[error]'
    cloud.faults.add({
      name: 'redirects',
      service: name,
      effect: { kind: 'reply', status: 302, headers: { location }, body: '' },
    })
    const run = await gate()
    expect(run.outputs.diagnosis).toBe('blocked-on-the-way')
    expect(diagnosisOf(run)).toContain(
      'It redirects to https://elsewhere.example/login?: :error: :x# #[error]',
    )
  })
})

test.each(['openid.configuration', 'token'])(
  'what hangs at Entra (%s) is told by its host, whatever the SDK makes of it',
  async operation => {
    cloud.faults.add({ name: 'drips', service: 'entra', operation, effect: { kind: 'drip', ms: 1000 } })
    const run = await gate()
    expectBlame(run, 'request-timeout', hosts.entra(), [])
    expect(logOf(run)).not.toContain('endpoints_resolution_error')
  },
)

test('a huge reply is not read to its end', async () => {
  const body = 'x'.repeat(9 * 1024 * 1024)
  cloud.faults.add({
    name: 'floods',
    service: 'resource-manager',
    effect: { kind: 'reply', status: 200, body },
  })
  const run = await gate()
  expectBlame(run, 'connection-failed', hosts['resource-manager'](), [])
  expect(diagnosisOf(run)).toContain('sent more than 8388608 bytes')
  expect(logOf(run)).not.toContain('next try in')
})

describe('a name that does not resolve', () => {
  test.each([
    ['authority-host', 'login.contoso.invalid'],
    ['resource-manager-endpoint', 'management.contoso.invalid'],
    ['endpoint', 'contoso.openai.invalid'],
  ])('in %s is dns-failed, and the input is named', async (input, name) => {
    const run = await gate({ inputs: { [input]: `https://${name}` } })
    expectBlame(
      run,
      'dns-failed',
      name,
      Object.values(hosts).map(host => host()),
    )
    expect(diagnosisOf(run)).toContain(`\`${input}\``)
    expect(diagnosisOf(run)).toContain(`nslookup ${name}`)
  })

  test("as the runner's OIDC endpoint is dns-failed, and no permission is blamed", async () => {
    const url = 'https://pipelines.contoso.invalid/token?api-version=2'
    const run = await gate({ env: { ACTIONS_ID_TOKEN_REQUEST_URL: url } })
    expectBlame(run, 'dns-failed', 'pipelines.contoso.invalid', [])
    expect(logOf(run)).not.toContain('id-token')
  })

  test('of a proxy is dns-failed too, and the message names the proxy', async () => {
    const run = await gate({ env: { HTTPS_PROXY: 'http://proxy.contoso.invalid:3128' } })
    expectBlame(run, 'dns-failed', 'proxy.contoso.invalid:3128', [])
    expect(run.requests).toHaveLength(0)
  })
})

describe('a port where nothing listens', () => {
  let unused: string
  beforeAll(async () => {
    const server: Server = createServer()
    await new Promise<void>(resolve => server.listen(0, '127.0.0.1', () => resolve()))
    const address = server.address()
    unused = typeof address === 'object' && address !== null ? `127.0.0.1:${address.port}` : ''
    await new Promise(resolve => server.close(resolve))
  })

  test.each(['authority-host', 'resource-manager-endpoint', 'endpoint'])(
    'as %s is connection-failed',
    async input => {
      const run = await gate({ inputs: { [input]: `https://${unused}` } })
      expectBlame(
        run,
        'connection-failed',
        unused,
        Object.values(hosts).map(host => host()),
      )
      expect(diagnosisOf(run)).toContain('ECONNREFUSED')
    },
  )

  test('as the proxy is proxy-refused', async () => {
    const run = await gate({ env: { HTTPS_PROXY: `http://${unused}` } })
    expectBlame(run, 'proxy-refused', unused, [hosts.entra()])
  })
})

describe('certificates that no authority fixes', () => {
  test.each([
    ['expired', { notAfter: new Date(Date.now() - 3_600_000) }, "runner's clock"],
    ['for another name', { hostnames: ['contoso.example'] }, 'for other names'],
  ])('%s: tls-untrusted, and NODE_EXTRA_CA_CERTS is not the advice', async (_, wrong, reason) => {
    const certificate = await createTlsCredentials(wrong)
    const intercept: Conduct = { kind: 'intercept', certificate, trusted: cloud.caPem }
    const proxy = await proxyWith({ conduct: towards(hosts.entra(), intercept) })
    const run = await through(proxy, { env: { NODE_EXTRA_CA_CERTS: authorities(certificate) } })
    expectBlame(run, 'tls-untrusted', hosts.entra(), [])
    expect(diagnosisOf(run)).toContain(reason)
    expect(diagnosisOf(run)).not.toContain('NODE_EXTRA_CA_CERTS:')
  })
})

describe('even with NODE_TLS_REJECT_UNAUTHORIZED=0 hosts must prove who they are', () => {
  const carefree = { NODE_TLS_REJECT_UNAUTHORIZED: '0' }

  test('the services', async () => {
    const run = await gate({ env: { ...carefree, NODE_EXTRA_CA_CERTS: undefined } })
    expectBlame(run, 'tls-untrusted', hosts.github(), [])
    expect(run.requests).toEqual([])
  })

  test('a service behind a proxy', async () => {
    const intercept: Conduct = { kind: 'intercept', certificate: stranger, trusted: cloud.caPem }
    const proxy = await proxyWith({ conduct: towards(hosts.entra(), intercept) })
    const run = await through(proxy, { env: carefree })
    expectBlame(run, 'tls-untrusted', hosts.entra(), [])
    expect(run.requests.filter(({ service }) => service === 'entra')).toEqual([])
  })

  test('a proxy', async () => {
    const proxy = await proxyWith({ certificate: stranger })
    const run = await through(proxy, { env: carefree })
    expectBlame(run, 'tls-untrusted', proxy.host, [])
  })
})

describe('proxies', () => {
  const hold = (left: AbortSignal) => cloud.clock.sleep(Number.POSITIVE_INFINITY, left).catch(() => {})

  test.each(['HTTPS_PROXY', 'https_proxy', 'ALL_PROXY', 'all_proxy'])(
    '%s: every request goes through it',
    async variable => {
      const proxy = await proxyWith()
      const run = await gate({ env: { [variable]: proxy.url } })
      expect(run.outputs.result).toBe('passed')
      expect(new Set(proxy.targets)).toEqual(new Set(Object.values(hosts).map(host => host())))
    },
  )

  test.each(['NO_PROXY', 'no_proxy'])('%s: requests to exempted hosts go direct', async variable => {
    const proxy = await proxyWith({ conduct: () => ({ kind: 'refuse', status: 403 }) })
    const run = await through(proxy, { env: { [variable]: 'contoso.example, 127.0.0.1' } })
    expect(run.outputs.result).toBe('passed')
    expect(proxy.targets).toEqual([])
  })

  test('an address without a scheme means an http proxy', async () => {
    const proxy = await proxyWith()
    const run = await gate({ env: { HTTPS_PROXY: proxy.host } })
    expect(run.outputs.result).toBe('passed')
    expect(proxy.targets).not.toHaveLength(0)
  })

  test('a proxy that is itself spoken to in TLS', async () => {
    const proxy = await proxyWith({ certificate: stranger })
    const refused = await through(proxy)
    expectBlame(refused, 'tls-untrusted', proxy.host, [hosts.entra()])

    const run = await through(proxy, { env: { NODE_EXTRA_CA_CERTS: bothAuthorities } })
    expect(run.outputs.result).toBe('passed')
    expect(proxy.targets).not.toHaveLength(0)
  })

  test('credentials: 407 without, passed with, and the password is seen nowhere', async () => {
    const password = 'p@ss/w%rd:1'
    const proxy = await proxyWith({ credentials: `pipeline:${password}` })
    const refused = await through(proxy)
    expectBlame(refused, 'proxy-refused', proxy.host, [])
    expect(diagnosisOf(refused)).toContain(
      '407 Proxy Authentication Required; it asks for Basic realm="corporate"',
    )
    expect(diagnosisOf(refused)).toContain('secrets.PROXY_PASSWORD')

    const withPassword = (text: string) => ({
      HTTPS_PROXY: proxy.url.replace('//', `//pipeline:${encodeURIComponent(text)}@`),
    })
    const passed = await gate({ env: withPassword(password) })
    expect(passed.outputs.result).toBe('passed')
    expectSecret(passed, [password, encodeURIComponent(password), btoa(`pipeline:${password}`)])

    const wrong = await gate({ env: withPassword('another-one') })
    expectBlame(wrong, 'proxy-refused', proxy.host, [])
    expectSecret(wrong, ['another-one', btoa('pipeline:another-one')])
  })

  test('a password that was not encoded: reported without printing any part of it', async () => {
    const run = await gate({
      env: { HTTPS_PROXY: 'http://pipeline:8080/open-sesame@proxy.contoso.example:3128' },
    })
    expect(run.outputs.diagnosis).toBe('proxy-refused')
    expect(diagnosisOf(run)).toContain('percent-encoded')
    expectSecret(run, ['open-sesame'])
  })

  test('a SOCKS proxy cannot be used, and nothing goes around it', async () => {
    const run = await gate({ env: { ALL_PROXY: 'socks5://pipeline:open-sesame@127.0.0.1:1080' } })
    expectBlame(run, 'proxy-refused', '127.0.0.1:1080', [])
    expect(diagnosisOf(run)).toContain('socks5')
    expect(run.requests).toHaveLength(0)
    expectSecret(run, ['open-sesame'])
  })

  test.each(misbehaving)('that %s', async (_, does, code) => {
    const conduct = does === 'hangs' ? { kind: 'hang' as const, hold } : does
    const proxy = await proxyWith({ conduct: () => conduct })
    const run = await through(proxy)
    expectBlame(run, code, proxy.host, [hosts.entra(), hosts['resource-manager']()])
    expect(proxy.targets.length).toBeLessThanOrEqual(4)
  })

  test('that closes an open tunnel: both ends are named', async () => {
    const proxy = await proxyWith({ conduct: towards(hosts['resource-manager'](), { kind: 'cut' }) })
    const run = await through(proxy)
    expectBlame(run, 'connection-failed', hosts['resource-manager'](), [hosts.entra()])
    expect(diagnosisOf(run)).toContain(proxy.host)
  })

  test('a target that hangs behind the proxy gets the blame', async () => {
    cloud.faults.add({ name: 'hangs', service: 'inference', effect: { kind: 'hang' } })
    const run = await through(await proxyWith())
    expectBlame(run, 'request-timeout', hosts.inference(), [hosts.entra()])
  })

  test('an http scheme for a TLS proxy, and the other way round', async () => {
    const secure = await proxyWith({ certificate: stranger })
    const run = await gate({ env: { HTTPS_PROXY: `http://${secure.host}` } })
    expectBlame(run, 'proxy-refused', secure.host, [hosts.entra()])

    const plain = await proxyWith()
    const other = await gate({ env: { HTTPS_PROXY: `https://${plain.host}` } })
    expectBlame(other, 'proxy-refused', plain.host, [hosts.entra()])
    expect(diagnosisOf(other)).toContain('http://')
  })
})

/** In no form that a person can see, masks left aside; and masked all the same. */
function expectSecret(
  { unmasked, annotations, outputs, summary, report, masks }: GateRun,
  secrets: string[],
): void {
  const seen = JSON.stringify({ unmasked, annotations, outputs, summary, report })
  for (const secret of secrets) {
    expect(seen).not.toContain(JSON.stringify(secret).slice(1, -1))
    expect(masks.some(mask => mask.includes(secret))).toBe(true)
  }
}
