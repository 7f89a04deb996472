import { accountOptions, azLine, bash, inputs } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from '../explanation.ts'
import { valuesOf } from '../values.ts'
import { showEndpoints } from './denial.ts'
import { listModelResources, otherKindOfResource } from './deployments.ts'
import { anotherApi } from './other-apis.ts'
import { calledAt } from './refused-call.ts'

export const endpointExplanations = {
  'network-blocked': {
    title: 'Network rules block the runner',
    about:
      'The resource accepts only certain networks and addresses, or only its private endpoint. Or Resource Manager refuses the network of the runner, because the tenant reaches it only over private link.',
    why: ({ record, failure }) =>
      failure.details?.keptFrom === 'resource-manager'
        ? 'Resource Manager itself refuses the call: this tenant has associated private links with it and has switched public access off, and the call came over the internet. This is not about the rules of the resource.'
        : record.account?.publicNetworkAccess === 'Disabled'
          ? 'Public access is switched off: the resource answers only at its private endpoint, and this call came over the internet.'
          : "The resource accepts only certain networks and addresses, and the runner's is not one of them. The addresses of hosted runners change.",
    unlike:
      'A missing role is `access-denied`. If the runner is inside the network, its DNS resolves to the public address: the `privatelink` zone is missing there.',
    fixes: networkFixes,
  },
  'resource-blocked': {
    title: 'Microsoft has blocked the resource',
    why: told =>
      paragraph(
        `Abuse monitoring saw calls that violate the content policy, and blocked the resource ${valuesOf(told).account} for every caller and every prompt.`,
        'The smoke call is not the reason, and no role, token or waiting changes it.',
      ),
    unlike:
      'A single prompt or answer that the filter stops is `content-filtered`; a subscription that is switched off, `subscription-disabled`.',
    fixes: () => [
      advice(
        'Open a support request for the resource (Azure portal › Help + support › Technical), and answer the mail of abuse monitoring, which went to the contacts of the subscription. Find out which of your callers sent these calls: otherwise the block comes back.',
      ),
      advice('Use another resource with a deployment of the same name.', 'In the meantime'),
    ],
  },
  'endpoint-not-found': {
    title: 'The endpoint does not know the path',
    why: told =>
      paragraph(
        otherKindOfResource(told) ??
          'There is nothing at this address: the resource is of another kind, or does not have this API. Only Foundry resources (AIServices) serve `models` and `messages`.',
        calledAt(told),
      ),
    unlike: 'A missing deployment is `deployment-not-found`; a missing host is `dns-failed`.',
    fixes: told => [
      ...(otherKindOfResource(told) === undefined ? [] : [listModelResources(told)]),
      showEndpoints(told),
      ...anotherApi('Or name another API for the deployment', told, 'chat-completions', 'responses'),
    ],
  },
  'endpoint-untrusted': {
    title: 'The endpoint is outside the chosen cloud and gets no token',
    why: ({ record }) =>
      paragraph(
        'Tokens are sent only to hosts of the chosen cloud, or to one that you name. No request was made.',
        record.settings && `Trusted hosts are those of ${record.settings.cloud.inferenceDomains.join(', ')}.`,
      ),
    unlike: 'This says nothing about access: no call was made.',
    fixes: told => [
      showEndpoints(told),
      inputs('If the host is right, name it yourself', { endpoint: 'https://HOST' }),
      advice('Set `cloud` to the cloud of the resource.', 'Or'),
    ],
  },
} satisfies Partial<Explanations<'inference'>>

/** Allowing an address helps only if public access is on. */
function networkFixes(told: ExplainContext): Fix[] {
  if (told.failure.details?.keptFrom === 'resource-manager') return managementNetworkFixes()
  const values = valuesOf(told)
  const look = bash(
    'See the rules',
    azLine('cognitiveservices account show', {
      ...accountOptions(values),
      query: '{publicNetworkAccess:properties.publicNetworkAccess, rules:properties.networkAcls}',
    }),
  )
  const letIn = bash(
    "Allow the runner's address, if it is a fixed one",
    azLine('cognitiveservices account network-rule add', {
      ...accountOptions(values),
      'ip-address': '<RUNNER-IP>',
    }),
  )
  const inside = advice(runInside, 'Or move the job')
  return told.record.account?.publicNetworkAccess === 'Disabled' ? [inside, look] : [look, letIn, inside]
}

function managementNetworkFixes(): Fix[] {
  return [
    advice(`${runInside} Its DNS has to resolve the host of Resource Manager to the private endpoint.`),
    advice(
      'If this runner reaches the models all the same, give `endpoint` and `deployments` without a resource: the gate then asks Resource Manager nothing, and proves the calls alone.',
      'Or prove the calls alone',
    ),
  ]
}

const runInside =
  'Run the job on a runner inside the network: self-hosted, or a hosted runner with a private network.'
