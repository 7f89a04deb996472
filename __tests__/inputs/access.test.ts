import { isReadAs, isRefused, resourceId, subscriptionId, type Texts } from './given.ts'

test.each<[string, Texts, object]>([
  [
    'a role by name',
    { role: 'cognitive services  OPENAI user' },
    { access: { role: { guid: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd' } } },
  ],
  [
    'a role by GUID',
    { role: '5E0BD9BD-7B93-4F28-AF87-19FC36AD61BD' },
    { access: { role: { guid: '5e0bd9bd-7b93-4f28-af87-19fc36ad61bd' } } },
  ],
  ['the least role', { role: ' Auto ' }, { access: { role: { kind: 'auto' } } }],
  [
    'a custom role',
    { role: 'Contoso Model Caller' },
    { access: { role: { kind: 'name', name: 'Contoso Model Caller' } } },
  ],
  ['a mode of granting, in capitals', { grant: 'NEVER' }, { access: { grant: 'never' } }],
  [
    'a group that is to hold the role',
    { 'principal-id': subscriptionId, 'principal-type': 'group' },
    { access: { grantee: { principalId: subscriptionId, principalType: 'Group' } } },
  ],
  ['a temporary grant', { revoke: 'True' }, { access: { revoke: true } }],
])('%s', isReadAs)

test.each<[string, Texts, RegExp]>([
  [
    'a slip in a built-in role',
    { role: 'Cognitive Service User' },
    /^`role` is ".*", which is not a built-in role; "Cognitive Services User" is/,
  ],
  [
    'a slip in the old name of a role',
    { role: 'Azure AI Usr' },
    /^`role` is ".*", which is not a built-in role; "Foundry User" is/,
  ],
  [
    'an id that is of no role',
    { role: resourceId },
    /^`role` is ".*", which looks like an id, but is not one of a role definition$/,
  ],
  [
    'an unknown mode of granting',
    { grant: 'yes' },
    /^`grant` is "yes"; accepted are `auto`, `never`, `plan`$/,
  ],
  [
    'a type without its principal',
    { 'principal-type': 'Group' },
    /^`principal-type` is Group, but `principal-id` does not say which one$/,
  ],
  [
    'a principal by name',
    { 'principal-id': 'pipelines' },
    /^`principal-id` is "pipelines", which is not a GUID/,
  ],
  [
    'a temporary grant where nothing is granted',
    { grant: 'never', revoke: 'true' },
    /^`revoke` is true, but with `grant: never` there is nothing to take back$/,
  ],
])('%s is refused', isRefused)
