import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createLocalCloud } from 'key-less-cloud'
import { ask } from './ask.mjs'

let cloud

before(async () => {
  cloud = await createLocalCloud({ granted: true })
  Object.assign(process.env, cloud.env)
  setDefaultCACertificates([...getCACertificates(), cloud.ca.pem])
})

beforeEach(() => cloud.reset())
after(() => cloud.close())

test('the model is asked without a key', async () => {
  assert.equal(await ask('Are you there?'), 'This is the local cloud speaking.')
  assert.equal(cloud.requests.at(-1)?.operation, 'chatCompletions.create')
})

test('a model that is busy is asked again', async () => {
  cloud.faults.add({
    name: 'busy',
    operation: 'chatCompletions.create',
    times: 1,
    effect: { kind: 'reply', status: 429, headers: { 'retry-after-ms': '1' }, body: '' },
  })
  assert.equal(await ask('Are you there?'), 'This is the local cloud speaking.')
  const calls = cloud.requests.filter(({ operation }) => operation === 'chatCompletions.create')
  assert.deepEqual(
    calls.map(({ status }) => status),
    [429, 200],
  )
})

test('without its role it is denied', async () => {
  cloud.world.roleAssignments.length = 0
  await assert.rejects(ask('Are you there?'), { status: 401, code: 'PermissionDenied' })
})
