import { decodeJwt, importJWK, jwtVerify } from 'jose'
import { subjectOf } from '../../../local-cloud/github/claims.ts'
import type { Workflow } from '../../../local-cloud/world.ts'
import { AUDIENCE, idToken, publishedKey, startLocalCloud } from '../cloud-fixture.ts'

const { cloud, send } = await startLocalCloud()

const tokenUrl = () => cloud.runnerEnvironment().ACTIONS_ID_TOKEN_REQUEST_URL ?? ''
const requestToken = () => cloud.runnerEnvironment().ACTIONS_ID_TOKEN_REQUEST_TOKEN ?? ''
const bearer = (token: string) => ({ headers: { authorization: `Bearer ${token}` } })

describe('OIDC token', () => {
  test('has the claims of GitHub', async () => {
    const answer = await send(
      `${tokenUrl()}&audience=${encodeURIComponent(AUDIENCE)}`,
      bearer(requestToken()),
    )
    expect(answer).toMatchObject({
      status: 200,
      json: { count: expect.any(Number), value: expect.any(String) },
    })
    expect(decodeJwt(await idToken(cloud, send))).toEqual({
      iss: cloud.endpoints.github,
      aud: AUDIENCE,
      sub: 'repo:contoso/shop:ref:refs/heads/main',
      jti: expect.any(String),
      iat: expect.any(Number),
      nbf: expect.any(Number),
      exp: expect.any(Number),
      actor: 'contoso-developer',
      actor_id: '2300456',
      base_ref: '',
      event_name: 'push',
      head_ref: '',
      job_workflow_ref: 'contoso/shop/.github/workflows/deploy.yml@refs/heads/main',
      job_workflow_sha: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
      ref: 'refs/heads/main',
      ref_protected: 'true',
      ref_type: 'branch',
      repository: 'contoso/shop',
      repository_id: '674512309',
      repository_owner: 'contoso',
      repository_owner_id: '1200345',
      repository_visibility: 'private',
      run_attempt: '1',
      check_run_id: '40118872203',
      run_id: '9876543210',
      run_number: '42',
      runner_environment: 'github-hosted',
      workflow: 'Deploy',
      workflow_ref: 'contoso/shop/.github/workflows/deploy.yml@refs/heads/main',
      workflow_sha: '6dcb09b5b57875f334f61aebed695e2e4193db5e',
    })
  })

  test('expires after five minutes and is valid from ten minutes ago, on the clock of the cloud', async () => {
    cloud.clock.advance(3_600_000)
    const { iat = 0, nbf = 0, exp = 0 } = decodeJwt(await idToken(cloud, send))
    expect([nbf - iat, exp - iat]).toEqual([-600, 300])
    expect(iat * 1000).toBeGreaterThan(Date.now() + 3_500_000)
  })

  test("has the owner's address as audience if none is requested", async () => {
    expect(decodeJwt(await idToken(cloud, send, '')).aud).toBe('https://github.com/contoso')
  })

  test('names environment and enterprise if the workflow has them', async () => {
    Object.assign(cloud.world.workflow, { environment: 'production', enterprise: 'contoso-group' })
    expect(decodeJwt(await idToken(cloud, send))).toMatchObject({
      environment: 'production',
      enterprise: 'contoso-group',
    })
  })

  test('is signed by a key that the issuer publishes', async () => {
    const configuration = await send(`${cloud.endpoints.github}/.well-known/openid-configuration`)
    expect(configuration.json).toMatchObject({
      issuer: cloud.endpoints.github,
      jwks_uri: `${cloud.endpoints.github}/.well-known/jwks`,
      id_token_signing_alg_values_supported: ['RS256'],
    })
    const { payload, protectedHeader } = await jwtVerify(
      await idToken(cloud, send),
      await importJWK(await publishedKey(send, `${cloud.endpoints.github}/.well-known/jwks`), 'RS256'),
      { issuer: cloud.endpoints.github, audience: AUDIENCE, currentDate: new Date(cloud.clock.now()) },
    )
    expect(protectedHeader).toEqual({ alg: 'RS256', typ: 'JWT', kid: 'github-1' })
    expect(payload.sub).toBe('repo:contoso/shop:ref:refs/heads/main')
  })

  test.each([
    ['no request token', {}, 'Requires authentication'],
    ['a wrong request token', bearer('wrong'), 'Bad credentials'],
    ['the token of the REST API', bearer(cloud.runnerEnvironment().GITHUB_TOKEN ?? ''), 'Bad credentials'],
  ])('is refused for %s', async (_, options, message) => {
    expect(await send(tokenUrl(), options)).toMatchObject({ status: 401, json: { message } })
  })
})

