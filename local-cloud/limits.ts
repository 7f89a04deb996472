import type { ServiceName } from './service.ts'

/**
 * What the local cloud does not do, or does in another way than Azure, told before anybody runs into it. Whatever else it
 * does not have it answers with 501 `LocalCloudNotImplemented` and the name of it.
 */
export const limits: Readonly<Partial<Record<ServiceName, readonly string[]>>> = {
  'resource-manager': [
    'Templates (`Microsoft.Resources/deployments`) are not deployed: Bicep and ARM templates end in 501. Terraform with azapi, az and the SDKs make the same resources one by one.',
    'Container Apps, Web Apps, virtual machines, storage accounts and other resources of types without routes of their own are read as the seed has them, identities included. Whatever would change one is 501.',
    'Accounts are of kind `AIServices`, `OpenAI`, `CognitiveServices` or `TextAnalytics`; the kind of an account does not change.',
    'Customer-managed keys, own storage, network injection, private endpoints, connections, capability hosts, agents and content filters of your own are 501.',
    '`apiProperties`, `dynamicThrottlingEnabled`, `storedCompletionsDisabled`, `restrictOutboundNetworkAccess`, `allowedFqdnList` and `raiMonitorConfig` of an account are kept and told again, and have no effect.',
    'Everybody calls from 127.0.0.1: a firewall (`networkAcls`, `Deny`) lets nobody in until a rule names that address.',
    'What is deleted is gone at once, even while the operation that deletes it still runs. The port of a deleted account stays, and answers that no resource has the subdomain.',
    'Conditions of role assignments are evaluated in the forms that delegate role assignments; others that Azure takes are 501.',
    'Federated credentials of one identity can be written side by side, which Azure refuses with `ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity`.',
    'Any api-version in the form of a date is taken for types with routes of their own; for the others it must be one that the provider lists.',
    'Nobody is eligible for a role, and no assignment ends by itself.',
    'Regions are those that have Foundry resources. Quotas are the same for every model, and no meter runs but that of deployed capacity.',
    'Models are those of a catalogue, and what the seed adds to it. None retires unless the seed gives it a date.',
    '`providerOperations` tells the actions that something here answers, without the words in which Azure describes them.',
  ],
  graph: [
    'Callers are applications with application permissions (`graphPermissions` in the seed). There are no signed-in users: `/me` is 501.',
    'Applications have neither secrets nor certificates, owners, permissions of their own nor redirect addresses: what would write one is 501.',
    'What is deleted is gone for good; Azure keeps it for thirty days.',
    'Lists are filtered with `eq`, `startswith` and `any`, joined by `and`. `$expand`, `$search` and `$orderby` are 501.',
    'A new object is known everywhere at once.',
  ],
}
