import { shellWord } from '../../core/text/untrusted.ts'
import type { RunRecord } from '../../gate/record.ts'
import { bash } from './commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from './explanation.ts'

/** Host and port that failed; those of the proxy if the proxy failed. */
const failedHost = ({ failure }: ExplainContext) => failure.said.host ?? 'the host'
/** Host and port that the request was for. */
const targetHost = (told: ExplainContext) => told.failure.way?.target ?? failedHost(told)
const proxyHost = ({ failure }: ExplainContext) => failure.way?.proxy
const atProxy = (told: ExplainContext) =>
  proxyHost(told) !== undefined && failedHost(told) === proxyHost(told)
const serviceCode = ({ failure }: ExplainContext) => failure.said.serviceCode ?? ''

const withPort = (host: string) => (/:\d+$/.test(host) ? host : `${host}:443`)
const withoutPort = (host: string) => host.replace(/:\d+$/, '')

/** The role of a host in this run, and the input that names it. */
function roleOf(host: string, { settings, endpoint, run }: RunRecord): string | undefined {
  const is = (origin: string | undefined) =>
    origin !== undefined && URL.canParse(origin) && new URL(origin).host === host
  if (is(run.oidc?.requestUrl)) return "That host is GitHub's OIDC endpoint, as the runner names it."
  if (settings === undefined) return undefined
  const { cloud, target } = settings
  if (is(cloud.authorityHost))
    return `That host is Entra for ${cloud.name}, chosen by the inputs \`cloud\` and \`authority-host\`.`
  if (is(cloud.resourceManager.endpoint))
    return `That host is Azure Resource Manager of ${cloud.name}, chosen by the inputs \`cloud\` and \`resource-manager-endpoint\`.`
  if (is(target.endpoint)) return 'That host is the inference endpoint, from the input `endpoint`.'
  if (is(endpoint))
    return 'That host is the inference endpoint that Resource Manager reports for the account.'
  return undefined
}

/** The service of the host; for a proxy, that it is one. */
function whose(told: ExplainContext): string | undefined {
  if (atProxy(told))
    return `That host is the proxy on the way to ${targetHost(told)}, set by HTTPS_PROXY or ALL_PROXY.`
  return paragraph(
    roleOf(failedHost(told), told.record),
    proxyHost(told) === undefined ? undefined : `The request went through the proxy ${proxyHost(told)}.`,
  )
}

