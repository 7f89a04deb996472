import type { Facts } from '../../facts.ts'
import { shellWord } from '../../untrusted-text.ts'
import { advice, type Explanations, type Fix, paragraph, type Told } from '../explanation.ts'
import { bash } from './commands.ts'

/** Host and port that failed: the proxy's where the proxy failed. */
const failedHost = ({ refusal }: Told) => refusal.said.host ?? 'the host'
/** Host and port that the request was for. */
const targetHost = (told: Told) => told.refusal.way?.target ?? failedHost(told)
const proxyHost = ({ refusal }: Told) => refusal.way?.proxy
const atProxy = (told: Told) => proxyHost(told) !== undefined && failedHost(told) === proxyHost(told)
const serviceCode = ({ refusal }: Told) => refusal.said.serviceCode ?? ''

const withPort = (host: string) => (/:\d+$/.test(host) ? host : `${host}:443`)
const withoutPort = (host: string) => host.replace(/:\d+$/, '')

/** What a host is to this run, and which input names it. */
function roleOf(host: string, { settings, endpoint, run }: Facts): string | undefined {
  const is = (origin: string | undefined) =>
    origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
  if (is(run.oidc?.requestUrl)) return "It is GitHub's OIDC endpoint, as the runner names it."
  if (settings === undefined) return undefined
  const { cloud, target } = settings
  if (is(cloud.authorityHost))
    return `It is where Entra signs in for ${cloud.name}; the inputs \`cloud\` and \`authority-host\` decide on it.`
  if (is(cloud.resourceManager.endpoint))
    return `It is Azure Resource Manager of ${cloud.name}; the inputs \`cloud\` and \`resource-manager-endpoint\` decide on it.`
  if (is(target.endpoint)) return 'It is the inference endpoint that the input `endpoint` names.'
  if (is(endpoint)) return 'It is the inference endpoint that Resource Manager reports for the account.'
  return undefined
}

/** Whose host it is; for a proxy, that it is one. */
function whose(told: Told): string | undefined {
  if (atProxy(told))
    return `It is the proxy on the way to ${targetHost(told)}, set by HTTPS_PROXY or ALL_PROXY.`
  return paragraph(
    roleOf(failedHost(told), told.facts),
    proxyHost(told) === undefined ? undefined : `The request went through the proxy ${proxyHost(told)}.`,
  )
}

/** How to see from the runner what the action saw. */
function lookAt(told: Told): Fix {
  const proxy = atProxy(told) ? undefined : proxyHost(told)
  const host = withPort(failedHost(told))
  const words = [
    'openssl s_client',
    `-connect ${shellWord(host)}`,
    ...(proxy === undefined ? [] : [`-proxy ${shellWord(proxy)}`]),
    '-showcerts </dev/null',
  ]
  return bash('See on the runner which certificates are shown, and who issued them', words.join(' '))
}

const exempt = (told: Told): Fix => ({
  title: 'If the host can be reached without the proxy: exempt it',
  language: 'yaml',
  text: `env:\n  NO_PROXY: ${JSON.stringify(withoutPort(targetHost(told)))}`,
})

const trustAuthority: Fix = {
  title:
    'Trust the authority that issued it: on the job or the step, or in the .env file of a self-hosted runner, for it is read when the action starts',
  language: 'yaml',
  text: 'env:\n  NODE_EXTRA_CA_CERTS: /path/to/authority.pem',
}

/** A certificate can be wrong in three ways, and only one of them is mended by trusting somebody. */
function certificateTrouble(told: Told): { why: string; fixes: Fix[] } {
  const code = serviceCode(told)
  if (/ALTNAME|HOSTNAME/.test(code)) {
    return {
      why: `The certificate that ${failedHost(told)} showed is for other names. The name in the inputs is not the one that the host goes by, or something on the way answers in its place. NODE_EXTRA_CA_CERTS does not mend that.`,
      fixes: [
        advice('Use the name that stands in the certificate, or find out what answers for the host.'),
        lookAt(told),
      ],
    }
  }
  if (/EXPIRED|NOT_YET_VALID|NOT_BEFORE|NOT_AFTER/.test(code)) {
    return {
      why: `The certificate that ${failedHost(told)} showed is not valid at the time that the runner's clock tells. NODE_EXTRA_CA_CERTS does not mend that.`,
      fixes: [
        advice(
          "Check the runner's clock; if it is right, whoever runs the host has to renew the certificate.",
        ),
        lookAt(told),
      ],
    }
  }
  return {
    why: `${failedHost(told)} showed a certificate of an authority that Node does not know. Nearly always a proxy or firewall opens TLS and signs with an authority of its own; Node does not look into the runner's store for it.`,
    fixes: [trustAuthority, lookAt(told)],
  }
}

/** What the stack says, in words; the first that fits. */
const meanings: ReadonlyArray<readonly [RegExp, string]> = [
  [/^ECONNREFUSED$/, 'Nothing listens there, or a firewall says so.'],
  [
    /^(ECONNRESET|EPIPE|ECONNABORTED|UND_ERR_SOCKET|UND_ERR_RES_CONTENT_LENGTH_MISMATCH)$/,
    'The connection was broken off before the reply was complete; firewalls do this to hosts that they do not allow.',
  ],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, 'There is no route to it from here.'],
  [
    /^(EPROTO$|ERR_SSL_)/,
    'TLS could not be agreed on: the port may speak something else, or a box on the way interferes.',
  ],
  [/^(HPE_|UND_ERR_HEADERS_OVERFLOW)/, 'What came back is not HTTP.'],
  [/^RESPONSE_TOO_LARGE$/, 'No reply that this action asks for is as large; something else answers there.'],
  [
    /^UNTRUSTED_ORIGIN$/,
    'A server named another host to go on with. A token is never sent to a host that was not chosen.',
  ],
  [/^(UNKNOWN_ENCODING|Z_)/, 'The body came compressed although that was not asked for, and cannot be read.'],
]

