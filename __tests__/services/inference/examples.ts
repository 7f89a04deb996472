import { answered, type Example, type Examples } from '../../support/example.ts'

const docs = 'https://learn.microsoft.com/azure/ai-services/openai'

const refused = (status: number, code: string, message: string, source: string, param?: string): Example =>
  answered(status, { error: { code, message, ...(param === undefined ? {} : { param }) } }, source)

export const inferenceExamples: Examples<'inference'> = {
  'access-denied': refused(
    401,
    'PermissionDenied',
    'The principal `66666666-7777-4888-8999-aaaaaaaaaaaa` lacks the required data action `Microsoft.CognitiveServices/accounts/OpenAI/responses/write` to perform `POST /openai/v1/responses` operation.',
    'https://github.com/microsoft/microsoft-foundry-for-vscode/issues/303',
  ),
  'access-not-propagated': {
    own: 'The model still answered as for `access-denied` when `propagation-timeout` was over, although this run granted the role.',
  },
  'access-unexplained': {
    own: 'The models answered although no listed role allows the calls, and `propagation-timeout` ended before the five minutes for which replicas may honour a removed role.',
  },
  'token-audience-rejected': answered(
    401,
    {
      statusCode: 401,
      message:
        'Unauthorized. Access token is missing, invalid, audience is incorrect (https://cognitiveservices.azure.com/ or https://ai.azure.com/), or have expired.',
    },
    'https://github.com/Azure/azure-sdk-for-net/issues/50872',
  ),
  'token-not-accepted': refused(
    401,
    '401',
    'Access denied due to invalid subscription key or wrong API endpoint. Make sure to provide a valid key for an active subscription and use a correct regional API endpoint for your resource.',
    'https://github.com/SciSharp/BotSharp/issues/386',
  ),
  'tenant-mismatch': refused(
    400,
    'Tenant provided in token does not match resource token',
    'Token tenant 00000000-1111-2222-3333-444444444444 does not match resource tenant.',
    'https://github.com/Azure-Samples/ai-rag-chat-evaluator/issues/94',
  ),
  'custom-subdomain-missing': refused(
    400,
    'BadRequest',
    'Please provide a custom subdomain for token authentication, otherwise API key is required.',
    'https://learn.microsoft.com/azure/ai-services/cognitive-services-custom-subdomains',
  ),
  'key-auth-disabled': refused(
    403,
    'AuthenticationTypeDisabled',
    'Key based authentication is disabled for this resource.',
    'https://github.com/microsoft/sample-app-aoai-chatGPT/issues/1000',
  ),
  'network-blocked': refused(
    403,
    '403',
    'Access denied due to Virtual Network/Firewall rules.',
    'https://github.com/Azure-Samples/azure-sql-db-chatbot/issues/3',
  ),
  'resource-blocked': refused(
    403,
    'Forbidden',
    'Your resource has been temporarily blocked because we detected behavior that may violate our content policy. For more details on Azure OpenAI service content policy, please visit https://aka.ms/aoaicodeofconduct',
    'https://github.com/pollinations/pollinations/issues/9319',
  ),
  'deployment-not-found': refused(
    404,
    'DeploymentNotFound',
    'The API deployment for this resource does not exist. If you created the deployment within the last 5 minutes, please wait a moment and try again.',
    'https://github.com/chatboxai/chatbox/issues/861',
  ),
  'deployment-not-ready': {
    own: 'The model answered as for `deployment-not-found`, but Resource Manager lists the deployment.',
  },
  'model-retired': refused(
    410,
    'ModelDeprecated',
    "The model 'gpt-35-turbo' has been deprecated since 02/13/2025 00:00:00.",
    'https://github.com/Azure-Samples/aks-store-demo/issues/203',
  ),
  'endpoint-not-found': refused(
    404,
    '404',
    'Resource not found',
    'https://github.com/Azure/azure-sdk-for-java/issues/44517',
  ),
  'endpoint-untrusted': {
    own: 'Resource Manager reports an endpoint outside the cloud’s inference domains. The gate sent it no request.',
  },
  'operation-unsupported': refused(
    400,
    'OperationNotSupported',
    'The chatCompletion operation does not work with the specified model, text-embedding-3-large. Please choose different model and try again. You can learn more about which models can be used with each operation here: https://go.microsoft.com/fwlink/?linkid=2197993.',
    'https://github.com/microsoft/graphrag/issues/1557',
  ),
  'api-version-unsupported': refused(400, 'BadRequest', 'API version not supported', docs),
  'parameter-unsupported': refused(
    400,
    'unsupported_parameter',
    "Unsupported parameter: 'max_tokens' is not supported with this model. Use 'max_completion_tokens' instead.",
    'https://github.com/microsoft/vscode-copilot-release/issues/8483',
    'max_tokens',
  ),
  'content-filtered': refused(
    400,
    'content_filter',
    "The response was filtered due to the prompt triggering Azure OpenAI's content management policy. Please modify your prompt and retry. To learn more about our content filtering policies please read our documentation: https://go.microsoft.com/fwlink/?linkid=2198766",
    'https://github.com/openai/openai-python/issues/331',
    'prompt',
  ),
  'inference-throttled': answered(
    429,
    {
      error: {
        code: '429',
        message:
          'Requests to the ChatCompletions_Create Operation under Azure OpenAI API version 2024-10-21 have exceeded call rate limit of your current OpenAI S0 pricing tier. Please retry after 20 seconds.',
      },
    },
    'https://github.com/langchain-ai/langchain/issues/12986',
    { 'retry-after': '20' },
  ),
  'inference-unavailable': refused(
    408,
    'Timeout',
    'The operation was timeout.',
    'https://github.com/langgenius/dify-official-plugins/issues/2199',
  ),
  'inference-rejected': refused(400, 'BadRequest', 'No model specified in request.', docs),
  'answer-invalid': {
    own: 'The status was 200, but the body is not an answer of the called API: a page, or JSON without choices.',
  },
  'answer-unexpected': {
    own: 'The model answered, but the answer does not match the input `expect`.',
  },
}
