import { coversDataAction } from '../../access/permissions.ts'
import { shellWord } from '../../untrusted-text.ts'
import { type Explanations, type Fix, plainly, type Told } from '../explanation.ts'
import { grantByAdministrator } from './resource-manager.ts'

/** The least built-in role that holds a data action. */
function leastRoleFor(dataAction: string): string {
  return /\/accounts\/OpenAI\//i.test(dataAction)
    ? 'Cognitive Services OpenAI User'
    : 'Cognitive Services User'
}

function whyDenied({ facts, refusal }: Told): string {
  const dataAction = refusal.named?.dataAction
  const lacking =
    dataAction === undefined
      ? `The principal ${facts.principal?.oid ?? ''} was denied the operation.`
      : `The principal ${facts.principal?.oid ?? ''} lacks the data action ${dataAction}; the least built-in role that holds it is ${leastRoleFor(dataAction)}.`
  return [lacking, whatIsKnown(facts, dataAction)].filter(text => text !== '').join(' ')
}

/** The denial read together with what is known of roles. */
function whatIsKnown(facts: Told['facts'], dataAction: string | undefined): string {
  const role = facts.role?.name ?? 'the role'
  const { permissions, roleState } = facts
  const covered =
    permissions !== undefined && dataAction !== undefined && coversDataAction(permissions, dataAction)
  const administersOnly =
    permissions !== undefined &&
    permissions.length > 0 &&
    permissions.every(({ dataActions }) => (dataActions ?? []).length === 0)
  switch (roleState) {
    case 'missing':
      return administersOnly
        ? `It does not hold ${role}; what it holds are administration roles, and those (Owner and Contributor too) give no access to the models.`
        : `It does not hold ${role} here, nor from above, nor through a group.`
    case 'unknown':
      return facts.settings?.target.kind === 'endpoint'
        ? 'Only an endpoint was given, so its roles were not looked at.'
        : 'It may not read role assignments, so whether it holds the role is not known; a grant of the last minutes was waited for.'
    case 'covered':
      return 'Its effective permissions cover the operation, so the assignment behind them is either very new or overruled by a deny assignment.'
    default:
      return covered || dataAction === undefined || permissions === undefined
        ? `It holds ${role} (${roleState}), for longer than any propagation takes; a deny assignment or an assignment to another object id are what is left.`
        : `It holds ${role} (${roleState}), and that role does not cover this operation: choose one that does, or another API for this deployment.`
  }
}

const listDeployments = ({ facts }: Told): Fix[] => {
  const target = facts.settings?.target
  if (target?.kind !== 'resource') return []
  const { subscriptionId, resourceGroup, account } = target.resource
  return [
    {
      title: 'See which deployments there are',
      language: 'bash',
      text: `az cognitiveservices account deployment list --subscription ${shellWord(subscriptionId)} --resource-group ${shellWord(resourceGroup)} --name ${shellWord(account)} --query "[].{deployment:name, model:properties.model.name, state:properties.provisioningState}" --output table`,
    },
  ]
}

