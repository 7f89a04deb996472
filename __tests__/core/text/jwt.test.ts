import fc from 'fast-check'
import * as v from 'valibot'
import { maskJwt, readClaims } from '../../../src/core/text/jwt.ts'
import { unsignedJwt } from '../../support/unsigned-jwt.ts'

test('claims are read with the schema, and others are left out', () => {
  const token = unsignedJwt({ sub: 'a', jti: 'b' })

  expect(readClaims(v.object({ sub: v.string() }), token)).toEqual({ sub: 'a' })
  expect(readClaims(v.object({ sub: v.number() }), token)).toBeUndefined()
})

test('any text that is not a JWT has no claims', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map(text => `a.${text}.b`),
        fc.json().map(text => `a.${btoa(encodeURI(text))}.b`),
      ),
      text => {
        expect(readClaims(v.object({ sub: v.string() }), text)).toBeUndefined()
      },
    ),
  )
})

test('a token is masked as a whole, and so are its payload and its signature', () => {
  const masked: string[] = []
  const token = unsignedJwt({ sub: 'repo:contoso/app:environment:Production' })
  maskJwt(secret => masked.push(secret), token)

  expect(masked).toEqual([token, token.split('.')[1], token.split('.')[2]])
})

test('parts that are too short to be secrets are not masked: the log would be full of stars', () => {
  const masked: string[] = []
  maskJwt(secret => masked.push(secret), 'opaque-token-without-parts')
  maskJwt(secret => masked.push(secret), 'a.b.c')
  maskJwt(secret => masked.push(secret), 'a.12345678.123456789')

  expect(masked).toEqual(['opaque-token-without-parts', 'a.b.c', 'a.12345678.123456789', '123456789'])
})
