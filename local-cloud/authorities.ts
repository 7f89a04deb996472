import { existsSync, readFileSync } from 'node:fs'
import tls from 'node:tls'

const CERTIFICATE = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g

/** Variables that name a file of authorities, and what reads them: OpenSSL and Go, requests and pip, curl, Node. */
const BUNDLE_VARIABLES = ['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS']

/** Certificates of a file, each as PEM; none if the variable is not set, or names no file. */
function certificatesOf(file: string | undefined): string[] {
  if (file === undefined || !existsSync(file)) return []
  return readFileSync(file, 'utf8').match(CERTIFICATE) ?? []
}

/** What Node takes in addition to its own authorities, each as PEM. */
export const extraAuthorities = (environment: NodeJS.ProcessEnv) =>
  certificatesOf(environment.NODE_EXTRA_CA_CERTS)

/**
 * The authorities that programs on this machine trust, each as PEM: those of the system, and those of the files that the environment
 * names. If the system shows none, they are Node's own.
 */
export function trustedAuthorities(environment: NodeJS.ProcessEnv): string[] {
  // Node has it since 22.15: a named import would break on an older one.
  const system = typeof tls.getCACertificates === 'function' ? tls.getCACertificates('system') : []
  const named = BUNDLE_VARIABLES.flatMap(name => certificatesOf(environment[name]))
  const found = [...system, ...named].map(certificate => certificate.trim())
  return found.length === 0 ? [...tls.rootCertificates] : [...new Set(found)]
}
