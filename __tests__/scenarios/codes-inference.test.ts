import { createLocalCloud, type LocalCloud } from '../../local-cloud/local-cloud.ts'
import { removeAssignment } from '../../local-cloud/rbac.ts'
import { diagnosisCodes } from '../../src/core/failures/codes.ts'
import {
  account,
  accountEndpoint,
  alsoHolds,
  ends,
  envelope,
  holds,
  refuse,
  roles,
  subscription,
  tenant,
} from '../support/arrange.ts'
import { type CodeCases, everyService, testCodes } from '../support/code-cases.ts'

const minutes = 60_000

let cloud: LocalCloud
/** Its data plane hears of grants two minutes late. */
let slow: LocalCloud
beforeAll(async () => {
  cloud = await createLocalCloud()
  slow = await createLocalCloud({ lag: { roleAssignments: [2 * minutes] } })
})
beforeEach(() => {
  cloud.reset()
  slow.reset()
})
afterAll(() => Promise.all([cloud.close(), slow.close()]))

const nobody = '00000000-1111-4222-8333-444444444444'
const grantByAz = { fix: /^az role assignment create/ }
const faultsClear = () => cloud.faults.clear()

/** Access is settled: nothing has to be granted, and what fails is the call. */
const mayInfer = () => alsoHolds(cloud, { role: roles.user })
const longAgo = () => new Date(cloud.clock.now() - 24 * 60 * minutes)

const chat = (status: number, body: unknown, headers?: Record<string, string>) =>
  refuse(cloud, 'chatCompletions.create', status, body, headers)

function deploymentNamed(name: string) {
  const found = account(cloud).deployments.find(deployment => deployment.name === name)
  if (found === undefined) throw new Error(`The default world has a deployment ${name}`)
  return found
}

function firstDeployment() {
  const [first] = account(cloud).deployments
  if (first === undefined) throw new Error('The default world has a deployment')
  return first
}

/** An endpoint alone: Resource Manager is not asked. */
const endpointAlone = () => ({
  inputs: { 'resource-id': '', 'resource-manager-endpoint': '', endpoint: accountEndpoint(cloud) },
})

type CodesOfWaiting = 'access-not-propagated' | 'access-unexplained'

