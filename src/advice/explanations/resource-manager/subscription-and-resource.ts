import { reader } from '../../../azure/rbac/built-in-roles.ts'
import { servicePrincipal } from '../../../azure/rbac/principal.ts'
import type { RunRecord } from '../../../gate/record.ts'
import {
  assigneeOptions,
  az,
  bash,
  registerProvider,
  show,
  subscriptionOptions,
  whoseSubscription,
} from '../commands.ts'
import { advice, type ExplainContext, type Explanations, paragraph } from '../explanation.ts'
import { valuesOf } from '../values.ts'
import { letLook } from './grants.ts'

/** Reading role assignments needs another right than reading the resource. */
const isOfRoles = ({ failure }: ExplainContext) =>
  failure.details?.action?.startsWith('Microsoft.Authorization/') === true

const listResources = (told: ExplainContext) =>
  show('List the resources of the subscription', 'cognitiveservices account list', {
    ...subscriptionOptions(valuesOf(told)),
    query: '[].{resource:id, kind:kind}',
  })

const needsAccount = ({ settings }: RunRecord) =>
  settings?.keys.access === 'forbid' && settings.keys.retired === undefined

/** The inputs name an endpoint and a subscription, and the search for the resource failed. */
const wasSearched = ({ record }: ExplainContext) => record.settings?.target.kind === 'search'

function whatIsBeingDeleted(told: ExplainContext): string | undefined {
  const { scope, account } = valuesOf(told)
  if (told.failure.said.serviceCode === 'ResourceGroupBeingDeleted')
    return `The resource group of ${scope} is being deleted, and the resource with it.`
  return told.record.account?.isBeingDeleted === true
    ? `Somebody is deleting ${account}. Its models may still answer, but not much longer.`
    : undefined
}

export const subscriptionAndResourceExplanations = {
  'subscription-not-found': {
    title: 'The subscription is not visible to the principal',
    why: told =>
      `Subscription ${valuesOf(told).subscriptionId} does not exist, belongs to another tenant or cloud, or the principal has no role in it at all: Azure gives the same answer for all of these.`,
    unlike:
      'If `az account show` shows you the subscription, with the tenant of this run, then the principal holds no role in it: grant one.',
    fixes: told => [whoseSubscription(valuesOf(told)), ...letLook(told)],
  },
  'subscription-disabled': {
    title: 'The subscription is disabled',
    why: told =>
      `Nothing can be changed in subscription ${valuesOf(told).subscriptionId} until it is enabled again.`,
    unlike: 'A lock on the resource is `resource-locked`.',
    fixes: told => [
      whoseSubscription(valuesOf(told)),
      advice(
        'Ask for the subscription to be enabled again (the reason is usually billing), or use a resource in another one.',
      ),
    ],
  },
  'resource-provider-unregistered': {
    title: 'The subscription is not registered for Azure AI services',
    why: told =>
      `Subscription ${valuesOf(told).subscriptionId} has never used the provider Microsoft.CognitiveServices, so it cannot contain such a resource: the id is probably that of another subscription.`,
    unlike: 'If the subscription is registered but has no such resource, the code is `resource-not-found`.',
    fixes: told => [
      show('See your subscriptions: which of them has the resource?', 'account list', {
        query: '[].{name:name, subscription:id, state:state}',
      }),
      registerProvider('If it is the right subscription, register the provider', valuesOf(told)),
    ],
  },
  'resource-not-found': {
    title: 'There is no such resource',
    about:
      'Resource Manager knows no resource with that id, or it is being deleted. Or `endpoint` was given with `subscription-id`, an input needs the resource, and no account that the run can read, or more than one, has the host of the endpoint.',
    why: told =>
      wasSearched(told)
        ? 'The gate looks for the resource by the host of `endpoint`, among the accounts of the subscription that this identity can read. Name the resource with `resource-id` instead; or remove the input that needs it, and the gate proves only the call.'
        : (whatIsBeingDeleted(told) ??
          `Resource Manager knows no resource ${valuesOf(told).scope}. The name or the resource group is misspelt, or the id is that of a deployment or project instead of the account.`),
    unlike: 'A resource that the principal cannot read is `resource-manager-forbidden`.',
    fixes: told => [
      listResources(told),
      show(
        'List deleted resources',
        'cognitiveservices account list-deleted',
        subscriptionOptions(valuesOf(told)),
      ),
    ],
  },
  'resource-manager-forbidden': {
    title: 'The principal cannot read the resource',
    why: told =>
      paragraph(
        `The principal ${valuesOf(told).grantorId} lacks ${told.failure.details?.action ?? 'a right to read'}.`,
        isOfRoles(told)
          ? 'Reader includes the right to read roles; roles that call models do not.'
          : 'Without any role on the resource it cannot see it; Cognitive Services User includes the right to read.',
        isOfRoles(told)
          ? ''
          : needsAccount(told.record)
            ? 'For `key-access: forbid` the gate must read the account, or test a `retired-key`, which shows the same at the data plane.'
            : 'If you give `endpoint` and `deployments`, the gate need not read the account.',
      ),
    unlike:
      'Azure says the same if the resource group does not exist: compare `resource-id` with the list of resources.',
    fixes: told => {
      const values = valuesOf(told)
      return [
        ...(isOfRoles(told) ? [] : letLook(told)),
        bash(
          isOfRoles(told)
            ? 'Grant Reader to the identity that reads'
            : 'If that role does not include the right to read: grant Reader as well',
          az(
            'role assignment create',
            assigneeOptions(servicePrincipal(values.grantorId)),
            { role: reader.guid },
            { scope: values.scope },
          ),
        ),
        listResources(told),
      ]
    },
  },
} satisfies Partial<Explanations<'resource-manager'>>
