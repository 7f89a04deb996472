import { execFileSync } from 'node:child_process'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTlsCredentials } from '../../local-cloud/tls.ts'
import { isOnPath } from '../../scripts/programs.ts'

const DAY = 24 * 60 * 60 * 1000

const withOpenSsl = isOnPath('openssl') ? test : test.skip

withOpenSsl('a certificate passes the strict checks of OpenSSL', async () => {
  const { ca, cert } = await createTlsCredentials()
  const folder = mkdtempSync(join(tmpdir(), 'key-less-cloud-tls-'))
  try {
    for (const [name, pem] of Object.entries({ ca, cert })) writeFileSync(join(folder, name), pem)
    const args = ['verify', '-x509_strict', '-purpose', 'sslserver', '-CAfile', 'ca', 'cert']
    expect(execFileSync('openssl', args, { cwd: folder, encoding: 'utf8' })).toBe('cert: OK\n')
  } finally {
    rmSync(folder, { recursive: true })
  }
})

test('a certificate is for a server, and for other names where it is told', async () => {
  const others = await createTlsCredentials({ others: ['login.example'] })
  const hosts = await createTlsCredentials({ hostnames: ['a.example', 'b.example'] })
  const [first, second] = [others, hosts].map(({ cert }) => new X509Certificate(cert))
  expect(first).toMatchObject({
    keyUsage: ['1.3.6.1.5.5.7.3.1'],
    issuer: 'CN=Key-less Gate local cloud CA',
    subject: 'CN=127.0.0.1',
    subjectAltName: 'IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1, DNS:localhost, DNS:login.example',
  })
  expect(second?.subjectAltName).toBe('DNS:a.example, DNS:b.example')
  expect(first?.serialNumber).not.toBe(second?.serialNumber)
})

test('a certificate is valid from two days ago for nine days, or up to an end that is given', async () => {
  const isNear = (date: Date | undefined, expected: number) => Math.abs(Number(date) - expected) < 60_000
  const notAfter = new Date(Date.now() - DAY)
  const usual = new X509Certificate((await createTlsCredentials()).cert)
  const ended = new X509Certificate((await createTlsCredentials({ notAfter })).cert)
  expect(isNear(usual.validFromDate, Date.now() - 2 * DAY)).toBe(true)
  expect(isNear(usual.validToDate, Date.now() + 7 * DAY)).toBe(true)
  expect(isNear(ended.validToDate, Number(notAfter))).toBe(true)
})
