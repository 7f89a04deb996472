import { NetworkFailure, proxyUnusable } from './network-failure.ts'

/**
 * Which proxy a request takes, by HTTPS_PROXY, ALL_PROXY and NO_PROXY in either case. They are read as GitHub's runner and curl
 * read them, so a runner that reaches GitHub also reaches Azure: an address without a scheme is http, and a name in NO_PROXY
 * includes its subdomains.
 */
export interface ProxyServer {
  /** Host and port, for messages. */
  host: string
  hostname: string
  port: number
  /** Whether the connection to the proxy itself uses TLS. */
  secure: boolean
  /** Value of `proxy-authorization`. */
  authorization: string | undefined
}

type Environment = Readonly<Record<string, string | undefined>>

/** In order of priority. Lower case first, as usual; we only speak https, so HTTP_PROXY does not matter. */
const proxyVariables = ['https_proxy', 'HTTPS_PROXY', 'all_proxy', 'ALL_PROXY'] as const

/**
 * The proxy for `target`; undefined if there is none, or NO_PROXY exempts the host.
 * @throws NetworkFailure if the environment names a proxy that cannot be used. Going around it would hide the mistake.
 */
export function proxyFor(target: URL, env: Environment): ProxyServer | undefined {
  const variable = proxyVariables.find(name => env[name])
  if (variable === undefined || isExempt(target, env.no_proxy || env.NO_PROXY || '')) return undefined
  const address = parseAddress(env[variable] ?? '')
  if (address === undefined) {
    const hint = 'special characters of a password have to be percent-encoded'
    throw new NetworkFailure(
      proxyUnusable,
      target.host,
      `${variable} is not the address of a proxy (http://host:port; ${hint})`,
      { host: variable, failed: true },
    )
  }
  const { protocol, host, hostname, port } = address
  if (protocol !== 'http:' && protocol !== 'https:') {
    throw new NetworkFailure(
      proxyUnusable,
      target.host,
      `${variable} names ${host} as a ${protocol.slice(0, -1)} proxy; only http and https proxies can be used`,
      { host, failed: true },
    )
  }
  const secure = protocol === 'https:'
  return {
    host,
    hostname: withoutBrackets(hostname),
    port: port === '' ? (secure ? 443 : 80) : Number(port),
    secure,
    authorization: basicCredentials(address),
  }
}

/** The credentials in the proxy addresses of the environment, in every form in which they could be printed. */
export function proxySecrets(env: Environment): string[] {
  const secrets = proxyVariables.flatMap(name => {
    const value = env[name] ?? ''
    if (!value.includes('@')) return []
    const address = parseAddress(value)
    if (address === undefined) return [value]
    const { password } = address
    // The variable may hold characters, such as a blank, that the URL parser encodes.
    const asWritten = /^[^:@]*:(.*)@/.exec(value.replace(/^\s*\w+:\/\//, ''))?.[1] ?? ''
    const credentials = basicCredentials(address)?.replace('Basic ', '') ?? ''
    return [asWritten, password, decoded(password), credentials]
  })
  return [...new Set(secrets)].filter(secret => secret !== '')
}

function parseAddress(value: string): URL | undefined {
  const url = URL.parse(value.includes('://') ? value.trim() : `http://${value.trim()}`)
  if (url === null || url.hostname === '') return undefined
  // A password with `/`, `?` or `#` ends the host early, so what looks like the host is part of the credentials.
  return `${url.pathname}${url.search}${url.hash}`.includes('@') ? undefined : url
}

function basicCredentials({ username, password }: URL): string | undefined {
  if (username === '' && password === '') return undefined
  return `Basic ${Buffer.from(`${decoded(username)}:${decoded(password)}`).toString('base64')}`
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

function isExempt({ hostname, port }: URL, noProxy: string): boolean {
  const host = withoutBrackets(hostname)
  return noProxy
    .toLowerCase()
    .split(/[,\s]+/)
    .filter(item => item !== '')
    .some(item => {
      if (item === '*') return true
      const [, name = item, itemPort] = /^(\[.*\]|[^:]+):(\d+)$/.exec(item) ?? []
      if (itemPort !== undefined && itemPort !== (port || '443')) return false
      const domain = withoutBrackets(name).replace(/^\*?\.?/, '')
      return host === domain || host.endsWith(`.${domain}`)
    })
}

const withoutBrackets = (hostname: string) => hostname.replace(/^\[|\]$/g, '')
