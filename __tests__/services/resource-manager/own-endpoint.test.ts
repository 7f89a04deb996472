import { hostsOf, isOwnEndpoint } from '../../../src/services/resource-manager/account.ts'

/** As Resource Manager reports them, of an account and its project. */
const hosts = hostsOf([
  'https://contoso.cognitiveservices.azure.com/',
  'https://contoso.openai.azure.com/',
  'https://contoso.services.ai.azure.com/',
  'https://contoso.services.ai.azure.com/api/projects/shop',
  'https://Contoso-EU.openai.azure.com.:443/',
  'https://127.0.0.1:8443',
])

test.each([
  ['the same', 'https://contoso.openai.azure.com'],
  ['with a slash', 'https://contoso.openai.azure.com/'],
  ['in another case', 'https://CONTOSO.OpenAI.azure.com'],
  ['with the port that https has', 'https://contoso.openai.azure.com:443'],
  ['with the dot that ends a full name', 'https://contoso.openai.azure.com.'],
  ['with dot and port', 'https://contoso.openai.azure.com.:443/'],
  ['of another family of routes', 'https://contoso.cognitiveservices.azure.com'],
  ['with the path of an API', 'https://contoso.services.ai.azure.com/openai/v1'],
  ['of a project', 'https://contoso.services.ai.azure.com/api/projects/shop'],
  ['reported in another form', 'https://contoso-eu.openai.azure.com'],
  ['with a port that was reported', 'https://127.0.0.1:8443'],
])('its own: %s', (_, endpoint) => {
  expect(isOwnEndpoint({ hosts }, endpoint)).toBe(true)
})

test.each([
  ['another resource', 'https://fabrikam.openai.azure.com'],
  ['the same name in another family that it lacks', 'https://contoso.openai.azure.us'],
  ['a host below it', 'https://api.contoso.openai.azure.com'],
  ['the domain above it', 'https://openai.azure.com'],
  ['a name that ends alike', 'https://not-contoso.openai.azure.com'],
  ['a name that begins alike', 'https://contoso.openai.azure.com.example'],
  ['its host in the path of a gateway', 'https://gateway.example/contoso.openai.azure.com'],
  ['its host as a user name', 'https://contoso.openai.azure.com@gateway.example'],
  ['another port', 'https://contoso.openai.azure.com:8443'],
  ['no port where one was reported', 'https://127.0.0.1'],
  ['without TLS', 'http://contoso.openai.azure.com'],
  ['no URL', 'contoso.openai.azure.com'],
  ['nothing', ''],
])('not its own: %s', (_, endpoint) => {
  expect(isOwnEndpoint({ hosts }, endpoint)).toBe(false)
})

test('if nothing usable is reported, no endpoint is its own', () => {
  expect(
    hostsOf(['', 'contoso.openai.azure.com', 'http://contoso.openai.azure.com', 'https://']),
  ).toStrictEqual([])
  expect(isOwnEndpoint({ hosts: [] }, 'https://contoso.openai.azure.com')).toBe(false)
  expect(isOwnEndpoint({ hosts: [] }, '')).toBe(false)
})

test('each host is named once', () => {
  expect(hosts).toEqual([
    'contoso.cognitiveservices.azure.com',
    'contoso.openai.azure.com',
    'contoso.services.ai.azure.com',
    'contoso-eu.openai.azure.com',
    '127.0.0.1:8443',
  ])
})
