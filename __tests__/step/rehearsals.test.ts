import { cloudOf } from '../../src/azure/clouds.ts'
import type { Http, HttpRequest } from '../../src/core/http/client.ts'
import { openRecord } from '../../src/gate/record.ts'
import { rehearse } from '../../src/report/publish.ts'
import { rehearseExchange } from '../../src/services/entra/session.ts'
import { readWorkflowRun } from '../../src/services/github/workflow-run.ts'
import { rehearseReading } from '../../src/services/resource-manager/open.ts'
import { emptyRecord, fullRecord } from '../support/record-fixture.ts'

/** What is run ahead while replies are awaited. Nobody hears of one that fails: here somebody does. */

/** Resolves to the first request that is made by way of the client given, which never replies. */
const firstRequest = (use: (http: Http) => Promise<void>) =>
  new Promise<HttpRequest>((resolve, reject) => {
    use(request => {
      resolve(request)
      return new Promise(() => {})
    }).catch(reject)
  })

const clientId = '0b6f6f6e-6d1c-4f7a-9a55-0d8f3a0c1b11'
const tenantId = '5f3c2a10-8e4d-4b7f-a6c9-7d2e1f0b3a22'

test('the rehearsal of the sign-in reaches the token request of a known authority', async () => {
  const cloud = cloudOf('AzureCloud', {})
  const { method, url } = await firstRequest(http => rehearseExchange({ clientId, tenantId, cloud }, http))

  expect(method).toBe('POST')
  expect(url).toContain(`https://login.microsoftonline.com/${tenantId}/oauth2/v2.0/token`)
})

test('the rehearsal of reading reaches the request to Resource Manager', async () => {
  const { method, url } = await firstRequest(http => rehearseReading(cloudOf('AzureCloud', {}), http))

  expect(method).toBe('GET')
  expect(new URL(url).origin).toBe('https://management.azure.com')
})

test.each([
  ['nothing yet', openRecord(readWorkflowRun({})).snapshot()],
  ['what is always known', emptyRecord()],
  ['all there is', fullRecord()],
])('the rehearsal of the report uses a record of %s', (_what, record) => {
  const telling = { clock: { now: () => 2000 }, startedAt: 1000 }

  expect(() => rehearse({ result: 'passed', record }, telling)).not.toThrow()
})