/** A command that shows on the runner what the action saw. */
function lookAt(told: ExplainContext): Fix {
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

const exempt = (told: ExplainContext): Fix => ({
  title: 'Or, if the host can be reached without the proxy, exempt it',
  language: 'yaml',
  text: `env:\n  NO_PROXY: ${JSON.stringify(withoutPort(targetHost(told)))}`,
})

const trustAuthority: Fix = {
  title:
    'Trust the authority that issued it (set on the job or the step, or in the .env file of a self-hosted runner)',
  language: 'yaml',
  text: 'env:\n  NODE_EXTRA_CA_CERTS: /path/to/authority.pem',
}

/** A certificate can be wrong in three ways, and trusting an authority fixes only one of them. */
function certificateTrouble(told: ExplainContext): { why: string; fixes: Fix[] } {
  const code = serviceCode(told)
  if (/ALTNAME|HOSTNAME/.test(code)) {
    return {
      why: `The certificate that ${failedHost(told)} showed is for other names. Either the name in the inputs is wrong, or something on the way answers instead of the host. NODE_EXTRA_CA_CERTS does not help.`,
      fixes: [
        advice('Use a name that the certificate has, or find out what answers instead of the host.'),
        lookAt(told),
      ],
    }
  }
  if (/EXPIRED|NOT_YET_VALID|NOT_BEFORE|NOT_AFTER/.test(code)) {
    return {
      why: `The certificate that ${failedHost(told)} showed is not valid now, by the runner's clock. NODE_EXTRA_CA_CERTS does not help.`,
      fixes: [
        advice(
          "Check the runner's clock; if it is right, the owner of the host has to renew the certificate.",
        ),
        lookAt(told),
      ],
    }
  }
  return {
    why: `${failedHost(told)} showed a certificate of an authority that Node does not know. Nearly always it is from a proxy or firewall that opens TLS and signs with its own authority; Node does not read the certificate store of the runner.`,
    fixes: [trustAuthority, lookAt(told)],
  }
}

/** The network stack's error in words; the first match counts. */
const meanings: ReadonlyArray<readonly [RegExp, string]> = [
  [/^ECONNREFUSED$/, 'Nothing listens there, or a firewall refuses.'],
  [
    /^(ECONNRESET|EPIPE|ECONNABORTED)$/,
    'The connection was broken off before the reply was complete; firewalls do this to hosts that they do not allow.',
  ],
  [/^(EHOSTUNREACH|ENETUNREACH|EADDRNOTAVAIL)$/, 'There is no route to it from here.'],
  [
    /^(EPROTO$|ERR_SSL_)/,
    'TLS could not be agreed on: the port may speak something else, or a box on the way interferes.',
  ],
  [/^(HPE_|PROTOCOL_SWITCHED$)/, 'What came back is not HTTP.'],
  [
    /^RESPONSE_TOO_LARGE$/,
    'The reply is larger than any that this action asks for: something else answers there.',
  ],
  [
    /^UNTRUSTED_ORIGIN$/,
    'A server pointed to another host. Tokens are never sent to a host that was not chosen.',
  ],
  [/^(UNKNOWN_ENCODING|Z_)/, 'The body came compressed although that was not asked for, and cannot be read.'],
]

const meaningOf = (code: string) => meanings.find(([pattern]) => pattern.test(code))?.[1]

const noProxyYet =
  'If requests get out only through a proxy: set HTTPS_PROXY for the job, or in the .env file of a self-hosted runner.'

const reachable = (told: ExplainContext) =>
  advice(
    paragraph(
      `Check that the runner can reach ${withPort(failedHost(told))}.`,
      proxyHost(told) === undefined ? noProxyYet : undefined,
    ),
  )

function proxyTrouble(told: ExplainContext): string | undefined {
  const code = serviceCode(told)
  if (code === 'PROXY_407')
    return 'It wants credentials, or other ones than it got. Only Basic authentication is possible; Negotiate and NTLM are not.'
  if (/^PROXY_5/.test(code))
    return `The proxy works, but did not reach ${targetHost(told)}: it cannot resolve the name, or may not connect there.`
  if (/^PROXY_\d/.test(code)) return `Its rules do not allow ${targetHost(told)}.`
  if (code === 'PROXY_UNUSABLE') return undefined
  return 'It did not answer as a proxy: the address or its scheme is wrong (http:// for nearly every proxy), or the proxy is down.'
}

const proxyCredentials: Fix = {
  title:
    'Put the credentials into the address of the proxy, from secrets (special characters percent-encoded)',
  language: 'yaml',
  text: `env:\n  HTTPS_PROXY: http://\${{ secrets.PROXY_USER }}:\${{ secrets.PROXY_PASSWORD }}@PROXY_HOST:PORT`,
}

function proxyFixes(told: ExplainContext): Fix[] {
  const code = serviceCode(told)
  if (code === 'PROXY_407') return [proxyCredentials, exempt(told)]
  if (/^PROXY_\d/.test(code))
    return [
      advice(`Have the proxy ${proxyHost(told) ?? ''} allow CONNECT to ${withPort(targetHost(told))}.`),
      exempt(told),
    ]
  return [
    advice(
      'Correct HTTPS_PROXY or ALL_PROXY, in upper or lower case, of the job or the runner: http://host:port.',
    ),
    exempt(told),
  ]
}

/** Who answered instead of the service, and who can change that. */
function intermediary({ failure }: ExplainContext): { name: string; whatToDo: string } {
  const { by } = failure.said
  switch (by) {
    case 'an Application Gateway':
    case 'Azure Front Door':
      return {
        name: by,
        whatToDo:
          'Its web application firewall refused the request: the name of the rule is in its log, under the time of this run. Exclude the path from that rule, or set `endpoint` to the resource’s own host.',
      }
    case 'Azure Firewall':
      return {
        name: by,
        whatToDo: 'Add an application rule that lets the runner reach the host by https.',
      }
    case undefined:
      return {
        name: 'a proxy, a firewall or a gateway',
        whatToDo:
          'Find out what answers there (the reply is shown), and configure it to pass the runner’s requests to the host unchanged.',
      }
    default:
      return { name: by, whatToDo: 'Configure it to pass the runner’s requests to the host unchanged.' }
  }
}

/** Claude's API requires a header that this action sends. */
const lostHeader = ({ failure }: ExplainContext) =>
  /^([\w-]+): header is required/.exec(failure.said.message)?.[1]

function whoBlocked(told: ExplainContext): string {
  const header = lostHeader(told)
  if (header !== undefined)
    return `This run sent the header ${header}, and it did not arrive: a gateway on the way takes it off.`
  return `${capitalised(intermediary(told).name)} answered instead of the service, and refused: the service never saw the request. It says nothing about roles, tokens or the resource.`
}

const capitalised = (words: string) => words.charAt(0).toUpperCase() + words.slice(1)

export const networkExplanations: Explanations<'network'> = {
  'dns-failed': {
    title: 'A host name cannot be resolved',
    about: 'The runner finds no address for the name of a host.',
    why: told =>
      paragraph(`The runner finds no address for the name ${withoutPort(failedHost(told))}.`, whose(told)),
    unlike:
      'A wrong name looks the same as a DNS server that is down, or one that does not resolve outside names.',
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
      'A host showed a certificate that Node does not accept: from an unknown authority (usually a proxy that inspects TLS), for another name, or not valid now.',
    why: told => paragraph(certificateTrouble(told).why, whose(told)),
    unlike: 'Roles and tokens are not the reason: nothing was sent to the host.',
    fixes: told => certificateTrouble(told).fixes,
  },
  'proxy-refused': {
    title: 'The proxy did not let a request through',
    about:
      'The proxy that HTTPS_PROXY or ALL_PROXY names refused a connection, or did not answer as a proxy.',
    why: told => paragraph(`${targetHost(told)} was never reached.`, proxyTrouble(told)),
    unlike: 'A proxy that inspects TLS and signs with its own authority gives `tls-untrusted`.',
    fixes: proxyFixes,
  },
  'blocked-on-the-way': {
    title: 'Something between the runner and the service refused the request',
    about:
      'A web application firewall, a firewall, a proxy or a gateway answered instead of the service, with a page, a redirect or a status that the service does not use; or it removed something from the request that the service needs.',
    why: told => paragraph(whoBlocked(told), `The request was for ${failedHost(told)}.`, whose(told)),
    unlike:
      'If the service itself refuses, it sends JSON with its own code. A proxy that refuses the connection is `proxy-refused`; rules of the resource, `network-blocked`.',
    fixes: told => [
      advice(
        lostHeader(told) === undefined
          ? intermediary(told).whatToDo
          : `Have the gateway pass ${lostHeader(told)} on, or set \`endpoint\` to the resource's own host.`,
      ),
    ],
  },
  'connection-failed': {
    title: 'A connection failed',
    about: 'A host could not be reached, closed the connection, or sent something that is not HTTP.',
    why: told => paragraph(meaningOf(serviceCode(told)), whose(told)),
    unlike: 'The service itself did not reply: every HTTP reply has another code.',
    fixes: told => [reachable(told)],
  },
  'request-timeout': {
    title: 'A request took too long',
    about: 'No complete reply came within `request-timeout`, although it was tried twice.',
    why: told =>
      paragraph(
        `${failedHost(told)} gave no complete reply within \`request-timeout\`${limitOf(told.record)}, more than once.`,
        whose(told),
        atProxy(told) ? `It may also be ${targetHost(told)}, behind it, that hangs.` : undefined,
      ),
    unlike:
      'A firewall that drops packets silently gives this code; one that refuses gives `connection-failed`.',
    fixes: told => [
      reachable(told),
      advice('Raise the input `request-timeout`.', 'Or, if the host is only slow'),
    ],
  },
}

function limitOf({ settings }: RunRecord): string {
  return settings === undefined ? '' : ` (${settings.waiting.requestTimeoutMs / 1000} s)`
}
