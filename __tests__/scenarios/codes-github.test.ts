import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { diagnosisCodes } from '../../src/core/failures/codes.ts'
import { refuse } from '../support/arrange.ts'
import { type CodeCases, testCodes } from '../support/code-cases.ts'

let cloud: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
})
beforeEach(() => cloud.reset())
afterAll(() => cloud.close())

const withoutPermission = {
  ACTIONS_ID_TOKEN_REQUEST_URL: undefined,
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: undefined,
}
const pullRequest = (from: string) => ({
  env: { ...withoutPermission, GITHUB_EVENT_NAME: 'pull_request' },
  event: {
    pull_request: {
      head: { repo: { full_name: from } },
      base: { repo: { full_name: 'contoso/shop' } },
    },
  },
})

const cases: CodeCases<'github'> = {
  'oidc-permission-missing': [
    {
      when: 'the job names permissions, and id-token is not among them',
      run: () => ({ env: withoutPermission }),
      mend: { fix: /id-token: write/ },
    },
    {
      when: 'a pull request from a branch of the repository itself',
      run: () => pullRequest('contoso/shop'),
      mend: { fix: /id-token: write/ },
    },
  ],
  'oidc-unavailable-fork': [
    {
      when: 'a pull request from a fork',
      run: () => pullRequest('fabrikam/shop'),
      mend: { fix: /^if: / },
    },
    {
      when: 'a run that Dependabot started',
      run: () => ({ env: { ...withoutPermission, GITHUB_ACTOR: 'dependabot[bot]' } }),
      mend: { fix: /^if: / },
    },
  ],
  'oidc-endpoint-unavailable': [
    {
      when: 'errors of the server, although the job has the permission',
      arrange: () => refuse(cloud, 'oidc.token', 500, { message: 'oops' }),
      mend: { elsewhere: 'GitHub ends the outage' },
    },
    {
      when: 'a success without a token',
      arrange: () => refuse(cloud, 'oidc.token', 200, { count: 0 }),
      mend: { elsewhere: 'GitHub ends the outage' },
    },
    {
      when: 'throttled for longer than the run waits',
      arrange: () => refuse(cloud, 'oidc.token', 429, { message: 'slow down' }, { 'retry-after': '3600' }),
      mend: { elsewhere: 'time passes' },
    },
  ],
  'oidc-request-refused': [
    {
      when: 'the request token of a job that has ended',
      run: () => ({ env: { ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'of-a-job-that-has-ended' } }),
      mend: { elsewhere: 'the job runs anew, with a request token of its own' },
      says: /Bad credentials/,
    },
  ],
}

test('every code has its cases', () => {
  expect(Object.keys(cases).toSorted()).toEqual(diagnosisCodes.github.toSorted())
})

testCodes(() => cloud, cases, ['github'])
