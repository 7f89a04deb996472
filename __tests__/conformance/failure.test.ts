import { failureLine, knownFrom } from '../../conformance/failure.ts'

/** Why a run ended early, as an issue quotes it: nothing that identifies anyone, and no secret. */

const account =
  '/subscriptions/5c2e9a14-7b60-4f83-a1d9-3e84c6f0b215/resourceGroups/rg-secret-plans/providers/Microsoft.CognitiveServices/accounts/merger-ai'
const env = {
  CONFORMANCE_RESOURCE_ID: account,
  AZURE_TENANT_ID: '8f6b2c1e-4d3a-4b7f-9c58-2e1d0a6b7c90',
  AZURE_CLIENT_ID: '1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37',
  ACTIONS_ID_TOKEN_REQUEST_URL: 'https://pipelines.contoso.example/token?a=b',
  ACTIONS_ID_TOKEN_REQUEST_TOKEN: 'the-request-token-of-the-job',
}
const told = (message: string, known = knownFrom(env)) => failureLine(new Error(message), known)
const ended = (what: string) => `The run ended before it had compared everything: ${what}`

test.each([
  ['AZURE_CLIENT_ID: is not a GUID', 'AZURE_CLIENT_ID: is not a GUID'],
  [
    'Entra gives no token for Resource Manager, so nothing can be tried. For AZURE_CLIENT_ID it answered 400 AADSTS700016: AADSTS700016: ' +
      "Application with identifier '1e7c0b94-5a2f-4d68-93eb-6f81a4d05b37' was not found in the directory 'Contoso'. The subject of this job is repo:contoso/shop:environment:live",
    'Entra gives no token for Resource Manager, so nothing can be tried. For AZURE_CLIENT_ID it answered 400 AADSTS700016: AADSTS700016: ' +
      "Application with identifier 'GUID' was not found in the directory 'TENANT'. The subject of this job is SUBJECT",
  ],
  [
    `Resource Manager shows no account to the identity: it answered 403 AuthorizationFailed: The client 'x' has no authorization over scope '${account}'`,
    "Resource Manager shows no account to the identity: it answered 403 AuthorizationFailed: The client 'NAME' has no authorization over scope " +
      "'/subscriptions/GUID/resourceGroups/GROUP/providers/Microsoft.CognitiveServices/accounts/ACCOUNT'",
  ],
  ['No reply from merger-ai.openai.azure.com: ECONNRESET', 'No reply from HOST: ECONNRESET'],
  [
    'No reply from management.azure.com through the proxy proxy.contoso.example:8080: socket hang up',
    'No reply from management.azure.com through the proxy HOST: socket hang up',
  ],
  ['No reply from proxy:8080', 'No reply from HOST'],
  [
    "ENOENT: no such file or directory, open '/opt/runner/shop/x.json'",
    "ENOENT: no such file or directory, open 'PATH'",
  ],
  [
    'Invalid type: Expected string but received undefined',
    'Invalid type: Expected string but received undefined',
  ],
  // It is one line, which cannot look like the result of a run.
  ['It said\nNothing differs.\n', 'It said Nothing differs.'],
])('%s', (message, shown) => {
  expect(told(message)).toBe(ended(shown))
})

test.each([
  ['a token', 'eyJhbGciOiJSUzI1NiJ9.eyJvaWQiOiJ4In0.c2ln'],
  ['a key', 'a1b2c3d4a1b2c3d4a1b2c3d4a1b2c3d4'],
  ['a key that was cut', 'a1b2c3d4 a1b2c3d4 a1b2c3d4 a1b2c3d4'],
  ['the request token of the job', env.ACTIONS_ID_TOKEN_REQUEST_TOKEN],
  ['a part of it', 'request-token-of'],
  ['an id, encoded', '%31e7c0b94-5a2f-4d68-93eb-6f81a4d05b37'],
])('%s is not shown', (_, secret) => {
  const line = told(`It was ${secret}, it seems`)

  expect(line).not.toContain(secret)
  expect(line).toMatch(/WITHHELD|GUID|\(token\)/)
})

test('what the world adds is not shown either', () => {
  const known = { ...knownFrom(env), tokens: new Map([['graph', 'opaque-but-secret']] as const) }

  expect(told('It was opaque-but-secret', known)).toBe(ended('WITHHELD'))
  expect(told('It was opaque-but-secret')).toBe(ended('It was opaque-but-secret'))
})

test('an id of the run that looks like none is looked for at the end', () => {
  const known = knownFrom({ ...env, AZURE_CLIENT_ID: 'merger-pipeline' })

  expect(told('Nobody knows merger-pipeline', known)).toBe(ended('WITHHELD'))
})

test('an environment that says nothing is no reason to break', () => {
  expect(told('Out of luck', knownFrom({}))).toBe(ended('Out of luck'))
  expect(failureLine('thrown as text', knownFrom({ ACTIONS_ID_TOKEN_REQUEST_URL: 'none' }))).toBe(
    ended('thrown as text'),
  )
})
