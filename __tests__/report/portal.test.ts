import { principalPage, resourcePage } from '../../src/report/portal.ts'
import { fullRecord, ids, scope } from '../support/record-fixture.ts'

test("the portal's pages are those of the run's tenant, resource and principal", () => {
  const record = fullRecord()

  expect(resourcePage(record, 'users')).toBe(
    `https://portal.azure.com/#@${ids.tenant}/resource${scope}/users`,
  )
  expect(principalPage(record)).toContain(`/objectId/${ids.principal}/appId/${ids.client}`)
})

test.each([
  ['no principal', {}],
  ['an id that is none', { principal: { oid: 'x/../..?', tid: ids.tenant } }],
])('with %s there is no page of the principal', (_, differing) => {
  const { principal: _principal, ...record } = fullRecord()

  expect(principalPage({ ...record, ...differing })).toBeUndefined()
})
