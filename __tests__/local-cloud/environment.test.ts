import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { rootCertificates } from 'node:tls'
import { promisify } from 'node:util'
import { decodeJwt } from 'jose'
import { extraAuthorities, trustedAuthorities } from '../../local-cloud/authorities.ts'
import { createJobFiles } from '../../local-cloud/job-files.ts'
import { repositoryRoot } from '../../scripts/tools.ts'
import { startLocalCloud } from './cloud-fixture.ts'

const { cloud, send } = await startLocalCloud()

const folder = mkdtempSync(join(tmpdir(), 'environment-test-'))
afterAll(() => rmSync(folder, { recursive: true }))

/** A certificate that no system has: its text is all that matters here. */
const strange = '-----BEGIN CERTIFICATE-----\nc3RyYW5nZQ==\n-----END CERTIFICATE-----'

describe('token file', () => {
  const file = () => cloud.jobEnvironment().AZURE_FEDERATED_TOKEN_FILE ?? ''
  const claims = () => decodeJwt(readFileSync(file(), 'utf8'))

  test("contains the job's OIDC token, in a folder that only the owner can read", () => {
    expect(claims()).toMatchObject({
      iss: cloud.endpoints.github,
      aud: 'api://AzureADTokenExchange',
      sub: 'repo:contoso/shop:ref:refs/heads/main',
    })
    expect(statSync(dirname(file())).mode & 0o077).toBe(0)
  })

  test('Entra exchanges it for an access token, no matter how far the clock was moved', async () => {
    const { AZURE_TENANT_ID, AZURE_CLIENT_ID = '' } = cloud.jobEnvironment()
    for (const hours of [0, 2, 30]) {
      cloud.clock.advance(hours * 3_600_000)
      const body = new URLSearchParams({
        grant_type: 'client_credentials',
        client_id: AZURE_CLIENT_ID,
        scope: 'https://ai.azure.com/.default',
        client_assertion_type: 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer',
        client_assertion: readFileSync(file(), 'utf8'),
      })
      expect(
        await send(`${cloud.endpoints.authorityHost}/${AZURE_TENANT_ID}/oauth2/v2.0/token`, {
          method: 'POST',
          body: body.toString(),
        }),
      ).toMatchObject({ status: 200 })
    }
  })

  test('has the subject of another seed right after a reset', () => {
    const { seed } = { seed: structuredClone(cloud.world) }
    seed.workflow.environment = 'production'
    cloud.reset(seed)
    expect(claims().sub).toBe('repo:contoso/shop:environment:production')
  })

  test('is valid for longer than SDKs cache it', () => {
    const { exp = 0, iat = 0 } = claims()
    expect(exp - iat).toBeGreaterThanOrEqual(1200)
  })
})

