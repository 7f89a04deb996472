import { isReadAs, isRefused, type Texts } from './given.ts'

test.each<[string, Texts, object]>([
  [
    'keys forbidden, and one that was retired',
    { 'key-access': 'Forbid', 'retired-key': ' 0123456789abcdef0123456789abcdef\n' },
    { keys: { access: 'forbid', retired: '0123456789abcdef0123456789abcdef' } },
  ],
  [
    'an endpoint alone, and a retired key as the proof that keys are off',
    {
      'resource-id': '',
      endpoint: 'https://contoso.openai.azure.com',
      deployments: 'gpt-4o',
      'key-access': 'forbid',
      'retired-key': '0123456789abcdef0123456789abcdef',
    },
    { target: { kind: 'endpoint' }, keys: { access: 'forbid' } },
  ],
])('%s', isReadAs)

test.each<[string, Texts, RegExp]>([
  ['a key that is none', { 'retired-key': 'not a key' }, /^`retired-key` is not an API key/],
])('%s is refused', isRefused)
