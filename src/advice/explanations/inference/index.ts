import { roleCovers } from '../../../azure/rbac/built-in-roles.ts'
import { statusLine } from '../../../core/failures/failure.ts'
import { inWords } from '../../../core/text/duration.ts'
import { endInWords } from '../../../gate/retirement.ts'
import { isAnthropic } from '../../../services/inference/model-kind.ts'
import { tookToken } from '../../../services/inference/smoke-call.ts'
import { accountOptions, azLine, bash, grantFixes, grantOf, inputs, show, takeTurns } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from '../explanation.ts'
import { fixesOfForeignEndpoint, whereItCounts } from '../foreign-endpoint.ts'
import { deniedDataAction, valuesOf } from '../values.ts'
import { besideCalls, whatShows, whyNotShown } from './beside-calls.ts'
import {
  canNeverBecomeLive,
  denyAssignmentFixes,
  fixesOfDenial,
  showEndpoints,
  waitLonger,
  whatWasMissing,
  whyDenied,
} from './denial.ts'
import {
  fixesOfNotFound,
  fixesOfNotReady,
  fixesOfRetired,
  listDeployments,
  listModelResources,
  otherKindOfResource,
  retirementIn,
  stateOfDeployment,
  whyNotFound,
} from './deployments.ts'
import {
  fixesOfGateway,
  gatewayOf,
  isAtGateway,
  whereBehindGateway,
  whyTokenNotAccepted,
} from './gateways.ts'
import { anotherApi, modelOf, otherApis, refusedCall, refusedRoute } from './other-apis.ts'

const whoseSubscription = (told: ExplainContext) =>
  show('See which tenant the resource is in', 'account show', {
    subscription: valuesOf(told).subscriptionId,
    query: '{name:name, tenantId:tenantId}',
  })

function calledAt(told: ExplainContext): string {
  const route = refusedCall(told)?.route
  if (route === undefined) return ''
  return severalRoutes(told) || `The call went to ${route.deployment} by ${route.api}, at ${route.url}.`
}

/** What each route of the API said, where more than one was called; which of them takes a token differs. */
function severalRoutes(told: ExplainContext): string {
  const refused = refusedCall(told)
  const { route, elsewhere = [] } = refused ?? {}
  if (refused === undefined || route === undefined || elsewhere.length === 0) return ''
  const asked = [route.url, ...(route.otherPlaces ?? []).map(({ url }) => url)]
  const answers = asked.map(url => {
    const { failure } = elsewhere.find(other => other.url === url) ?? refused
    const took = tookToken(failure) ? 'took the token' : 'did not take the token'
    return `${url} ${took} and said ${statusLine(failure.said) || failure.code}`
  })
  return `The call went to ${route.deployment} by ${route.api}, which has more than one route: ${answers.join('; ')}.`
}

const accessIsFine = 'Access itself is fine: Azure checks it first.'
const statusPage = advice('Run the job again. If it persists, look at https://azure.status.microsoft.')

