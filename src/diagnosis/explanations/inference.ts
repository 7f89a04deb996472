import { isAnthropic } from '../../inference/routes.ts'
import { deploymentNamed } from '../../resource/account.ts'
import { advice, type Explanations, type Fix, paragraph, type Told } from '../explanation.ts'
import { accountOptions, azLine, bash, inputs, show, takeTurns } from './commands.ts'
import { canNeverBecomeLive, fixesOfDenial, waitLonger, whatWasMissing, whyDenied } from './denial.ts'
import { deploymentOf, valuesOf } from './values.ts'

const listDeployments = (told: Told) =>
  show('See which deployments the resource has', 'cognitiveservices account deployment list', {
    ...accountOptions(valuesOf(told)),
    query:
      '[].{name:name, model:properties.model.name, format:properties.model.format, state:properties.provisioningState}',
  })

const showEndpoints = (told: Told) =>
  bash(
    "See the resource's own endpoints",
    azLine('cognitiveservices account show', {
      ...accountOptions(valuesOf(told)),
      query:
        '{kind:kind, subdomain:properties.customSubDomainName, endpoint:properties.endpoint, endpoints:properties.endpoints}',
    }),
  )

const whoseSubscription = (told: Told) =>
  show('See which tenant the resource is in', 'account show', {
    subscription: valuesOf(told).subscriptionId,
    query: '{name:name, tenantId:tenantId}',
  })

/** `name=api` for the deployment that was refused. */
const byApi = (title: string, told: Told, api: string): Fix =>
  inputs(title, { deployments: `${valuesOf(told).deployment}=${api}` })

const refusedRoute = ({ facts }: Told) => facts.smoke.find(({ kind }) => kind === 'refused')?.route

function calledAt(told: Told): string {
  const route = refusedRoute(told)
  return route === undefined ? '' : `Called was ${route.deployment} by ${route.api}, at ${route.url}.`
}

const accessIsFine = 'Access itself is fine: it is checked before anything else.'
const statusPage = advice('Run the job again. If it goes on, look at https://azure.status.microsoft.')