const cases: Omit<CodeCases<'inference'>, CodesOfWaiting> = {
  'access-denied': [
    {
      when: 'an Owner, under grant: never',
      arrange: () => holds(cloud, { role: roles.owner }),
      run: () => ({ inputs: { grant: 'never' } }),
      outputs: { 'role-state': 'missing', attempts: '1' },
      says: /OpenAI\/deployments\/chat\/completions\/action.*Roles that only manage/s,
      mend: grantByAz,
    },
    {
      when: 'a role that does not cover the API',
      arrange: () => holds(cloud, { role: roles.openAIUser, createdOn: longAgo() }, { role: roles.reader }),
      run: () => ({
        inputs: { role: 'Cognitive Services OpenAI User', deployments: 'DeepSeek-V3', grant: 'never' },
      }),
      outputs: { 'role-state': 'direct' },
      says: /MaaS\/chat\/completions\/action/,
      mend: grantByAz,
    },
    {
      when: 'an endpoint alone, and no role',
      arrange: () => holds(cloud),
      run: endpointAlone,
      within: 5 * minutes,
      outputs: { 'role-state': 'unknown' },
      mend: { advice: /./, by: mayInfer },
    },
  ],
  'token-audience-rejected': [
    {
      when: 'an audience that belongs to no cloud',
      arrange: () =>
        chat(401, {
          statusCode: 401,
          message:
            'Unauthorized. Access token is missing, invalid, audience is incorrect (https://ml.azure.com), or have expired.',
        }),
      mend: { elsewhere: 'no service of the local cloud wants such an audience' },
    },
  ],
  'token-not-accepted': [
    {
      when: 'a gateway that takes the token away',
      arrange: () =>
        chat(
          401,
          envelope(
            '401',
            'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
          ),
        ),
      mend: { advice: /endpoint/, by: faultsClear },
    },
  ],
  'tenant-mismatch': [
    {
      when: 'the resource of another tenant',
      arrange: () => {
        subscription(cloud).tenantId = nobody
      },
      run: endpointAlone,
      says: /Token tenant .* does not match resource tenant/,
      mend: {
        advice: /tenant/,
        by: () => {
          subscription(cloud).tenantId = tenant(cloud).id
          mayInfer()
        },
      },
    },
  ],
  'custom-subdomain-missing': [
    {
      when: 'an account that has its regional endpoint only',
      arrange: () => {
        account(cloud).customSubDomainName = null
      },
      mend: { fix: /^az cognitiveservices account update/ },
    },
    {
      when: 'the regional endpoint as input',
      arrange: mayInfer,
      run: () => ({ inputs: { ...endpointAlone().inputs, endpoint: cloud.endpoints.regional } }),
      mend: { advice: /./, run: () => ({ inputs: { endpoint: accountEndpoint(cloud) } }) },
    },
  ],
  'key-auth-disabled': [
    {
      when: 'a gateway that puts a key in place of the token',
      arrange: () =>
        chat(
          403,
          envelope('AuthenticationTypeDisabled', 'Key based authentication is disabled for this resource.'),
        ),
      mend: { advice: /api-key/, by: faultsClear },
    },
  ],
  'network-blocked': [
    {
      when: 'the firewall of the resource',
      arrange: () => {
        account(cloud).networkDefaultAction = 'Deny'
      },
      says: /Virtual Network\/Firewall rules/,
      mend: {
        fix: /^az cognitiveservices account network-rule add/,
        fill: { '<RUNNER-IP>': '203.0.113.7' },
      },
    },
    {
      when: 'a resource with a private endpoint only',
      arrange: () => {
        account(cloud).publicNetworkAccess = 'Disabled'
      },
      says: /Public access is disabled/,
      mend: {
        advice: /./,
        by: () => {
          account(cloud).publicNetworkAccess = 'Enabled'
        },
      },
    },
  ],
  'deployment-not-found': [
    {
      when: 'a slip in the name',
      run: () => ({ inputs: { deployments: 'chat\nchatt' } }),
      says: /it has chat, reasoning, embeddings, DeepSeek-V3/,
      mend: { fix: /^with:\n {2}deployments: / },
    },
    {
      when: 'a slip in the name, where deployments may not be listed',
      arrange: mayInfer,
      run: () => ({ inputs: { ...endpointAlone().inputs, deployments: 'chatt' } }),
      says: /DeploymentNotFound/,
      mend: { advice: /./, run: () => ({ inputs: { deployments: 'chat' } }) },
    },
  ],
  'deployment-not-ready': [
    {
      when: 'a deployment that failed, and another one that did not',
      arrange: () => {
        mayInfer()
        deploymentNamed('chat').provisioningState = 'Failed'
      },
      says: /chat failed: delete it and create it again/,
      mend: { fix: /^with:\n {2}deployments: reasoning$/ },
    },
    {
      when: 'a deployment that failed, and is deleted and created again',
      arrange: () => {
        mayInfer()
        deploymentNamed('chat').provisioningState = 'Failed'
      },
      mend: {
        advice: /delete the deployment and create it again/,
        by: () => {
          deploymentNamed('chat').provisioningState = 'Succeeded'
        },
      },
    },
    {
      when: 'a deployment that is being deleted, although it still answers',
      arrange: () => {
        mayInfer()
        deploymentNamed('chat').provisioningState = 'Deleting'
      },
      says: /its state is Deleting/,
      mend: { fix: /^with:\n {2}deployments: reasoning$/ },
    },
    {
      when: 'a deployment that is ready, says Resource Manager, and that the endpoint does not know',
      arrange: () => {
        mayInfer()
        refuse(cloud, 'chatCompletions.create', 400, {
          error: { code: 'unknown_model', message: 'Unknown model: chat' },
        })
      },
      says: /is ready \(Succeeded\), but the endpoint does not serve it/,
      mend: { advice: /Run the job again/, by: faultsClear },
    },
  ],
  'model-retired': [
    {
      when: 'a model that is out of service',
      arrange: () => {
        mayInfer()
        refuse(
          cloud,
          'chatCompletions.create',
          410,
          envelope(
            'ModelDeprecated',
            "The model 'gpt-35-turbo' has been deprecated since 02/13/2025 00:00:00.",
          ),
        )
      },
      says: /chat is a deployment of gpt-4.1-mini/,
      mend: {
        fix: /^az resource update/,
        fill: { '<MODEL>': 'gpt-5-mini', '<VERSION>': '2025-08-07' },
        // The new model answers.
        by: faultsClear,
      },
    },
    {
      when: 'a call that finds nothing, and a day that has passed',
      arrange: () => {
        mayInfer()
        ends(cloud, 'chat', -3)
      },
      says: /gpt-4\.1-mini 2025-04-14 \(GlobalStandard\) should have retired on 20\S+\./,
      mend: {
        fix: /^az resource update .*\/deployments\/chat .*--set 'properties\.model\.version=<VERSION>' --force-string$/s,
        fill: { '<MODEL>': 'gpt-5-mini', '<VERSION>': '2025-08-07' },
      },
    },
    {
      when: 'an operation that the model is said not to do, and a day that has passed, known before the deployments are',
      arrange: () => {
        mayInfer()
        ends(cloud, 'chat', -3)
        refuse(
          cloud,
          'chatCompletions.create',
          400,
          envelope(
            'OperationNotSupported',
            'The chatCompletion operation does not work with the specified model, chat.',
          ),
        )
      },
      run: () => ({ inputs: { endpoint: accountEndpoint(cloud), api: 'chat-completions' } }),
      mend: {
        fix: /^az resource update/,
        fill: { '<MODEL>': 'gpt-5-mini', '<VERSION>': '2025-08-07' },
        by: faultsClear,
      },
    },
  ],
  'resource-blocked': [
    {
      when: 'abuse monitoring',
      arrange: () => {
        mayInfer()
        account(cloud).blocked = true
      },
      says: /blocked the resource contoso-ai for every caller/,
      mend: {
        advice: /^Open a support request/,
        by: () => {
          account(cloud).blocked = false
        },
      },
    },
  ],
  'endpoint-not-found': [
    {
      when: 'an API that this kind of resource does not serve',
      arrange: () => {
        mayInfer()
        account(cloud).kind = 'OpenAI'
      },
      run: () => ({ inputs: { api: 'models' } }),
      mend: { fix: /=chat-completions"?$/ },
    },
  ],
  'endpoint-untrusted': [
    {
      when: 'an endpoint outside the cloud',
      arrange: () =>
        refuse(cloud, 'accounts.get', 200, {
          kind: 'AIServices',
          properties: {
            customSubDomainName: 'contoso-ai',
            endpoint: 'https://contoso-ai.openai.azure.com.example.net/',
          },
        }),
      says: /contoso-ai\.openai\.azure\.com\.example\.net/,
      mend: { advice: /endpoint/, by: faultsClear },
    },
  ],
  'operation-unsupported': [
    {
      when: 'a chat with an embedding model',
      arrange: mayInfer,
      run: () => ({ inputs: { deployments: 'embeddings=chat-completions' } }),
      mend: { fix: /=embeddings"?$/ },
    },
    {
      when: "Claude in OpenAI's language",
      arrange: mayInfer,
      run: () => ({ inputs: { deployments: 'claude-haiku-4-5=chat-completions' } }),
      mend: { fix: /=messages"?$/ },
    },
    {
      when: "a model of OpenAI in Anthropic's language",
      arrange: mayInfer,
      run: () => ({ inputs: { api: 'messages' } }),
      mend: { fix: /=auto"?$/ },
    },
    {
      when: 'a model of a kind that nothing calls',
      arrange: () => {
        mayInfer()
        account(cloud).deployments.push({
          ...firstDeployment(),
          name: 'film',
          model: { format: 'OpenAI', name: 'sora-2', version: '2025-10-06' },
          capabilities: {},
        })
      },
      run: () => ({ inputs: { deployments: 'film' } }),
      outputs: { attempts: '0' },
      says: /film is a model for video.*There is one for chat \(chat-completions\)/,
      mend: {
        advice: /`chat-completions` \(chat models\)/,
        run: () => ({ inputs: { deployments: 'chat' } }),
      },
    },
  ],
  'api-version-unsupported': [
    {
      when: 'a version that the endpoint does not take',
      arrange: () => {
        mayInfer()
        refuse(
          cloud,
          'azureOpenai.chatCompletions.create',
          400,
          envelope('BadRequest', 'API version not supported'),
        )
      },
      run: () => ({ inputs: { api: 'azure-openai' } }),
      mend: { fix: /=chat-completions"?$/ },
    },
  ],
  'parameter-unsupported': [
    {
      when: 'a model that takes none of the ways to limit an answer',
      arrange: () =>
        chat(400, {
          error: {
            message: "Unsupported parameter: 'messages' is not supported with this model.",
            type: 'invalid_request_error',
            param: 'messages',
            code: 'unsupported_parameter',
          },
        }),
      mend: { fix: /=responses"?$/ },
    },
  ],
  'content-filtered': [
    {
      when: 'a prompt that the filter takes offence at',
      arrange: mayInfer,
      run: () => ({ inputs: { prompt: 'please [trigger content filter] now' } }),
      mend: { fix: /^ {2}prompt: /m },
    },
  ],
  'inference-throttled': [
    {
      when: 'a quota that is used up until tomorrow',
      arrange: () => chat(429, envelope('429', 'Try again tomorrow.'), { 'retry-after': '86400' }),
      mend: { advice: /later/, by: faultsClear },
    },
  ],
  'inference-unavailable': [
    {
      when: 'an outage',
      arrange: () =>
        chat(500, envelope('InternalServerError', 'The server had an error while processing your request.')),
      mend: { advice: /again/, by: faultsClear },
    },
  ],
  'inference-rejected': [
    {
      when: 'a refusal that is none of the others',
      arrange: () => chat(422, envelope('UnprocessableEntity', 'The messages have to alternate.')),
      says: /UnprocessableEntity.*have to alternate/s,
      mend: { elsewhere: 'nobody knows what it is' },
    },
  ],
  'answer-invalid': [
    {
      when: 'the page of a guest network',
      arrange: () => chat(200, '<html>Sign in to the guest network</html>', { 'content-type': 'text/html' }),
      says: /guest network/,
      mend: { advice: /proxy/, by: faultsClear },
    },
    {
      when: 'a message without a word',
      arrange: () => chat(200, { choices: [{ index: 0, finish_reason: 'stop', message: {} }] }),
      mend: { advice: /gateway/, by: faultsClear },
    },
    {
      when: 'an error beside the answer',
      arrange: () =>
        chat(200, {
          ...envelope('500', 'The backend did not answer in time.'),
          choices: [{ index: 0, finish_reason: 'stop', message: { role: 'assistant', content: 'ready' } }],
        }),
      says: /The backend did not answer in time/,
      mend: { advice: /gateway/, by: faultsClear },
    },
  ],
  'answer-unexpected': [
    {
      when: 'an answer that expect does not match',
      arrange: () => {
        mayInfer()
        for (const deployment of account(cloud).deployments) deployment.answer = 'Ready.'
      },
      run: () => ({ inputs: { expect: '^ready$' } }),
      mend: { fix: /^ {2}expect: /m },
    },
    {
      when: 'a pattern that backtracks for ever on the answer',
      arrange: () => {
        mayInfer()
        for (const deployment of account(cloud).deployments) deployment.answer = `${'a'.repeat(60)}!`
      },
      run: () => ({ inputs: { expect: '^(\\w+\\s?)+$' } }),
      says: /took too long to find out: the pattern backtracks/,
      mend: { advice: /Leave `expect` out/, run: () => ({ inputs: { expect: '' } }) },
    },
    {
      when: 'a refusal of the model, although expect matches its words',
      arrange: () =>
        chat(200, {
          choices: [
            { index: 0, finish_reason: 'stop', message: { content: null, refusal: 'I am not ready to.' } },
          ],
        }),
      run: () => ({ inputs: { expect: 'ready' } }),
      says: /a refusal: "I am not ready to\."/,
      mend: { advice: /Leave `expect` out/, run: () => ({ inputs: { expect: '' } }) },
    },
  ],
}

const casesOfWaiting: Pick<CodeCases<'inference'>, CodesOfWaiting> = {
  'access-unexplained': [
    {
      when: 'a role that was taken away a moment ago, and less time than it may linger',
      arrange: () => {
        holds(slow, { role: roles.user }, { role: roles.reader })
        const [role] = slow.world.roleAssignments.filter(
          ({ roleDefinitionId }) => roleDefinitionId === roles.user,
        )
        if (role === undefined) throw new Error('The pipeline holds the role')
        removeAssignment(slow.world, role, slow.clock.now())
      },
      run: () => ({ inputs: { grant: 'never', 'propagation-timeout': '1m' } }),
      within: 1 * minutes,
      outputs: { 'role-state': 'missing' },
      says: /keep working for 5 min/,
      mend: grantByAz,
    },
  ],
  'access-not-propagated': [
    {
      when: 'a grant that takes longer than the run waits',
      run: () => ({ inputs: { 'propagation-timeout': '1m' } }),
      within: 1 * minutes,
      granted: true,
      outputs: { 'role-state': 'granted' },
      mend: { fix: /propagation-timeout: / },
    },
  ],
}

test('every code has its cases', () => {
  const covered = Object.keys({ ...cases, ...casesOfWaiting })
  expect(covered.toSorted()).toEqual(diagnosisCodes.inference.toSorted())
})

testCodes(() => cloud, cases, everyService)
testCodes(() => slow, casesOfWaiting, everyService)
