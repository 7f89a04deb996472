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
    'Any api-version in the form of a date is taken for types with routes of their own; for the others it must be one that the provider lists. Replies are those of the newest: deployments have no `scaleSettings`, which went in 2023.',
    'Of the built-in roles it has those of Foundry and Azure OpenAI, those that give access, and the common ones of storage, search, secrets, images and sites: others are found neither by name nor by id.',
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
  inference: [
    'A model always says the same, whatever it is asked (`answer` of a deployment in the seed). Its own choice is words: a tool is called where `tool_choice` demands one, then the first that the conversation has not used yet.',
    'JSON for a schema is the same every time: every property, one entry in a list. `oneOf` takes its first branch; `not`, `if`, `contains`, `patternProperties`, `propertyNames`, dependencies and patterns that look around are 501. How deep a strict schema may be, and how many properties it may have, is not checked.',
    'Grammars of custom tools, and tools that the service runs itself (web and file search, code interpreter, MCP, images, those that Anthropic defined) are taken and told again; a call of one that must be used is 501.',
    'Of chat completions spoken answers, `data_sources`, `moderation` and `web_search_options` are 501, of responses `prompt`, `moderation`, `image`, `context_management`, `access_programs` and `agent_reference`, of messages `container`.',
    'Stored chat completions, files, batches, vector stores, fine-tuning, evaluations, assistants, videos, edits and variations of images and translations of speech are 501, and so is everything of a project that the list of operations does not name.',
    'A response in the background takes two seconds of the clock. Whether an account sees what its projects stored, and which data actions conversations need, is not known: here it does not, and they need those of responses.',
    'Which parameters the models behind `/models` take is not known: none is refused for its name there. The words of some refusals are reported by clients, not recorded.',
    'Tokens are pieces of four characters. Rate limits are told in headers, and never reached.',
    'A connection of a project signs in with Entra and has no secret. Agents can be looked at, not run.',
    'Which host of a resource serves what is known in part: unknown, and served, are v1 responses with a key, `/models`, `/anthropic` and `/api/projects` at the plain host, and the last three at that of openai.azure.com.',
  ],
  app: [
    'An app is one route, which makes one chat completion each time it is asked; of a resource it has the identity and nothing else. The port of one that does not listen yet is kept for it only where it is a fixed one (`--port`).',
  ],
  gateway: [
    'A gateway stands in front of one account, has the policies that its seed names and no others, and serves every operation of the account. WebSockets are 501.',
  ],
}
