import { type Explanations, plainly, type Told } from '../explanation.ts'

const host = ({ refusal }: Told) => refusal.said.host ?? 'the host'

export const networkExplanations: Explanations<'network'> = {
  'dns-failed': {
    title: 'A host name could not be resolved',
    why: told =>
      `The name ${host(told)} has no address here. A name that does not exist reads the same as a resolver that is down.`,
    fixes: () => [
      {
        title: 'What to do',
        language: 'text',
        text: "Check the name in the inputs; on a private network, check that the runner's DNS knows the private endpoint.",
      },
    ],
  },
  'tls-untrusted': {
    title: 'The certificate of a host is not trusted',
    why: told =>
      `${host(told)} showed a certificate that Node does not trust. A proxy that opens TLS, or a private authority, does this.`,
    fixes: () => [
      {
        title: 'Trust the authority: the variable must be set before the action starts',
        language: 'yaml',
        text: 'env:\n  NODE_EXTRA_CA_CERTS: /path/to/authority.pem',
      },
    ],
  },
  'proxy-refused': {
    title: 'The proxy refused the connection',
    why: told => `The proxy ${host(told)}, set by HTTPS_PROXY, did not let the request through.`,
    fixes: () => [
      {
        title: 'What to do',
        language: 'text',
        text: 'Check the credentials in HTTPS_PROXY and what the proxy allows, or exempt the host by NO_PROXY.',
      },
    ],
  },
  'connection-failed': {
    title: 'A connection failed',
    why: told => `${host(told)} could not be reached, or broke the connection off, several times.`,
    fixes: () => [
      {
        title: 'What to do',
        language: 'text',
        text: 'Check that the runner may reach the host, and that a proxy it needs is set by HTTPS_PROXY.',
      },
    ],
  },
  'request-timeout': plainly(
    'A request took too long',
    'No complete reply came within `request-timeout`, several times.',
    'Run the job again, or raise `request-timeout`.',
  ),
}