export const inferenceExplanations: Explanations<'inference'> = {
  'access-denied': {
    title: 'The model refuses the pipeline: access denied',
    about: paragraph(
      'The principal lacks the data action that the call needs. The run reads the denial together with the roles that it can see: whether the role is missing, too young, held through a group, one that covers other operations, one that only administers (Owner, Contributor), assigned to another object id, held on a project instead of the account, or overruled by a deny assignment.',
      'A missing role is a 401 here, not a 403.',
    ),
    why: whyDenied,
    unlike:
      'A token or an audience that is not accepted has `token-audience-rejected` or `token-not-accepted`; network rules are `network-blocked`. With a role that this run granted itself the code is `access-not-propagated`. A denial never says whether a role is missing or not live yet: only the age of the assignment tells.',
    fixes: fixesOfDenial,
  },
  'access-not-propagated': {
    title: 'The role is granted, and was not live in time',
    about:
      'The run granted the role, and the model still denied the call when `propagation-timeout` was over. Azure speaks of up to ten minutes, and of hours where the assignment is at a management group.',
    why: whyNotLive,
    unlike:
      'The assignment is there: granting once more changes nothing. A role that does not include the data action would never become live; then it is named here.',
    fixes: told => (canNeverBecomeLive(told) ? fixesOfDenial(told) : [waitLonger]),
  },
  'token-audience-rejected': {
    title: 'The endpoint does not accept the audience of the token',
    why: told =>
      paragraph(
        told.refusal.named?.audience === undefined
          ? 'The endpoint did not say which audience it wants.'
          : `The endpoint wants a token for ${told.refusal.named.audience}.`,
        triedAudiences(told),
        'An audience that is not of this cloud is never tried.',
      ),
    unlike:
      'A token that has ended, or a clock that is off, reads the same; a missing role does not: that is `access-denied`.',
    fixes: told => [
      showEndpoints(told),
      advice(
        'Check that `cloud` is the cloud of the resource, and that `endpoint` is an inference endpoint of it, not one of another service.',
      ),
    ],
  },
  'token-not-accepted': {
    title: 'The endpoint did not accept the token',
    why: told =>
      paragraph(
        'The reply is the one for a wrong key, or for no token at all: the host belongs to another resource or region, or to something that is no inference endpoint.',
        calledAt(told),
      ),
    unlike:
      'Where the token arrives and the role is missing, the code is `access-denied`; a wrong audience is `token-audience-rejected`. A gateway that takes the Authorization header away reads the same as this.',
    fixes: told => [
      showEndpoints(told),
      advice(
        "Leave `endpoint` out, so that Resource Manager tells it, or give the resource's own host, with its custom subdomain.",
      ),
    ],
  },
  'tenant-mismatch': {
    title: 'The resource belongs to another tenant',
    why: told =>
      `The token is of tenant ${valuesOf(told).tenantId}, and a token of one tenant cannot call a resource of another.`,
    unlike: 'Resource Manager says the same as `resource-manager-token-rejected`, where it is asked first.',
    fixes: told => [
      whoseSubscription(told),
      advice('Set `tenant-id` and `client-id` to an identity of the tenant that the resource is in.'),
    ],
  },
  'custom-subdomain-missing': {
    title: 'The resource has no custom subdomain, and takes no tokens without one',
    why: () =>
      'Entra tokens are accepted at NAME.openai.azure.com and the like only; the regional endpoint takes keys. A custom subdomain cannot be changed once it is set.',
    unlike: 'No role mends this, and no wait.',
    fixes: told => {
      const { subscriptionId, resourceGroup, account } = valuesOf(told)
      const subdomain = account.startsWith('<')
        ? '<SUBDOMAIN>'
        : account.toLowerCase().replace(/[^a-z0-9-]/g, '-')
      return [
        bash(
          'Set one; the name must be free in all of Azure',
          azLine('cognitiveservices account update', {
            subscription: subscriptionId,
            'resource-group': resourceGroup,
            name: account,
            'custom-domain': subdomain,
          }),
        ),
      ]
    },
  },
  'key-auth-disabled': {
    title: 'The endpoint was called with a key, and takes none',
    why: () =>
      'The resource refuses keys, as it should, and says that it was given one. This action sends a token and never a key: something between the runner and the resource, such as a gateway, puts a key in.',
    unlike: 'A token that is refused reads `token-not-accepted` or `token-audience-rejected`.',
    fixes: told => [
      showEndpoints(told),
      advice(
        "Point `endpoint` at the resource's own host, or have the gateway pass the Authorization header on and add no api-key.",
      ),
    ],
  },
  'network-blocked': {
    title: 'The resource does not let the runner in: its network rules',
    why: ({ facts }) =>
      facts.account?.publicNetworkAccess === 'Disabled'
        ? 'Public access is switched off: the resource answers at its private endpoint only, and this call came over the internet.'
        : "Public access is limited to named networks and addresses, and the runner's is none of them. Hosted runners have changing addresses.",
    unlike:
      'A missing role is a 401 (`access-denied`), never this. If the runner is inside the network, its DNS gives the public address: `privatelink` zones are missing there.',
    fixes: networkFixes,
  },
  'deployment-not-found': {
    title: 'There is no such deployment',
    why: told =>
      paragraph(
        "The name of the deployment counts, not the model's, though the two are often the same.",
        deploymentOf(told) && `Asked for was ${deploymentOf(told)}.`,
        'A deployment that was made in the last five minutes may not be everywhere yet.',
      ),
    unlike: 'A path that the host does not know is `endpoint-not-found`.',
    fixes: told => [listDeployments(told), ...namedDeployments(told)],
  },
  'endpoint-not-found': {
    title: 'The endpoint does not know the path',
    why: told =>
      paragraph(
        'The host answered that there is nothing at this address: it is another kind of resource, or the API is not served there. The APIs `models` and `messages` are served by Foundry resources (AIServices) only.',
        calledAt(told),
      ),
    unlike:
      'A deployment that does not exist is `deployment-not-found`; a host that does not exist is `dns-failed`.',
    fixes: told => [
      showEndpoints(told),
      ...unlessClaude(told, byApi('Or name another API for the deployment', told, 'chat-completions')),
    ],
  },
  'endpoint-untrusted': {
    title: 'The endpoint lies outside the cloud, and gets no token',
    why: ({ facts }) =>
      paragraph(
        'A token goes only to hosts of the chosen cloud, or to those that you name. No request was made.',
        facts.settings &&
          `Trusted are ${facts.settings.cloud.inferenceDomains.join(', ')}, and hosts below them.`,
      ),
    unlike: 'Nothing was asked, so nothing is said about access.',
    fixes: told => [
      showEndpoints(told),
      inputs('If the host is right, name it yourself', { endpoint: 'https://HOST' }),
      advice('Or set `cloud` to the cloud that the resource is in.'),
    ],
  },
  'operation-unsupported': {
    title: 'The model does not serve this API',
    why: told =>
      paragraph(
        'The deployment exists, and its model does another kind of work.',
        calledAt(told),
        accessIsFine,
      ),
    unlike:
      'A path that does not exist is `endpoint-not-found`; a parameter that the model does not take, `parameter-unsupported`.',
    fixes: told => [...otherApis(told), listDeployments(told)],
  },
  'api-version-unsupported': {
    title: 'The endpoint does not take this API version',
    why: told => paragraph('The route and its version do not fit the resource.', calledAt(told)),
    unlike: 'An API that the model does not serve is `operation-unsupported`.',
    fixes: told => [
      ...unlessClaude(told, byApi('Use an API that needs no version', told, 'chat-completions')),
      showEndpoints(told),
    ],
  },
  'parameter-unsupported': {
    title: 'The model does not take the request as it is',
    why: ({ refusal }) =>
      paragraph(
        'The request was adapted to what the model asked for, as far as that is known, and refused again.',
        refusal.named?.parameter && `It is about ${refusal.named.parameter}.`,
        accessIsFine,
      ),
    unlike: 'An API that the model does not serve at all is `operation-unsupported`.',
    fixes: told => [
      inputs('Give the model more room', { 'max-output-tokens': '2048' }),
      ...unlessClaude(told, byApi('Or use another API', told, 'responses')),
    ],
  },
  'content-filtered': {
    title: 'The content filter stopped the smoke call',
    why: () => `The prompt or the answer was held back. ${accessIsFine}`,
    unlike: 'An answer that does not match `expect` is `answer-unexpected`.',
    fixes: () => [inputs('Ask something plainer', { prompt: 'Answer with the one word ready.' })],
  },
  'inference-throttled': {
    title: 'The deployment throttles its callers',
    why: told =>
      `The quota of ${valuesOf(told).deployment} is used up for longer than this run waits. That is no denial, and no proof of access either.`,
    unlike: 'A denial is `access-denied`; a service that is down, `inference-unavailable`.',
    fixes: told => [
      show('See its capacity', 'cognitiveservices account deployment show', {
        ...accountOptions(valuesOf(told)),
        'deployment-name': valuesOf(told).deployment,
        query: '{sku:sku.name, capacity:sku.capacity}',
      }),
      takeTurns,
      advice('Raise the capacity of the deployment, or run the job again later.'),
    ],
  },
  'inference-unavailable': {
    title: 'The inference endpoint did not answer as it should',
    why: told => paragraph('Several tries met an error of the service itself.', calledAt(told)),
    unlike:
      "Refusals, from 400 to 499, have codes of their own; an answer that is none of the model's is `answer-invalid`.",
    fixes: () => [statusPage],
  },
  'inference-rejected': {
    title: 'The inference endpoint refused the call',
    why: told =>
      paragraph(
        "The reason is in the service's own words: it is none of those that this action knows.",
        calledAt(told),
      ),
    unlike: 'All refusals that have a known cause have a code of their own.',
    fixes: told => [
      advice('Look at what the service said, and at the inputs `api` and `endpoint`.'),
      showEndpoints(told),
    ],
  },
  'answer-invalid': {
    title: 'The endpoint answered, but not with an answer of the model',
    why: told =>
      paragraph(
        'The status says success, and the body is none of this API: something between the runner and the resource may answer in its place.',
        calledAt(told),
      ),
    unlike: 'An answer of the model that is not the one you expect is `answer-unexpected`.',
    fixes: told => [
      advice('Look at what was sent back, and for a proxy or a gateway on the way.'),
      showEndpoints(told),
    ],
  },
  'answer-unexpected': {
    title: 'The model answered, and the answer does not match `expect`',
    why: () => 'Access is proven; the answer is another one than you asked for. Models vary in their words.',
    unlike: 'An answer that the filter held back is `content-filtered`.',
    fixes: () => [
      inputs('Ask for one word, and take it in any case', {
        prompt: 'Answer with the one word ready.',
        expect: '[Rr]eady',
      }),
      advice('Or leave `expect` out: access alone needs none.'),
    ],
  },
}

