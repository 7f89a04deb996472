import { createAssertions } from '../../../src/services/github/assertions.ts'
import { readWorkflowRun } from '../../../src/services/github/workflow-run.ts'
import { simulatedClock } from '../../support/simulated-clock.ts'
import { unsignedJwt } from '../../support/unsigned-jwt.ts'

const run = readWorkflowRun({
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://oidc.example/token?job=1',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'request-token',
})

const claims = {
  iss: 'https://token.actions.githubusercontent.com',
  sub: 'repo:contoso/shop:ref:refs/heads/main',
  aud: 'api://AzureADTokenExchange',
}

/** Answers as GitHub does, or refuses, and counts. */
function github(status: number) {
  let asked = 0
  const assertions = createAssertions(run, claims.aud, {
    http: async () => {
      asked += 1
      return { status, headers: {}, body: JSON.stringify({ value: unsignedJwt(claims) }) }
    },
    clock: simulatedClock(0),
    log: { info() {}, warning() {} },
    mask() {},
  })
  return { assertions, asked: () => asked }
}

test('everybody gets the token that was requested ahead', async () => {
  const { assertions, asked } = github(200)
  await assertions.ask()

  expect((await assertions.current()).claims).toMatchObject(claims)
  expect((await assertions.current()).claims).toMatchObject(claims)
  expect(asked()).toBe(1)
})

test('the first use of the token gets the refusal of the early request, without another request', async () => {
  const { assertions, asked } = github(403)
  await expect(assertions.ask()).rejects.toThrow()
  const before = asked()

  await expect(assertions.current()).rejects.toThrow()
  expect(asked()).toBe(before)
})

test('a later need leads to a new request', async () => {
  const { assertions, asked } = github(403)
  await expect(assertions.ask()).rejects.toThrow()
  await expect(assertions.current()).rejects.toThrow()
  const before = asked()

  await expect(assertions.current()).rejects.toThrow()
  expect(asked()).toBeGreaterThan(before)
})
