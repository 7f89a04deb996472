import { existsSync, readFileSync } from 'node:fs'
import { defaultWorld } from '../../local-cloud/default-world.ts'
import { createLocalCloud } from '../../local-cloud/local-cloud.ts'
import { parseSeed } from '../../local-cloud/seed.ts'
import type { Seed } from '../../local-cloud/world.ts'
import { freePorts, startLocalCloud } from './cloud-fixture.ts'

const { cloud, send } = await startLocalCloud()

const withAccount = (name: string, customSubDomainName: string | null): Seed => ({
  ...defaultWorld,
  accounts: defaultWorld.accounts.map(account => ({ ...account, name, customSubDomainName })),
})

describe('seed', () => {
  test('an invalid seed is refused with all its mistakes', async () => {
    const seed = { ...defaultWorld, tenants: [{ id: 'contoso', displayName: 1 }], extra: true }
    expect(() => parseSeed(seed)).toThrow(
      new Error(
        [
          'The seed of the local cloud is invalid:',
          '  tenants.0.id: Invalid UUID: Received "contoso"',
          '  tenants.0.displayName: Invalid type: Expected string but received 1',
          '  extra: there is no such field',
        ].join('\n'),
      ),
    )
  })

  test('a value that is not a seed is refused', () => {
    expect(() => parseSeed(null)).toThrow(
      '(the seed itself): Invalid type: Expected Object but received null',
    )
  })

  test('changes of the world leave the seed unchanged', () => {
    const before = structuredClone(defaultWorld)
    cloud.world.applications.length = 0
    cloud.world.workflow.ref = 'refs/heads/other'
    expect(defaultWorld).toEqual(before)
  })
})

describe('reset', () => {
  test('goes back to the seed, clears journal and faults, and keeps the time', async () => {
    cloud.world.applications.length = 0
    cloud.clock.advance(7_200_000)
    await send(`${cloud.endpoints.github}/nowhere`)
    cloud.faults.add({ name: 'all', effect: { kind: 'reply', status: 500 } })
    cloud.reset()
    expect(cloud.world.applications).toHaveLength(2)
    expect(cloud.journal.entries).toEqual([])
    expect(await send(`${cloud.endpoints.github}/nowhere`)).toMatchObject({ status: 404 })
    expect(cloud.clock.now()).toBeGreaterThan(Date.now() + 7_000_000)
  })

  test('refuses a seed with other accounts, and changes nothing', () => {
    const { world } = cloud
    expect(() => cloud.reset(withAccount('other-ai', 'other-ai'))).toThrow(
      /keeps the hosts of its accounts: it has .*\/contoso-ai \(.*, the new seed .*\/other-ai \(/,
    )
    expect(cloud.world).toBe(world)
  })
})

describe('start and end', () => {
  test('accounts without a subdomain have no own host', async () => {
    const other = await createLocalCloud({ seed: withAccount('contoso-ai', null) })
    expect(other.endpoints.accounts.size).toBe(0)
    await other.close()
  })

  test('ports are consecutive if the first one is given', async () => {
    const basePort = await freePorts(9)
    const other = await createLocalCloud({ basePort })
    const { github, authorityHost, resourceManager, regional, control, hosts } = other.endpoints
    const ofAccount = [...hosts.values()].flatMap(own => [own.cognitiveServices, own.openAI, own.foundry])
    const urls = [github, authorityHost, resourceManager, regional, control, ...ofAccount]
    const identity = `http://127.0.0.1:${basePort + 8}`
    expect(other.jobEnvironment().AZURE_POD_IDENTITY_AUTHORITY_HOST).toBe(identity)
    expect(urls).toEqual(urls.map((_, index) => `https://127.0.0.1:${basePort + index}`))
    await other.close()
  })

  test('a port in use is named in the error, and nothing stays open', async () => {
    const taken = Number(new URL(cloud.endpoints.control).port)
    await expect(createLocalCloud({ basePort: taken })).rejects.toThrow(
      `EADDRINUSE: address already in use 127.0.0.1:${taken}`,
    )
  })

  test('too few ports above the first one are an error, and nothing stays open', async () => {
    await expect(createLocalCloud({ basePort: 65_534 })).rejects.toThrow(
      'There are too few ports from 65534 on: the last one is 65535. Take a lower one.',
    )
  })

  test('the file of the authority exists until the cloud is closed', async () => {
    const other = await createLocalCloud()
    expect(readFileSync(other.caFile, 'utf8')).toBe(other.caPem)
    await other.close()
    expect(existsSync(other.caFile)).toBe(false)
    await expect(send(other.endpoints.github)).rejects.toMatchObject({ code: 'ECONNREFUSED' })
  })
})

test('the environment of a job describes the workflow run', () => {
  expect(cloud.runnerEnvironment()).toMatchObject({
    ACTIONS_ID_TOKEN_REQUEST_URL: `${cloud.endpoints.github}/oidc/token?api-version=2.0`,
    GITHUB_API_URL: cloud.endpoints.githubApi,
    GITHUB_SERVER_URL: 'https://github.com',
    GITHUB_REPOSITORY: 'contoso/shop',
    GITHUB_REPOSITORY_OWNER: 'contoso',
    GITHUB_REF: 'refs/heads/main',
    GITHUB_REF_NAME: 'main',
    GITHUB_RUN_ID: '9876543210',
    GITHUB_EVENT_NAME: 'push',
  })
})
