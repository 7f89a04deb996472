// @peculiar/x509 refuses to load before this polyfill has.
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'

/** A throw-away authority and one certificate of it, both PEM. The private key of the authority is not kept. */
export interface TlsCredentials {
  ca: string
  cert: string
  key: string
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY = 24 * 60 * 60 * 1000
const CA_NAME = 'CN=Key-less Gate local cloud CA'

/**
 * Other programs check certificates against real time, no matter what the local cloud's clock says.
 * Two days back forgive clocks that differ between a container and its host; a week ahead outlives any test run.
 */
function validity(notAfter = new Date(Date.now() + 7 * DAY)) {
  return { notBefore: new Date(Date.now() - 2 * DAY), notAfter }
}

interface CertificateOptions {
  /** Default: a week ahead. At most a day and a half ago. */
  notAfter?: Date
  /** Host names that the certificate is for, instead of this machine's. */
  hostnames?: readonly string[]
  /** Host names that it is for besides. */
  others?: readonly string[]
}

const loopbackNames: x509.JsonGeneralNames = [
  { type: 'ip', value: '127.0.0.1' },
  { type: 'ip', value: '::1' },
  { type: 'dns', value: 'localhost' },
]

const dnsName = (value: string) => ({ type: 'dns' as const, value })

const generateKeys = () => crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])

/** Issues a certificate, by default for 127.0.0.1, ::1 and localhost. It passes OpenSSL's strict checks (RFC 5280), the default since Python 3.13. */
export async function createTlsCredentials({
  notAfter,
  hostnames,
  others = [],
}: CertificateOptions = {}): Promise<TlsCredentials> {
  const [caKeys, keys] = await Promise.all([generateKeys(), generateKeys()])
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    name: CA_NAME,
    keys: caKeys,
    signingAlgorithm: ALGORITHM,
    ...validity(),
    extensions: [
      new x509.BasicConstraintsExtension(true, 0, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  })
  const certificate = await x509.X509CertificateGenerator.create({
    subject: 'CN=127.0.0.1',
    issuer: CA_NAME,
    publicKey: keys.publicKey,
    signingKey: caKeys.privateKey,
    signingAlgorithm: ALGORITHM,
    ...validity(notAfter),
    extensions: [
      new x509.BasicConstraintsExtension(false, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        ...(hostnames?.map(dnsName) ?? loopbackNames),
        ...others.map(dnsName),
      ]),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(caKeys.publicKey),
    ],
  })
  const pkcs8 = await crypto.subtle.exportKey('pkcs8', keys.privateKey)
  return {
    ca: `${ca.toString('pem')}\n`,
    cert: `${certificate.toString('pem')}\n`,
    key: `${x509.PemConverter.encode(pkcs8, 'PRIVATE KEY')}\n`,
  }
}