/** Claude speaks one API, and nothing else speaks it; where the model is not known, all that it may be is offered. */
function otherApis(told: Told): Fix[] {
  if (isClaude(told)) return [byApi('Claude models speak the Messages API only', told, 'messages')]
  if (refusedRoute(told)?.api === 'messages')
    return [byApi('Only Claude models speak the Messages API: take the one of the model', told, 'auto')]
  return [
    byApi('For an embedding model', told, 'embeddings'),
    byApi('For a model of the Responses API only', told, 'responses'),
    byApi('For a Claude model', told, 'messages'),
  ]
}

const unlessClaude = (told: Told, fix: Fix): Fix[] =>
  isClaude(told) || refusedRoute(told)?.api === 'messages' ? [] : [fix]

function isClaude(told: Told): boolean {
  const deployment = deploymentNamed(deploymentOf(told) ?? '', told.facts.deployments)
  return deployment !== undefined && isAnthropic(deployment.modelFormat)
}

function whyNotLive(told: Told): string {
  if (canNeverBecomeLive(told)) return whyDenied(told)
  const { settings } = told.facts
  const seconds = settings === undefined ? undefined : settings.waiting.propagationTimeoutMs / 1000
  return paragraph(
    `The role assignment was made by this run, and the model still denied the call ${seconds === undefined ? 'at the end' : `after ${seconds} s`}.`,
    'Azure speaks of up to ten minutes, and of hours where the assignment is at a management group.',
    whatWasMissing(told),
  )
}

function triedAudiences(told: Told): string {
  const route = refusedRoute(told)
  return route === undefined ? '' : `Known for this route are ${route.audiences.join(' and ')}.`
}

/** An address is let in only where public access is on at all. */
function networkFixes(told: Told): Fix[] {
  const values = valuesOf(told)
  const look = bash(
    'See the rules',
    azLine('cognitiveservices account show', {
      ...accountOptions(values),
      query: '{publicNetworkAccess:properties.publicNetworkAccess, rules:properties.networkAcls}',
    }),
  )
  const letIn = bash(
    "Let the runner's address in (of a runner whose address stays)",
    azLine('cognitiveservices account network-rule add', {
      ...accountOptions(values),
      'ip-address': '<RUNNER-IP>',
    }),
  )
  const inside = advice(
    'Run the job on a runner inside the network: self-hosted, or a hosted runner with a private network.',
    'Or go inside',
  )
  return told.facts.account?.publicNetworkAccess === 'Disabled' ? [inside, look] : [look, letIn, inside]
}

function namedDeployments({ facts }: Told): Fix[] {
  const [first] = facts.deployments ?? []
  return first === undefined ? [] : [inputs('Name one that there is', { deployments: first.name })]
}
