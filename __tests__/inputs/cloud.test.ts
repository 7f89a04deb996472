import { isReadAs, isRefused, type Texts } from './given.ts'

test.each<[string, Texts, object]>([
  [
    'a cloud',
    { cloud: 'azureusgovernment' },
    { cloud: { name: 'AzureUSGovernment', authorityHost: 'https://login.microsoftonline.us' } },
  ],
  [
    'hosts of ones own',
    {
      cloud: 'custom',
      'authority-host': 'https://login.contoso.example/',
      'resource-manager-endpoint': 'https://arm.contoso.example:8443',
    },
    {
      cloud: {
        name: 'custom',
        authorityHost: 'https://login.contoso.example',
        resourceManager: { endpoint: 'https://arm.contoso.example:8443' },
      },
    },
  ],
])('%s', isReadAs)

test.each<[string, Texts, RegExp]>([
  [
    'an authority without TLS',
    { 'authority-host': 'http://login.contoso.example' },
    /^`authority-host` is ".*", which does not begin with https:\/\//,
  ],
  [
    'an authority with a path',
    { 'authority-host': 'https://login.contoso.example/tenant' },
    /^`authority-host` is ".*", which has the path \/tenant/,
  ],
  [
    'a Resource Manager without TLS',
    { 'resource-manager-endpoint': 'ftp://arm.contoso.example' },
    /^`resource-manager-endpoint` is ".*", which does not begin with https:\/\//,
  ],
  [
    'a cloud of ones own without its hosts',
    { cloud: 'custom', 'authority-host': 'https://login.contoso.example' },
    /^`resource-manager-endpoint` is missing; `cloud: custom` needs it$/,
  ],
  [
    'an unknown cloud',
    { cloud: 'AzureGermanCloud' },
    /^`cloud` is "AzureGermanCloud"; accepted are `AzureCloud`, `AzureUSGovernment`, `AzureChinaCloud`, `custom`$/,
  ],
])('%s is refused', isRefused)