const meaningOf = (code: string) => meanings.find(([pattern]) => pattern.test(code))?.[1]

const noProxyYet =
  'If the network lets requests out through a proxy only: set HTTPS_PROXY for the job, or in the .env file of a self-hosted runner.'

const reachable = (told: Told) =>
  advice(
    paragraph(
      `Check that the runner may reach ${withPort(failedHost(told))}.`,
      proxyHost(told) === undefined ? noProxyYet : undefined,
    ),
  )

function proxyTrouble(told: Told): string | undefined {
  const code = serviceCode(told)
  if (code === 'PROXY_407')
    return 'It wants credentials, or others than it got. Only Basic authentication can be answered from the address of a proxy; Negotiate and NTLM cannot.'
  if (/^PROXY_5/.test(code))
    return `The proxy itself works, and did not get through to ${targetHost(told)}: it may not resolve the name, or not be allowed to go there.`
  if (/^PROXY_\d/.test(code)) return `Its rules do not allow ${targetHost(told)}.`
  if (code === 'PROXY_UNUSABLE') return undefined
  return 'It could not be spoken to: the address may be wrong, its scheme too (http:// for nearly every proxy), or the proxy is down.'
}

const proxyCredentials: Fix = {
  title:
    'Put the credentials into the address of the proxy, from a secret; special characters percent-encoded',
  language: 'yaml',
  text: `env:\n  HTTPS_PROXY: http://\${{ secrets.PROXY_USER }}:\${{ secrets.PROXY_PASSWORD }}@PROXY_HOST:PORT`,
}

function proxyFixes(told: Told): Fix[] {
  const code = serviceCode(told)
  if (code === 'PROXY_407') return [proxyCredentials, exempt(told)]
  if (/^PROXY_\d/.test(code))
    return [
      advice(`Let the proxy ${proxyHost(told) ?? ''} allow CONNECT to ${withPort(targetHost(told))}.`),
      exempt(told),
    ]
  return [
    advice('Correct HTTPS_PROXY or ALL_PROXY of the job or the runner (either case): http://host:port.'),
    exempt(told),
  ]
}

export const networkExplanations: Explanations<'network'> = {
  'dns-failed': {
    title: 'A host name could not be resolved',
    about: 'The name of a host has no address on the runner.',
    why: told => paragraph(`The name ${withoutPort(failedHost(told))} has no address here.`, whose(told)),
    unlike:
      'A name that does not exist reads the same as a resolver that is down or not allowed to look outside.',
    fixes: told => [
      advice(
        paragraph(
          'Check the name.',
          atProxy(told)
            ? undefined
            : "For a private endpoint, link its private DNS zone to the runner's network.",
          proxyHost(told) === undefined ? noProxyYet : undefined,
        ),
      ),
      bash('Look it up on the runner', `nslookup ${shellWord(withoutPort(failedHost(told)))}`),
    ],
  },
  'tls-untrusted': {
    title: 'The certificate of a host is not trusted',
    about:
      'A host showed a certificate that Node does not accept: of an authority that it does not know (a proxy that opens TLS), for another name, or not valid now.',
    why: told => paragraph(certificateTrouble(told).why, whose(told)),
    unlike: 'It is no matter of roles or tokens: nothing was sent to the host.',
    fixes: told => certificateTrouble(told).fixes,
  },
  'proxy-refused': {
    title: 'The proxy did not let a request through',
    about: 'The proxy that HTTPS_PROXY or ALL_PROXY names refused a connection, or could not be spoken to.',
    why: told => paragraph(`${targetHost(told)} was never reached.`, proxyTrouble(told)),
    unlike: 'A proxy that opens TLS and signs with an authority of its own gives tls-untrusted instead.',
    fixes: proxyFixes,
  },
  'connection-failed': {
    title: 'A connection failed',
    about:
      'A host could not be reached, broke the connection off, or answered with something that is no reply.',
    why: told => paragraph(meaningOf(serviceCode(told)), whose(told)),
    unlike:
      'The service itself said nothing: an answer of any status would be told under a code of the service.',
    fixes: told => [reachable(told)],
  },
  'request-timeout': {
    title: 'A request took too long',
    about: 'No complete reply came within `request-timeout`, although it was tried twice.',
    why: told =>
      paragraph(
        `${failedHost(told)} gave no complete reply within \`request-timeout\`${limitOf(told.facts)}, more than once.`,
        whose(told),
        atProxy(told) ? `What lies behind it, ${targetHost(told)}, may be what hangs.` : undefined,
      ),
    unlike: 'Firewalls that drop packets silently give this code; those that refuse give connection-failed.',
    fixes: told => [
      reachable(told),
      advice('If the host is merely slow: raise the input `request-timeout`.', 'Or give it more time'),
    ],
  },
}

function limitOf({ settings }: Facts): string {
  return settings === undefined ? '' : ` (${settings.waiting.requestTimeoutMs / 1000} s)`
}