describe('authorities', () => {
  const named = join(folder, 'named.pem')
  beforeAll(() => writeFileSync(named, `# ours\n${strange}\n`))

  test.each(['SSL_CERT_FILE', 'REQUESTS_CA_BUNDLE', 'CURL_CA_BUNDLE', 'NODE_EXTRA_CA_CERTS'])(
    'those of the file that %s names are among the trusted',
    name => {
      const trusted = trustedAuthorities({ [name]: named })
      expect(trusted).toContain(strange)
      expect(trusted.length).toBeGreaterThan(10)
      expect(new Set(trusted).size).toBe(trusted.length)
    },
  )

  test('a bundle that does not exist is ignored', () => {
    expect(trustedAuthorities({ REQUESTS_CA_BUNDLE: join(folder, 'nowhere.pem') })).toEqual(
      trustedAuthorities({}),
    )
    expect(extraAuthorities({ NODE_EXTRA_CA_CERTS: join(folder, 'nowhere.pem') })).toEqual([])
  })

  test('the bundle has the local authority and those of the machine', () => {
    const { REQUESTS_CA_BUNDLE = '', SSL_CERT_FILE } = cloud.jobEnvironment()
    expect(SSL_CERT_FILE).toBe(REQUESTS_CA_BUNDLE)
    const bundle = readFileSync(REQUESTS_CA_BUNDLE, 'utf8')
    expect(bundle.startsWith(cloud.caPem)).toBe(true)
    for (const certificate of trustedAuthorities(process.env)) expect(bundle).toContain(certificate)
    const others = readFileSync(REQUESTS_CA_BUNDLE, 'utf8').split('BEGIN CERTIFICATE').length - 2
    expect(others).toBeGreaterThan(rootCertificates.length / 2)
  })

  test('OpenSSL reads it', async () => {
    const { SSL_CERT_FILE = '' } = cloud.jobEnvironment()
    const { host } = new URL(cloud.endpoints.resourceManager)
    const program = `require('node:tls').connect({ host: '127.0.0.1', port: ${host.split(':')[1]} }, function () { console.log(this.authorized); this.end() })`
    const env = { PATH: process.env.PATH ?? '', SSL_CERT_FILE, SSL_CERT_DIR: folder }
    const args = ['--use-openssl-ca', '-e', program]
    expect((await promisify(execFile)(process.execPath, args, { env })).stdout).toBe('true\n')
  })

  test('NODE_EXTRA_CA_CERTS keeps the authorities that it had', () => {
    const files = createJobFiles({ own: cloud.caPem, extra: [strange], trusted: [] })
    expect(readFileSync(files.ca, 'utf8')).toBe(cloud.caPem)
    const extra = readFileSync(files.nodeExtraCa, 'utf8')
    expect([extra.includes(strange), extra.includes(cloud.caPem.trim())]).toEqual([true, true])
    files.remove()
    expect(createdWithoutExtra()).toBe(true)
  })

  function createdWithoutExtra(): boolean {
    const files = createJobFiles({ own: cloud.caPem, extra: [], trusted: [] })
    files.remove()
    return files.nodeExtraCa === files.ca
  }
})

test('the environment has what Azure SDKs and Terraform read', () => {
  const env = cloud.jobEnvironment()
  const [application] = cloud.world.applications
  const [hosts] = cloud.endpoints.hosts.values()
  expect(env).toMatchObject({
    AZURE_CLIENT_ID: application?.clientId,
    AZURE_TENANT_ID: application?.tenantId,
    AZURE_AUTHORITY_HOST: cloud.endpoints.authorityHost,
    AZURE_OPENAI_ENDPOINT: hosts?.openAI,
    LOCAL_CLOUD_ENDPOINT: hosts?.foundry,
    LOCAL_CLOUD_ISSUER: cloud.endpoints.github,
    ARM_CLIENT_ID: application?.clientId,
    ARM_OIDC_TOKEN_FILE_PATH: env.AZURE_FEDERATED_TOKEN_FILE,
    ARM_RESOURCE_MANAGER_ENDPOINT: cloud.endpoints.resourceManager,
    ARM_ACTIVE_DIRECTORY_AUTHORITY_HOST: cloud.endpoints.authorityHost,
  })
})

test('DefaultAzureCredential uses the token file before the managed identity', async () => {
  const program = `
    import { DefaultAzureCredential } from '@azure/identity'
    const { token } = await new DefaultAzureCredential().getToken('https://ai.azure.com/.default')
    process.stdout.write(token)`
  const env = {
    PATH: process.env.PATH,
    ...cloud.jobEnvironment(),
    // Nobody else is asked: here, whether the authority is known to Microsoft.
    HTTPS_PROXY: 'http://127.0.0.1:9',
    NO_PROXY: '127.0.0.1',
  }
  const args = ['--input-type=module', '-e', program]
  const { stdout } = await promisify(execFile)(process.execPath, args, { env, cwd: repositoryRoot })
  expect(decodeJwt(stdout)).toMatchObject({ appid: cloud.world.applications[0]?.clientId })
  const asked = cloud.journal.entries.map(({ service, operation }) => `${service} ${operation}`)
  expect(asked).toContain('entra token')
  expect(asked.filter(name => name.startsWith('managed-identity'))).toEqual([])
})
