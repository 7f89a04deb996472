import fc from 'fast-check'
import { maskJwt } from '../../../src/core/text/jwt.ts'
import { readAccessTokenClaims } from '../../../src/services/entra/access-token-claims.ts'
import { inReusableWorkflow, readAssertionClaims } from '../../../src/services/github/assertion-claims.ts'

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
const jwt = (payload: unknown) => `${encode({ alg: 'RS256' })}.${encode(payload)}.c2lnbmF0dXJl`

const oid = '99999999-8888-4777-8666-555555555555'
const tid = '66666666-7777-4888-8999-aaaaaaaaaaaa'
const assertion = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:contoso/app:environment:Prodüction',
  aud: 'api://AzureADTokenExchange',
  environment: 'Prodüction',
}

test('the claims of an assertion', () => {
  expect(readAssertionClaims(jwt({ ...assertion, exp: 2, iat: 1, jti: 'x' }))).toEqual({
    ...assertion,
    exp: 2,
    iat: 1,
  })
  expect(readAssertionClaims(jwt({ ...assertion, aud: ['a', 'b'] }))?.aud).toBe('a b')
})

test('the claims of an access token, ids in lower case', () => {
  expect(readAccessTokenClaims(jwt({ oid: oid.toUpperCase(), tid, appid: 'app', ver: '1.0' }))).toEqual({
    oid,
    tid,
    appid: 'app',
  })
})

test.each([
  ['without a subject', { ...assertion, sub: undefined }],
  ['with a number for an issuer', { ...assertion, iss: 1 }],
  ['that is a list', []],
  ['that is null', null],
])('no assertion claims from a payload %s', (_, payload) => {
  expect(readAssertionClaims(jwt(payload))).toBeUndefined()
})

test.each([
  ['without an object id', { tid }],
  ['with an object id that is no GUID', { oid: '::error::', tid }],
])('no access token claims from a payload %s', (_, payload) => {
  expect(readAccessTokenClaims(jwt(payload))).toBeUndefined()
})

test('text that is no JWT has no claims, whatever it is', () => {
  fc.assert(
    fc.property(
      fc.oneof(
        fc.string(),
        fc.string().map(text => `a.${text}.b`),
        fc.json().map(text => `a.${btoa(encodeURI(text))}.b`),
      ),
      text => {
        expect(readAssertionClaims(text)).toBeUndefined()
        expect(readAccessTokenClaims(text)).toBeUndefined()
      },
    ),
  )
})

test('a token is masked whole, and so are its payload and its signature', () => {
  const masked: string[] = []
  const token = jwt(assertion)
  maskJwt(secret => masked.push(secret), token)

  expect(masked).toEqual([token, token.split('.')[1], token.split('.')[2]])
})

test('parts that are too short to be secrets are not masked: the log would be full of stars', () => {
  const masked: string[] = []
  maskJwt(secret => masked.push(secret), 'opaque-token-without-parts')
  maskJwt(secret => masked.push(secret), 'a.b.c')

  expect(masked).toEqual(['opaque-token-without-parts', 'a.b.c'])
})

test.each([
  [
    'another workflow than the one that was started',
    'contoso/shared/.github/workflows/deploy.yml@v1',
    'contoso/app/.github/workflows/main.yml@main',
    true,
  ],
  [
    'the workflow that was started',
    'contoso/app/.github/workflows/main.yml@main',
    'contoso/app/.github/workflows/main.yml@main',
    false,
  ],
  ['a workflow that is not told', undefined, 'contoso/app/.github/workflows/main.yml@main', false],
])('a job of %s', (_, own, started, expected) => {
  const claims = {
    ...assertion,
    ...(own === undefined ? {} : { job_workflow_ref: own }),
    workflow_ref: started,
  }

  expect(inReusableWorkflow(claims)).toBe(expected)
})
