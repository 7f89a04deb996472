import * as v from 'valibot'
import { createLocalCloud } from '../../../local-cloud/local-cloud.ts'
import { accessToken, createClient } from '../cloud-fixture.ts'

test('a reset forgets the responses that were stored', async () => {
  const cloud = await createLocalCloud({ granted: true })
  const { send, close } = createClient(cloud.caPem)
  try {
    const [endpoint] = cloud.endpoints.accounts.values()
    const headers = { authorization: `Bearer ${await accessToken(cloud, send, 'https://ai.azure.com')}` }
    const url = `${endpoint}/openai/v1/responses`
    const body = JSON.stringify({ model: 'chat', input: 'Hello' })
    const { id } = v.parse(
      v.looseObject({ id: v.string() }),
      (await send(url, { method: 'POST', headers, body })).json,
    )
    expect(await send(`${url}/${id}`, { headers })).toMatchObject({ status: 200 })
    cloud.reset()
    expect(await send(`${url}/${id}`, { headers })).toMatchObject({ status: 404 })
  } finally {
    await close()
    await cloud.close()
  }
})
