import { accountOptions, azLine, bash, inputs, whoseSubscription } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from '../explanation.ts'
import { valuesOf } from '../values.ts'
import { showEndpoints } from './denial.ts'
import { fixesOfGateway, isAtGateway, whyTokenNotAccepted } from './gateways.ts'
import { calledAt, refusedRoute } from './refused-call.ts'

export const tokenExplanations = {
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
      whoseSubscription(valuesOf(told), 'See which tenant the resource is in'),
      advice('Set `tenant-id` and `client-id` to an identity of the tenant that the resource is in.'),
    ],
  },
  'custom-subdomain-missing': {
    title: 'The resource has no custom subdomain, so it accepts no Entra tokens',
    why: () =>
      'Entra tokens are accepted only at hosts such as NAME.openai.azure.com; the regional endpoint takes keys only. You cannot change a custom subdomain once it is set.',
    unlike: 'Neither a role nor waiting helps here.',
    fixes: told => {
      const known = told.record.account
      // The resource has a custom subdomain, but the `endpoint` in the inputs does not use it.
      if (known?.hasCustomSubdomain) {
        const { openAI: endpoint } = known.endpoints
        return [
          inputs("Name the resource's own host, or leave `endpoint` out", { endpoint }),
          showEndpoints(told),
        ]
      }
      const values = valuesOf(told)
      const { account } = values
      const subdomain = account.startsWith('<')
        ? '<SUBDOMAIN>'
        : account.toLowerCase().replace(/[^a-z0-9-]/g, '-')
      return [
        bash(
          'Set one; the name must be free in all of Azure',
          azLine('cognitiveservices account update', {
            ...accountOptions(values),
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
} satisfies Partial<Explanations<'inference'>>

/** The cloud that an audience belongs to; undefined for audiences of this run's cloud. */
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

function triedAudiences(told: ExplainContext): string {
  const route = refusedRoute(told)
  return route === undefined ? '' : `This run tried ${route.audiences.join(' and ')}.`
}