describe('subject', () => {
  const base: Workflow = { ...cloud.world.workflow }

  test.each<[string, Partial<Workflow>, string]>([
    ['of a branch', {}, 'repo:contoso/shop:ref:refs/heads/main'],
    ['of a tag', { ref: 'refs/tags/v1.0' }, 'repo:contoso/shop:ref:refs/tags/v1.0'],
    [
      'of a pull request',
      { eventName: 'pull_request', ref: 'refs/pull/7/merge' },
      'repo:contoso/shop:pull_request',
    ],
    ['of an environment', { environment: 'production' }, 'repo:contoso/shop:environment:production'],
    [
      'of an environment, for a pull request as well',
      { environment: 'production', eventName: 'pull_request' },
      'repo:contoso/shop:environment:production',
    ],
    ['of an environment with a colon', { environment: 'eu:prod' }, 'repo:contoso/shop:environment:eu%3Aprod'],
    [
      'with numeric ids',
      { immutableSubject: true },
      'repo:contoso@1200345/shop@674512309:ref:refs/heads/main',
    ],
    [
      'by a template without the repository',
      { includeClaimKeys: ['repository_owner_id', 'repository_id', 'context'] },
      'repository_owner_id:1200345:repository_id:674512309:ref:refs/heads/main',
    ],
    [
      'by a template with a reusable workflow',
      {
        includeClaimKeys: ['repo', 'job_workflow_ref'],
        jobWorkflowRef: 'contoso/platform/.github/workflows/deploy.yml@refs/tags/v2',
        immutableSubject: true,
      },
      'repo:contoso@1200345/shop@674512309:job_workflow_ref:contoso/platform/.github/workflows/deploy.yml@refs/tags/v2',
    ],
    ['by a template with an absent claim', { includeClaimKeys: ['environment'] }, 'environment:'],
  ])('%s', (_, changes, expected) => {
    expect(subjectOf({ ...base, ...changes })).toBe(expected)
  })
})

describe('subject customisation of a repository', () => {
  const customization = (repository = 'contoso/shop') =>
    `${cloud.endpoints.githubApi}/repos/${repository}/actions/oidc/customization/sub`
  const apiToken = () => bearer(cloud.runnerEnvironment().GITHUB_TOKEN ?? '')

  test('is the default one', async () => {
    expect(await send(customization(), apiToken())).toMatchObject({
      status: 200,
      json: { use_default: true, use_immutable_subject: false, sub_claim_prefix: 'repo:contoso/shop' },
    })
  })

  test("is the repository's template if it has one", async () => {
    Object.assign(cloud.world.workflow, { includeClaimKeys: ['repo', 'context'], immutableSubject: true })
    expect((await send(customization(), apiToken())).json).toEqual({
      use_default: false,
      include_claim_keys: ['repo', 'context'],
      use_immutable_subject: true,
      sub_claim_prefix: 'repo:contoso@1200345/shop@674512309',
    })
  })

  test('of another repository is not found', async () => {
    expect(await send(customization('contoso/other'), apiToken())).toMatchObject({ status: 404 })
  })

  test('requires the API token', async () => {
    expect(await send(customization())).toMatchObject({
      status: 401,
      json: { message: 'Requires authentication' },
    })
    expect(await send(customization(), bearer(requestToken()))).toMatchObject({ status: 401 })
  })
})
