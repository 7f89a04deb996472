import { readAccessTokenClaims } from '../../../src/services/entra/access-token-claims.ts'
import { unsignedJwt } from '../../support/unsigned-jwt.ts'

const oid = '99999999-8888-4777-8666-555555555555'
const tid = '66666666-7777-4888-8999-aaaaaaaaaaaa'

test('the claims of an access token, ids in lower case', () => {
  expect(
    readAccessTokenClaims(unsignedJwt({ oid: oid.toUpperCase(), tid, appid: 'app', ver: '1.0' })),
  ).toEqual({
    oid,
    tid,
    appid: 'app',
  })
})

test.each([
  ['without an object id', { tid }],
  ['with an object id that is no GUID', { oid: '::error::', tid }],
])('no access token claims from a payload %s', (_, payload) => {
  expect(readAccessTokenClaims(unsignedJwt(payload))).toBeUndefined()
})
