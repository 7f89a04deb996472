import type { Context } from '../context.ts'
import type { Tenant } from '../world.ts'
import { Refused } from './refused.ts'

/**
 * Services of Microsoft that every tenant has a principal for, by their audience, without a slash at the end; the local Resource
 * Manager, the local Graph and gateways that check tokens join them. Those that are not here at all are among them: programs ask for their tokens for nothing or by mistake.
 */
const RESOURCES = [
  'https://management.azure.com',
  'https://management.core.windows.net',
  'https://cognitiveservices.azure.com',
  'https://ai.azure.com',
  'https://ml.azure.com',
  'https://search.azure.com',
  'https://graph.microsoft.com',
  'https://vault.azure.net',
  'https://storage.azure.com',
  'https://database.windows.net',
  'https://cosmos.azure.com',
  'https://servicebus.azure.net',
  'https://eventhubs.azure.net',
  'https://monitor.azure.com',
]

/**
 * @throws Refused AADSTS500011 if the tenant has no principal of the resource
 */
export function checkResource(
  audience: string,
  tenant: Tenant,
  { endpoints: { resourceManager, graph }, world: { gateways } }: Pick<Context, 'endpoints' | 'world'>,
): void {
  const resource = audience.replace(/\/$/, '')
  const ofGateways = gateways.flatMap(({ audience: own }) => own ?? [])
  const isKnown = [...RESOURCES, resourceManager, graph, ...ofGateways].includes(resource)
  if (isKnown && !tenant.absentResources.includes(resource)) return
  const message =
    `The resource principal named ${audience} was not found in the tenant named ${tenant.displayName}. This can ` +
    'happen if the application has not been installed by the administrator of the tenant or consented to by any ' +
    'user in the tenant. You might have sent your authentication request to the wrong tenant.'
  throw new Refused(500011, 400, 'invalid_resource', message)
}
