import { Client } from 'undici'
import { createLocalCloud } from '../../local-cloud/local-cloud.ts'
import { createReplicas, lagOf } from '../../local-cloud/replicas.ts'
import { accountId } from '../../local-cloud/scopes.ts'
import { accessToken, createClient, pipelineOf } from './cloud-fixture.ts'

describe('a replica is chosen', () => {
  const [one, other] = [{ connection: 0 }, { connection: 1 }]

  test('for each request, in turn', () => {
    const choose = createReplicas('request')
    expect([one, one, other, one].map(choose)).toEqual([0, 1, 2, 3])
  })

  test('once for a connection', () => {
    const choose = createReplicas('connection')
    expect([one, one, other, one, other, { connection: 2 }].map(choose)).toEqual([0, 0, 1, 0, 1, 2])
  })

  test('starting again with the first lag after the last', () => {
    expect([0, 1, 2, 3].map(replica => lagOf([5, 7], replica))).toEqual([5, 7, 5, 7])
    expect(lagOf([], 3)).toBe(0)
  })
})

test('by connection: a client that keeps its connection never reaches the other replica', async () => {
  const cloud = await createLocalCloud({ lag: { roleAssignments: [0, 600_000] }, replicasBy: 'connection' })
  const [account] = cloud.world.accounts
  if (account === undefined) throw new Error('The default world has an account')
  cloud.world.roleAssignments.push({
    name: crypto.randomUUID(),
    scope: accountId(account),
    roleDefinitionId: 'a97b65f3-24c7-4388-baec-2e87135dc908',
    principalId: pipelineOf(cloud).servicePrincipal?.objectId ?? '',
    principalType: 'ServicePrincipal',
    description: null,
    condition: null,
    conditionVersion: null,
    createdBy: null,
    updatedBy: null,
    createdOn: new Date(cloud.clock.now()).toISOString(),
  })
  const { send, close } = createClient(cloud.caPem)
  const authorization = `Bearer ${await accessToken(cloud, send, 'https://ai.azure.com')}`
  // A client of undici's is one connection.
  const [endpoint = ''] = cloud.endpoints.accounts.values()
  const connect = { ca: cloud.caPem }
  const [kept, fresh] = [new Client(endpoint, { connect }), new Client(endpoint, { connect })]
  const status = async (client: Client) => {
    const reply = await client.request({
      path: '/openai/v1/models',
      method: 'GET',
      headers: { authorization },
    })
    await reply.body.dump()
    return reply.statusCode
  }
  try {
    expect([await status(kept), await status(kept), await status(kept)]).toEqual([200, 200, 200])
    expect([await status(fresh), await status(fresh)]).toEqual([401, 401])
    expect(await status(kept)).toBe(200)
  } finally {
    await Promise.all([kept.close(), fresh.close(), close(), cloud.close()])
  }
})