export const inferenceExplanations: Explanations<'inference'> = {
  'access-denied': {
    title: 'The model refuses the pipeline: access denied',
    why: whyDenied,
    fixes: grantByAdministrator,
  },
  'access-not-propagated': {
    title: 'The role is granted, and was not live in time',
    why: ({ facts }) =>
      `The role assignment was made by this run, and the model still denied the call after ${Math.round((facts.settings?.waiting.propagationTimeoutMs ?? 0) / 1000)} s. Azure speaks of up to ten minutes, and of hours where the assignment is at a management group.`,
    fixes: () => [
      {
        title: 'Run the job again, or give it longer',
        language: 'yaml',
        text: 'with:\n  propagation-timeout: 30m',
      },
    ],
  },
  'token-audience-rejected': plainly(
    'The endpoint does not accept the audience of the token',
    'The endpoint named an audience that is none of this cloud, or refused the one that it named. An expired token reads the same.',
    'Check the inputs `cloud` and `endpoint`.',
  ),
  'token-not-accepted': plainly(
    'The endpoint did not accept the token',
    'The reply is the one for a wrong key: the host belongs to another resource or region, or to something that is no inference endpoint.',
    "Check the input `endpoint`; it must be the resource's own host, with its custom subdomain.",
  ),
  'tenant-mismatch': plainly(
    'The resource belongs to another tenant',
    'A token of one tenant cannot call a resource of another.',
    'Set `tenant-id` and `client-id` to an identity of the tenant that the resource is in.',
  ),
  'custom-subdomain-missing': {
    title: 'The resource has no custom subdomain, and takes no tokens without one',
    why: () =>
      'Entra tokens are accepted at NAME.openai.azure.com and the like only; the regional endpoint takes keys. A custom subdomain cannot be changed once it is set.',
    fixes: ({ facts }) => {
      const target = facts.settings?.target
      if (target?.kind !== 'resource') return []
      const { subscriptionId, resourceGroup, account } = target.resource
      return [
        {
          title: 'Set one',
          language: 'bash',
          text: `az cognitiveservices account update --subscription ${shellWord(subscriptionId)} --resource-group ${shellWord(resourceGroup)} --name ${shellWord(account)} --custom-domain ${shellWord(account.toLowerCase())}`,
        },
      ]
    },
  },
  'key-auth-disabled': plainly(
    'The endpoint says that keys are switched off',
    'This action sends no key. A proxy or gateway in front of the endpoint adds one.',
    'Find what adds an `api-key` header between the runner and the resource.',
  ),
  'network-blocked': plainly(
    'The network rules of the resource do not let the runner in',
    'The resource is closed to public networks or to this address. Access was not judged at all.',
    "Run the job on a runner inside the resource's network, or allow its address under Networking.",
  ),
  'deployment-not-found': {
    title: 'There is no such deployment',
    why: ({ refusal }) =>
      `${refusal.said.message} The name is that of the deployment, which may differ from the model's.`,
    fixes: listDeployments,
  },
  'endpoint-not-found': plainly(
    'The endpoint does not know the path',
    'The host answered that there is nothing at this address: it is another kind of resource, or the API is not served there.',
    'Check the inputs `endpoint` and `api`. The `models` API is served by Foundry resources (AIServices) only.',
  ),
  'endpoint-untrusted': {
    title: 'The endpoint lies outside the cloud, and gets no token',
    why: ({ refusal }) => refusal.said.message,
    fixes: () => [
      {
        title: 'If the host is right',
        language: 'text',
        text: 'Name it in the input `endpoint`, or set `cloud`: a token is sent only to hosts of the chosen cloud, or to those that you name.',
      },
    ],
  },
  'operation-unsupported': plainly(
    'The model does not serve this API',
    'The deployment exists, and its model does another kind of work.',
    'Name the API for the deployment, as in `text-embedding-3-large=embeddings`.',
  ),
  'api-version-unsupported': plainly(
    'The endpoint does not take this API version',
    'The route and its version do not fit the resource.',
    'Use `api: chat-completions`, `responses` or `embeddings`, which need no version.',
  ),
  'parameter-unsupported': plainly(
    'The model does not take the request as it is',
    'The request was adapted to what the model asked for, as far as that is known, and refused again. Access itself is fine: it is checked first.',
    'Raise `max-output-tokens`, or try another `api`.',
  ),
  'content-filtered': plainly(
    'The content filter stopped the smoke call',
    'Access itself is fine: the filter comes after it. The prompt or the answer was held back.',
    'Change the input `prompt`.',
  ),
  'inference-throttled': plainly(
    'The deployment throttles its callers',
    'Its quota is used up for longer than this run waits. That is no denial, and no proof of access either.',
    'Raise the capacity of the deployment, or run the job again later.',
  ),
  'inference-unavailable': plainly(
    'The inference endpoint did not answer as it should',
    'Several tries met an error of the service itself.',
    'Run the job again; look at status.azure.com if it goes on.',
  ),
  'inference-rejected': plainly(
    'The inference endpoint refused the call',
    "The reason is in the service's own words.",
    'Look at what the service said, and at the inputs `api` and `endpoint`.',
  ),
  'answer-invalid': plainly(
    'The endpoint answered, but not with an answer of the model',
    'The status says success, and the body is none of this API: something between the runner and the resource may answer in its place.',
    'Look at what was sent back, and for a proxy or a gateway on the way.',
  ),
  'answer-unexpected': {
    title: 'The model answered, and the answer does not match `expect`',
    why: ({ refusal }) => `Access is proven. ${refusal.said.message}`,
    fixes: () => [
      {
        title: 'What to do',
        language: 'text',
        text: 'Loosen `expect`, make `prompt` plainer, or leave `expect` out: access alone needs none.',
      },
    ],
  },
}
