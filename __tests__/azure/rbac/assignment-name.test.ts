import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { assignmentIdOf, permanentName, unseenName } from '../../../src/azure/rbac/assignment-name.ts'

/** RFC 9562, section 5.5, by hand: SHA-1 over the namespace and the name, version and variant put in. */
function uuid5(namespace: string, name: string): string {
  const hash = createHash('sha1')
    .update(Buffer.from(namespace.replaceAll('-', ''), 'hex'))
    .update(name)
    .digest()
  hash[6] = ((hash[6] ?? 0) & 0x0f) | 0x50
  hash[8] = ((hash[8] ?? 0) & 0x3f) | 0x80
  return hash.toString('hex', 0, 16).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')
}

/** What `guid()` of Bicep and ARM templates is (learn.microsoft.com, template-functions-string). */
const bicepGuid = (...values: string[]) => uuid5('11fb06fb-712d-4ddd-98c7-e71bbd588830', values.join('-'))

const grant = {
  scope:
    '/subscriptions/bbbbbbbb-cccc-4ddd-8eee-ffffffffffff/resourcegroups/rg/providers/microsoft.cognitiveservices/accounts/contoso',
  principalId: '99999999-8888-4777-8666-555555555555',
  roleGuid: 'a97b65f3-24c7-4388-baec-2e87135dc908',
}

test('the id of an assignment begins with its scope', () => {
  expect(assignmentIdOf({ scope: '/subscriptions/s' }, 'n')).toBe(
    '/subscriptions/s/providers/Microsoft.Authorization/roleAssignments/n',
  )
})

describe('the name of an assignment', () => {
  test('is the one that a Bicep file would use', () => {
    expect(bicepGuid('asdf')).toBe('228d27cc-6fdb-5934-b7ac-1efccebade04')
    expect(permanentName(grant)).toBe(bicepGuid(grant.scope, grant.principalId, grant.roleGuid))
  })

  test('is the same for the same grant in any case', () => {
    expect(permanentName({ ...grant, scope: grant.scope.toUpperCase() })).toBe(permanentName(grant))
  })

  test('differs for another grant', () => {
    const different = fc.record({ scope: fc.string(), principalId: fc.uuid(), roleGuid: fc.uuid() })
    fc.assert(
      fc.property(different, other => {
        const name = permanentName({ ...grant, ...other })

        expect(name).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-5[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
        for (const [key, value] of Object.entries(other)) {
          expect(permanentName({ ...grant, [key]: value })).not.toBe(permanentName(grant))
        }
      }),
    )
  })

  test("is the job's own if nobody saw what exists: never the one that a template uses", () => {
    const lease = '0f7c1e52-6a3b-4d18-9c40-5b8e2d7f1a63'
    const name = unseenName(grant, lease)
    expect(name).not.toBe(permanentName(grant))
    expect(unseenName(grant, lease)).toBe(name)
    expect(unseenName(grant, lease.replace('0', '1'))).not.toBe(name)
    expect(unseenName({ ...grant, scope: grant.scope.toUpperCase() }, lease)).toBe(name)
  })
})