export const inferenceExplanations: Explanations<'inference'> = {
  'access-denied': {
    title: 'The model denies the pipeline access',
    titleBeside: 'The pipeline lacks what it is to do besides the calls',
    about: paragraph(
      'The principal lacks the data action that the call needs. The run reads the denial together with the roles that it can see: whether the role is missing, too young, held through a group, one that covers other operations, one that only administers (Owner, Contributor), assigned to another object id, held on a project instead of the account, or overruled by a deny assignment.',
      'A missing role is a 401 here, not a 403.',
      'If a right in `also` is missing, the code is the same: the run judges it by the roles if no call shows it.',
    ),
    why: whyDenied,
    unlike:
      'A token that is not accepted is `token-audience-rejected` or `token-not-accepted`; network rules are `network-blocked`; a role that this run granted is `access-not-propagated`. A denial never says whether the role is missing or not live yet: only the age of the assignment shows that.',
    fixes: fixesOfDenial,
  },
  'access-not-propagated': {
    title: 'The role is granted, but was not live in time',
    titleBeside: 'The role is there, but nothing shows that it is live',
    about:
      'The run granted the role, but the model still denied the call when `propagation-timeout` was over. Microsoft says up to ten minutes, and hours for an assignment at a management group. Or a role that is not half an hour old gives what `also` asks for, and every answered call depends on another role: then nothing shows that the new role is live.',
    why: whyNotLive,
    unlike:
      'The assignment exists: granting it again changes nothing. If the role did not cover the call at all, the explanation would say so.',
    fixes: told =>
      besideCalls(told) !== undefined
        ? whatShows(told)
        : canNeverBecomeLive(told)
          ? fixesOfDenial(told)
          : [...fixesOfForeignEndpoint(told), ...waitLonger(told)],
  },
  'access-unexplained': {
    title: 'The calls are answered, but perhaps because of a right that was removed',
    about:
      'The models answer, although no role that existed before the first call allows it, or a deny assignment forbids it. Replicas honour a right for up to five minutes after it was removed, and `propagation-timeout` ended before that. So an answer proves nothing: the deploy could be denied a minute later.',
    why: ({ record }) => {
      const [deny] = record.deniedBy ?? []
      if (deny !== undefined)
        return `The deny assignment "${deny.name}" at ${deny.scope} forbids the calls, and wins over every role. If it was made a moment ago, access ends within minutes.`
      return record.roleState === 'granted'
        ? 'The models answered before this run granted the role. Until an older role has lapsed everywhere, nobody can tell which of the two they answer by.'
        : `No role of ${valuesOf({ record }).principalId} that Resource Manager lists gives the right to the calls, and this run may not grant one. If a role was taken away a moment ago, access ends within minutes.`
    },
    unlike: 'Once the calls are denied, the code is `access-denied`. No call was denied in this run.',
    fixes: told => [...fixesOfUnexplained(told), ...waitLonger(told)],
  },
  'token-audience-rejected': {
    title: 'The endpoint does not accept the audience of the token',
    why: told =>
      paragraph(
        told.failure.details?.audience === undefined
          ? 'The endpoint did not say which audience it wants.'
          : `The endpoint wants a token for ${told.failure.details.audience}.`,
        triedAudiences(told),
        cloudOfAudience(told) === undefined
          ? 'Audiences of other clouds are never tried.'
          : `That is an audience of ${cloudOfAudience(told)}; this run is for ${told.record.settings?.cloud.name ?? 'another cloud'}.`,
      ),
    unlike:
      'An expired token or a wrong clock looks the same; a missing role does not: that is `access-denied`.',
    fixes: told => [
      ...cloudFix(told),
      showEndpoints(told),
      advice(
        'Check that `cloud` is the cloud of the resource, and that `endpoint`, if given, is its inference endpoint and not that of another service.',
      ),
    ],
  },
  'token-not-accepted': {
    title: 'The endpoint did not accept the token',
    about:
      'This 401 is not about roles: the endpoint does not belong to the resource, or a gateway refused the call. If a gateway requires its own key, this action cannot call it, because it sends no key. If a gateway checks tokens for its own audience, set `token-audience`.',
    why: told => paragraph(whyTokenNotAccepted(told), calledAt(told)),
    unlike:
      'A missing role is `access-denied`; a wrong audience is `token-audience-rejected`. A gateway that removes the Authorization header looks the same as this.',
    fixes: told =>
      isAtGateway(told)
        ? fixesOfGateway(told)
        : [
            showEndpoints(told),
            advice(
              "Remove `endpoint`, so that the gate asks Resource Manager for it; or set it to the resource's own host, with its custom subdomain.",
            ),
          ],
  },
  'tenant-mismatch': {
    title: 'The resource belongs to another tenant',
    why: told =>
      `The token is of tenant ${valuesOf(told).tenantId}, and a token of one tenant cannot call a resource of another.`,
    unlike: 'If Resource Manager is asked first, the code is `resource-manager-token-rejected`.',
    fixes: told => [
      whoseSubscription(told),
      advice('Set `tenant-id` and `client-id` to an identity of the tenant that the resource is in.'),
    ],
  },
  'custom-subdomain-missing': {
    title: 'The resource has no custom subdomain, so it takes no Entra tokens',
    why: () =>
      'Entra tokens are accepted only at hosts such as NAME.openai.azure.com; the regional endpoint takes keys only. You cannot change a custom subdomain once it is set.',
    unlike: 'Neither a role nor waiting helps here.',
    fixes: told => {
      const known = told.record.account
      // The resource has one: it was the endpoint that was named that has none.
      if (known?.hasCustomSubdomain) {
        const { openAI: endpoint } = known.endpoints
        return [
          inputs("Name the resource's own host, or leave `endpoint` out", { endpoint }),
          showEndpoints(told),
        ]
      }
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
    title: 'The endpoint got a key but accepts none',
    why: () =>
      'The resource refuses keys, as expected, and says that it got one. This action sent a token, so something between runner and resource, such as a gateway, adds a key.',
    unlike: 'A refused token is `token-not-accepted` or `token-audience-rejected`.',
    fixes: told => [
      showEndpoints(told),
      advice(
        "Set `endpoint` to the resource's own host, or have the gateway pass the Authorization header on and add no api-key.",
      ),
    ],
  },
  'network-blocked': {
    title: 'Network rules keep the runner out',
    about:
      'Either the resource accepts only certain networks and addresses, or none but its private endpoint; or Resource Manager does, in a tenant that reaches it over private link only.',
    why: ({ record, failure }) =>
      failure.details?.keptFrom === 'resource-manager'
        ? 'Resource Manager itself refuses the call: this tenant has associated private links with it and has switched public access off, and the call came over the internet. The rules of the resource are another matter.'
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
  'deployment-not-found': {
    title: 'The resource has no such deployment',
    about:
      'Give the name of the deployment, not that of the model. A deployment that was created in the last five minutes may not be known everywhere yet.',
    why: told => paragraph(whyNotFound(told), severalRoutes(told)),
    unlike:
      'A host that does not know the path is `endpoint-not-found`; a deployment that is listed but does not answer, `deployment-not-ready`.',
    fixes: fixesOfNotFound,
  },
  'deployment-not-ready': {
    title: 'The deployment is listed but does not answer (yet, or any more)',
    about:
      'Resource Manager lists the deployment, but the data plane does not know it: it is still being created, it failed, it was switched off, or the endpoint does not lead to it.',
    why: told => paragraph(stateOfDeployment(told), calledAt(told)),
    unlike:
      'A name that is not listed is `deployment-not-found`. The run waits for a deployment that is only minutes old.',
    fixes: fixesOfNotReady,
  },
  'model-retired': {
    title: 'The model of the deployment is retired',
    about:
      'Azure took the model, or this version of it, out of service. The deployment is still listed, but nothing answers. Either the service says so; or the call fails like calls of retired models (404, or an operation that the model does not support), and the day that Resource Manager lists for the model has passed. After such a failure the run waits for that list, for at most one `request-timeout`.',
    why: told => {
      const model = modelOf(told)
      const retirement = retirementIn(told)
      return paragraph(
        'Azure took the model, or this version of it, out of service.',
        model && `${valuesOf(told).deployment} is a deployment of ${model.name}.`,
        retirement && endInWords(retirement),
        accessIsFine,
      )
    },
    unlike: 'A model that serves another API is `operation-unsupported`.',
    fixes: told => [...fixesOfRetired(told), listDeployments(told)],
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
  'operation-unsupported': {
    title: 'The model does not serve this API',
    why: told =>
      paragraph(
        'The deployment exists, but its model does not serve this kind of call.',
        calledAt(told),
        accessIsFine,
      ),
    unlike:
      'A missing path is `endpoint-not-found`; a parameter that the model does not take, `parameter-unsupported`.',
    fixes: told => [...otherApis(told), listDeployments(told)],
  },
  'api-version-unsupported': {
    title: 'The endpoint does not take this API version',
    why: told => paragraph('The resource does not know this route in this version.', calledAt(told)),
    unlike: 'An API that the model does not serve is `operation-unsupported`.',
    fixes: told => [
      ...anotherApi('Use an API that needs no version', told, 'chat-completions', 'responses'),
      advice('Set `api-version` to the version that your own calls use.', 'Or'),
      showEndpoints(told),
    ],
  },
  'parameter-unsupported': {
    title: 'The model does not take the request as it is',
    about:
      'The model refuses a parameter, or its value. The gate adapts by itself if the refusal is about the name or the size of the token budget.',
    why: told =>
      paragraph(
        adaptationsOf(told).length === 0
          ? 'The model refused a parameter, or its value, and the gate knows no other way to ask.'
          : `The gate adapted the request to what the model asked for (${adaptationsOf(told).join('; ')}), and the model refused it again.`,
        told.failure.details?.parameter && `The parameter is ${told.failure.details.parameter}.`,
        accessIsFine,
      ),
    unlike: 'An API that the model does not serve at all is `operation-unsupported`.',
    fixes: told => [
      ...moreRoom(told),
      ...anotherApi('Use another API', told, 'responses', 'chat-completions'),
      advice(
        "The model needs requests in its own form: prove access with another deployment of the resource, and look up the parameters in the vendor's documentation.",
        'If none of these helps',
      ),
    ],
  },
  'content-filtered': {
    title: 'The content filter stopped the smoke call',
    why: () => `It stopped the prompt or the answer. ${accessIsFine}`,
    unlike: 'An answer that does not match `expect` is `answer-unexpected`.',
    fixes: told => [
      inputs('Ask something simpler', { prompt: 'Answer with the one word ready.' }),
      inputs('Ask something else', { prompt: 'What is two plus two?' }),
      show('See which filter the deployment has', 'cognitiveservices account deployment show', {
        ...accountOptions(valuesOf(told)),
        'deployment-name': valuesOf(told).deployment,
        query: '{filter:properties.raiPolicyName}',
      }),
    ],
  },
  'inference-throttled': {
    title: 'The deployment throttles its callers',
    why: told =>
      paragraph(
        gatewayOf(told) === undefined
          ? `The quota of ${valuesOf(told).deployment} was used up for longer than this run waits.`
          : `It is ${gatewayOf(told)} that throttles: what it gives this caller was used up for longer than this run waits. The deployment itself was not asked.`,
        told.failure.retryAfterMs === undefined
          ? undefined
          : `It asks to be left alone for ${inWords(told.failure.retryAfterMs)}.`,
        'That is not a denial, but it does not prove access either.',
      ),
    unlike: 'A denial is `access-denied`; a service that is down, `inference-unavailable`.',
    fixes: told => [
      ...whereBehindGateway(
        told,
        gateway => `Raise what ${gateway} gives this caller, or run the job again when the period is over.`,
      ),
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
    title: 'The inference endpoint did not answer as expected',
    why: told =>
      paragraph(
        isClassicForOthers(told)
          ? 'The classic route serves the models of OpenAI only, and answers for the model of another maker with a failure of its own.'
          : 'It failed several times, with an error of its own.',
        calledAt(told),
      ),
    unlike:
      'Refusals (400 to 499) have their own codes; an answer that is not from the model is `answer-invalid`.',
    fixes: told => [
      ...(isClassicForOthers(told)
        ? anotherApi('Call it by a route for models of every maker', told, 'models', 'chat-completions')
        : []),
      statusPage,
    ],
  },
  'inference-rejected': {
    title: 'The inference endpoint refused the call',
    why: told =>
      paragraph('This action does not know the reason: see what the service said.', calledAt(told)),
    unlike: 'Refusals with a known cause have their own codes.',
    fixes: told => [
      advice('Look at what the service said, and at the inputs `api` and `endpoint`.'),
      showEndpoints(told),
    ],
  },
  'answer-invalid': {
    title: 'The endpoint answered, but not with an answer of the model',
    why: told =>
      paragraph(
        'The status is success, but the reply is not one that this API has just made: something between runner and service may have answered instead.',
        calledAt(told),
      ),
    unlike: 'A real answer that does not match `expect` is `answer-unexpected`.',
    fixes: told => [
      advice('Look at the reply, and look for a proxy or a gateway between runner and service.'),
      advice(
        'If a gateway or a cache on the way answers from memory, exempt this call: a remembered answer shows nothing about access now.',
        'Or',
      ),
      showEndpoints(told),
    ],
  },
  'answer-unexpected': {
    title: 'The model answered, and the answer does not match `expect`',
    why: () =>
      'Access works; only the text of the answer differs from what `expect` wants. Models do not always use the same words.',
    unlike: 'An answer that the content filter stopped is `content-filtered`.',
    fixes: () => [
      inputs('Ask for one word, and accept it capitalised or not', {
        prompt: 'Answer with the one word ready.',
        expect: '[Rr]eady',
      }),
      advice('Leave `expect` out: proof of access does not need it.', 'Or'),
    ],
  },
}

/** What the run changed about its request, before it was refused for good. */
function fixesOfUnexplained({ record }: ExplainContext): Fix[] {
  const values = valuesOf({ record })
  if ((record.deniedBy ?? []).length > 0) return denyAssignmentFixes(values)
  return record.roleState === 'granted' ? [] : grantFixes(grantOf(values))
}

const adaptationsOf = (told: ExplainContext) => refusedCall(told)?.adaptations ?? []

function moreRoom({ failure }: ExplainContext): Fix[] {
  const isAboutBudget =
    /tokens/.test(failure.details?.parameter ?? '') || /output limit/i.test(failure.said.message)
  return (isAboutBudget ? ['2048', '4096'] : []).map(tokens =>
    inputs('Give the model more room', { 'max-output-tokens': tokens }),
  )
}

const classicFailure = /backend returned unexpected response/i

function isClassicForOthers(told: ExplainContext): boolean {
  const format = modelOf(told)?.format
  const isOther = format === undefined ? classicFailure.test(told.failure.said.message) : format !== 'OpenAI'
  return refusedRoute(told)?.api === 'azure-openai' && isOther && !isAnthropic(format)
}

/** The cloud that an audience belongs to; undefined for those of this run's own. */
function cloudOfAudience({ record, failure }: ExplainContext): string | undefined {
  const audience = failure.details?.audience ?? ''
  const named = clouds.find(({ suffix }) => suffix.test(audience))?.name
  return named === record.settings?.cloud.name ? undefined : named
}

const clouds = [
  { name: 'AzureUSGovernment', suffix: /\.us\b/ },
  { name: 'AzureChinaCloud', suffix: /\.cn\b/ },
]

function cloudFix(told: ExplainContext): Fix[] {
  const cloud = cloudOfAudience(told)
  return cloud === undefined ? [] : [inputs('Name the cloud of the resource', { cloud })]
}

function coversCall(told: ExplainContext): boolean {
  const dataAction = deniedDataAction(told)
  if (dataAction === undefined) return false
  return told.record.coverage === 'sufficient' || roleCovers(valuesOf(told).role.guid, dataAction) === true
}

function whyNotLive(told: ExplainContext): string {
  if (besideCalls(told) !== undefined) return whyNotShown(told)
  if (canNeverBecomeLive(told)) return whyDenied(told)
  const waitedMs = told.record.settings?.waiting.propagationTimeoutMs
  return paragraph(
    `This run made the role assignment, and the model still denied the call ${waitedMs === undefined ? 'at the end' : `after ${inWords(waitedMs)}`}.`,
    coversCall(told)
      ? `${valuesOf(told).role.name} covers the call (${deniedDataAction(told)}): only time is missing.`
      : whatWasMissing(told),
    'Azure speaks of up to ten minutes, and of hours for an assignment at a management group.',
    whereItCounts(told),
  )
}

function triedAudiences(told: ExplainContext): string {
  const route = refusedRoute(told)
  return route === undefined ? '' : `This run tried ${route.audiences.join(' and ')}.`
}

const runInside =
  'Run the job on a runner inside the network: self-hosted, or a hosted runner with a private network.'

function managementNetworkFixes(): Fix[] {
  return [
    advice(`${runInside} Its DNS has to resolve the host of Resource Manager to the private endpoint.`),
    advice(
      'If this runner reaches the models all the same, give `endpoint` and `deployments` without a resource: the gate then asks Resource Manager nothing, and proves the calls alone.',
      'Or prove the calls alone',
    ),
  ]
}

/** An address is let in only where public access is on at all. */
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
