import type { ServiceName } from './service.ts'

/**
 * What the local cloud does not do, or does in another way than Azure. To anything else that it does not have, it answers
 * 501 `LocalCloudNotImplemented` with its name.
 */
export const limits: Readonly<Partial<Record<ServiceName, readonly string[]>>> = {
  'resource-manager': [
    'Templates (`Microsoft.Resources/deployments`) are not deployed: Bicep and ARM templates get 501. Terraform with azapi, az and the SDKs create the same resources one by one.',
    'Container Apps, Web Apps, virtual machines, storage accounts and other resources of types without their own routes can be read as the seed has them, identities included. Changing one is 501.',
    'Accounts are of kind `AIServices`, `OpenAI`, `CognitiveServices` or `TextAnalytics`; the kind of an account does not change.',
    'Customer-managed keys, own storage, network injection, private endpoints, connections, capability hosts, agents and content filters of your own are 501.',
    '`apiProperties`, `dynamicThrottlingEnabled`, `storedCompletionsDisabled`, `restrictOutboundNetworkAccess`, `allowedFqdnList` and `raiMonitorConfig` of an account are stored and returned, but have no effect.',
    'Everybody calls from 127.0.0.1: a firewall (`networkAcls`, `Deny`) blocks everybody until a rule allows that address.',
    'A deleted resource is gone at once, even while the delete operation still runs. The port of a deleted account stays, and answers that no resource has the subdomain.',
    'Conditions of role assignments are evaluated if they have a form that delegates role assignments; other conditions that Azure accepts are 501.',
    'Federated credentials of one identity can be written in parallel, which Azure refuses with `ConcurrentFederatedIdentityCredentialsWritesForSingleManagedIdentity`.',
    'For types with their own routes any api-version in the form of a date is accepted; for others it must be one that the provider lists. Replies are those of the newest version: deployments have no `scaleSettings`, which was removed in 2023.',
    'Of the built-in roles it has those of Foundry and Azure OpenAI, those that give access, and the common ones of storage, search, secrets, images and sites: others are found neither by name nor by id.',
    'There are no eligible role assignments, and no assignment expires.',
    'Regions are those that have Foundry resources. Quotas are the same for every model, and only deployed capacity counts against them.',
    'Models come from a catalogue, and the seed can add more. No model retires unless the seed gives it a date.',
    'Diagnostic settings of an account are stored and returned, but nothing is sent, and nobody checks that the destination exists. Other resources have none: writing one is 501.',
    'The activity log has the requests that were made here, except reads. It shows an event at once; Azure takes minutes. Events can be filtered by what the official description names, and by `caller` and `status`.',
    "`providerOperations` lists the actions that something here uses, without Azure's descriptions.",
  ],
  graph: [
    'Callers are applications with application permissions (`graphPermissions` in the seed). There are no signed-in users: `/me` is 501.',
    'Applications have no secrets, certificates, owners, permissions of their own or redirect addresses: writing one is 501.',
    'A deleted object is gone for good; Azure keeps it for thirty days.',
    'Lists are filtered with `eq`, `startswith` and `any`, joined by `and`. `$expand`, `$search` and `$orderby` are 501.',
    'A new object is visible everywhere at once.',
  ],
  inference: [
    'A model always gives the same answer, no matter what the prompt is (`answer` of a deployment in the seed). By default it answers with text. It calls a tool only if `tool_choice` requires one: the first that the conversation has not used yet.',
    'JSON for a schema is the same every time: every property, and one entry in each list. For `oneOf` it takes the first branch; `not`, `if`, `contains`, `patternProperties`, `propertyNames`, dependencies and patterns that look around are 501. The limits on depth and number of properties of a strict schema are not checked.',
    'Grammars of custom tools, and tools that the service runs itself (web and file search, code interpreter, MCP, images, those that Anthropic defined) are accepted and returned; a request that requires calling one is 501.',
    'Of chat completions spoken answers, `data_sources`, `moderation` and `web_search_options` are 501, of responses `prompt`, `moderation`, `image`, `context_management`, `access_programs` and `agent_reference`, of messages `container`.',
    'Stored chat completions, files, batches, vector stores, fine-tuning, evaluations, assistants, videos, edits and variations of images and translations of speech are 501, and so is everything of a project that the list of operations does not name.',
    'A background response takes two seconds on the clock. It is not known whether an account sees what its projects stored, or which data actions conversations need: here it does not see it, and they need those of responses.',
    'It is not known which parameters the models behind `/models` accept: there, no parameter is refused because of its name. The texts of some refusals come from client reports, not from recordings.',
    'A token is four characters. Headers show rate limits, which are never reached.',
    "A project's connection signs in with Entra and has no secret. Agents can be read but not run.",
    'It is only partly known which host of a resource serves what. Not known, but served here: v1 responses with a key, `/models`, `/anthropic` and `/api/projects` at the plain host, and the last three at that of openai.azure.com.',
  ],
  app: [
    "An app is one route, which makes one chat completion for each request; of a real app's resource it has only the identity. The port of an app that does not listen yet is reserved only if ports are fixed (`--port`).",
  ],
  gateway: [
    'A gateway is in front of one account, has only the policies that its seed names, and serves every operation of the account. WebSockets are 501.',
  ],
}
