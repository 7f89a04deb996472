import { inReusableWorkflow, readAssertionClaims } from '../../../src/services/github/assertion-claims.ts'
import { unsignedJwt } from '../../support/unsigned-jwt.ts'

const assertion = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:contoso/app:environment:Prodüction',
  aud: 'api://AzureADTokenExchange',
  environment: 'Prodüction',
}

test('the claims of an assertion', () => {
  expect(readAssertionClaims(unsignedJwt({ ...assertion, exp: 2, iat: 1, jti: 'x' }))).toEqual({
    ...assertion,
    exp: 2,
    iat: 1,
  })
  expect(readAssertionClaims(unsignedJwt({ ...assertion, aud: ['a', 'b'] }))?.aud).toBe('a b')
})

test.each([
  ['without a subject', { ...assertion, sub: undefined }],
  ['with a number for an issuer', { ...assertion, iss: 1 }],
  ['that is a list', []],
  ['that is null', null],
])('no assertion claims from a payload %s', (_, payload) => {
  expect(readAssertionClaims(unsignedJwt(payload))).toBeUndefined()
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
