import { type CloudName, cloudOf } from '../../../azure/clouds.ts'
import type { Failure } from '../../../core/failures/failure.ts'
import { inWords } from '../../../core/text/duration.ts'
import { throttledBudgetMs } from '../../../services/resource-manager/throttling.ts'
import { inputs, statusPage, takeTurns, whoseSubscription } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix } from '../explanation.ts'
import { valuesOf } from '../values.ts'

/** If the resource enforces a policy, a new token helps only under other circumstances, such as another network. */
const isChallenge = ({ failure }: ExplainContext) =>
  failure.details?.challenge !== undefined || /continuous access evaluation/i.test(failure.said.message)

const afterChallenge = {
  met: 'It asked for a token that meets the policy. Entra issued one, but it was refused too.',
  unreadable:
    'It asked for a token with claims that the run cannot read, so the run did not ask Entra for one.',
  none: 'It named no claims that the run could ask Entra for.',
}

/** The hosts of the old service management API, and their clouds. */
const classicHosts: ReadonlyMap<string, CloudName> = new Map([
  ['management.core.windows.net', 'AzureCloud'],
  ['management.core.usgovcloudapi.net', 'AzureUSGovernment'],
  ['management.core.chinacloudapi.cn', 'AzureChinaCloud'],
])

/** The address of Resource Manager in the cloud of that API. */
function inPlaceOfClassic({ failure }: ExplainContext): string | undefined {
  const host = URL.parse(failure.details?.audience ?? '')?.host ?? ''
  const cloud = classicHosts.get(host)
  return cloud && cloudOf(cloud, {}).resourceManager.endpoint
}

function whyTokenRejected(told: ExplainContext): string {
  const { failure } = told
  const { tenantId, subscriptionId, grantorId, resourceManager } = valuesOf(told)
  if (isChallenge(told))
    return `A policy of the tenant is enforced at Resource Manager (continuous access evaluation). ${afterChallenge[failure.details?.challenge ?? 'none']} The usual reason is the address of the runner: the policy does not allow it for the principal ${grantorId}.`
  if (inPlaceOfClassic(told) !== undefined)
    return `${resourceManager} is the address of the classic service management API, which needs its own tokens and answers in XML. Azure Resource Manager has a different address.`
  return `The token is of tenant ${tenantId}. Subscription ${subscriptionId} trusts another one, or the token is of another cloud.`
}

function fixesOfTokenRejected(told: ExplainContext): Fix[] {
  if (isChallenge(told))
    return [
      advice(
        `Ask the tenant's administrators to allow the runner's address in that policy, or to exempt ${valuesOf(told).clientId} from it; or run the job on a runner inside the allowed network. Signing in again does not help. They find the policy under Sign-in logs › Service principal sign-ins › Conditional Access.`,
      ),
    ]
  const endpoint = inPlaceOfClassic(told)
  if (endpoint !== undefined)
    return [inputs("Name Resource Manager's own address", { 'resource-manager-endpoint': endpoint })]
  return [
    whoseSubscription(valuesOf(told)),
    advice('Set `tenant-id` and `client-id` to an identity of that tenant.'),
  ]
}

export const replyExplanations = {
  'resource-manager-token-rejected': {
    title: 'Resource Manager did not accept the token',
    about:
      'The subscription trusts another tenant, the token is of another cloud, a policy of the tenant is enforced at Resource Manager itself (continuous access evaluation), or the address is that of the classic service management API.',
    why: whyTokenRejected,
    unlike:
      'A missing right is `resource-manager-forbidden`. The run renews expired tokens, so that is not the cause.',
    fixes: fixesOfTokenRejected,
  },
  'resource-manager-throttled': {
    title: 'Resource Manager throttles the principal or the subscription',
    why: () =>
      `There were too many requests, for longer than this run waits: ${inWords(throttledBudgetMs)} in all for each request.`,
    unlike: 'The run did not get to check the roles, so they may be right.',
    fixes: () => [takeTurns, advice('Run the job again later.')],
  },
  'resource-manager-unavailable': {
    title: 'Resource Manager did not answer as expected',
    why: told => `${valuesOf(told).resourceManager} failed several times, with an error of its own.`,
    unlike: 'Refusals (400 to 499) have their own codes.',
    fixes: () => [statusPage],
  },
  'resource-manager-rejected': {
    title: 'Resource Manager refused the request',
    about: 'This action does not know the reason: see what Resource Manager said.',
    why: ({ failure }) =>
      isOfVersion(failure)
        ? 'This version of the action uses a version of the API that Azure does not serve in this place, or no longer serves.'
        : '',
    unlike: 'Refusals with a known cause have their own codes.',
    fixes: ({ failure }) => [
      ...(isOfVersion(failure)
        ? [
            advice(
              'Use the newest release of the action. If the run did, open an issue and quote the message.',
              'Update the action',
            ),
          ]
        : []),
      advice(
        'Look the code up: https://learn.microsoft.com/azure/azure-resource-manager/troubleshooting/common-deployment-errors',
      ),
    ],
  },
} satisfies Partial<Explanations<'resource-manager'>>

/** learn.microsoft.com, error-register-resource-provider: the message lists the versions that are served. */
const codesOfVersions: ReadonlySet<string> = new Set([
  'noregisteredproviderfound',
  'invalidapiversionparameter',
  'invalidresourcetype',
])

const isOfVersion = ({ said: { serviceCode = '' } }: Failure): boolean =>
  codesOfVersions.has(serviceCode.toLowerCase())
