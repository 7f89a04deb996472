import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import { createLocalCloud } from 'key-less-cloud'
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest'
import { ask } from './ask.mjs'

// Without a network the first sign-in waits some seconds for login.microsoftonline.com.
vi.setConfig({ testTimeout: 60_000 })

let cloud

beforeAll(async () => {
  cloud = await createLocalCloud({ granted: true })
  Object.assign(process.env, cloud.env)
  setDefaultCACertificates([...getCACertificates(), cloud.ca.pem])
})

beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

test('the model is asked without a key', async () => {
  expect(await ask('Are you there?')).toBe('This is the local cloud speaking.')
  expect(cloud.requests.at(-1)).toMatchObject({ operation: 'chatCompletions.create', status: 200 })
})

test('a model that is busy is asked again', async () => {
  cloud.faults.add({
    name: 'busy',
    operation: 'chatCompletions.create',
    times: 1,
    effect: { kind: 'reply', status: 429, headers: { 'retry-after-ms': '1' }, body: '' },
  })
  expect(await ask('Are you there?')).toBe('This is the local cloud speaking.')
  const calls = cloud.requests.filter(({ operation }) => operation === 'chatCompletions.create')
  expect(calls.map(({ status }) => status)).toEqual([429, 200])
})

test('without its role it is denied', async () => {
  cloud.world.roleAssignments.length = 0
  await expect(ask('Are you there?')).rejects.toMatchObject({ status: 401, code: 'PermissionDenied' })
})
