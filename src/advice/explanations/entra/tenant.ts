import { shellWord } from '../../../core/text/untrusted.ts'
import { bash, inputs, registerProvider, show } from '../commands.ts'
import { advice, type ExplainContext, type Explanations, paragraph } from '../explanation.ts'
import { valuesOf } from '../values.ts'

const ofWhichCloud = (told: ExplainContext) => {
  const { tenantId } = valuesOf(told)
  return bash(
    'See which cloud the tenant belongs to (tenant_region_scope, cloud_instance_name)',
    `curl --silent ${shellWord(`https://login.microsoftonline.com/${tenantId}/v2.0/.well-known/openid-configuration`)}`,
  )
}

/** Error numbers of a tenant that exists but is disabled. */
const isBlockedTenant = ({ failure }: ExplainContext) =>
  /^AADSTS50002(24|25|29)$/.test(failure.said.serviceCode ?? '')

const reactivate = advice(
  'Only Microsoft can open it again: a global administrator of the tenant, or the owner of its billing account, asks Azure support (portal.azure.com › Help + support, signed in to another tenant if need be).',
)

const ownTenants = show('Find the tenant id of your subscription, for `tenant-id`', 'account list', {
  query: '[].{name:name, subscription:id, tenantId:tenantId, state:state}',
})

export const tenantExplanations = {
  'tenant-not-found': {
    title: 'There is no such tenant',
    about:
      'Entra does not know the tenant id, or does not serve it any more. The usual mistake is a subscription id or client id instead of the tenant id. A deleted or blocked tenant looks nearly the same.',
    why: told => {
      const { tenantId, authorityHost } = valuesOf(told)
      if (isBlockedTenant(told))
        return `Microsoft has blocked the tenant ${tenantId}: a trial that ended, an unpaid bill, or abuse. Nobody can sign in there, whatever the identity.`
      return `${authorityHost} does not know the tenant ${tenantId}. The usual mistake is a subscription id or client id in its place; a tenant that was deleted or blocked looks the same.`
    },
    unlike: 'A tenant of another cloud is sometimes reported as `wrong-cloud`, and sometimes as this.',
    fixes: told => (isBlockedTenant(told) ? [reactivate, ownTenants] : [ownTenants, ofWhichCloud(told)]),
  },
  'tenant-restricted': {
    title: "The runner's network blocks sign-ins to this tenant",
    why: told =>
      `Something between the runner and the internet (a proxy, Global Secure Access) marks every sign-in with a list of allowed tenants, and ${valuesOf(told).tenantId} is not on it. That is a rule of the network, not of the tenant or the identity.`,
    unlike:
      'A policy of the tenant itself is `conditional-access-blocked`. This code does not occur on a hosted runner.',
    fixes: told => [
      advice(
        `Ask the people who run the network to add the tenant ${valuesOf(told).tenantId} to the tenant restrictions policy; or run the job on a runner outside that network.`,
      ),
    ],
  },
  'wrong-cloud': {
    title: 'The tenant belongs to another cloud',
    why: told => {
      const { tenantId, authorityHost } = valuesOf(told)
      return `${authorityHost} does not serve the tenant ${tenantId}.`
    },
    unlike: 'A tenant that exists nowhere is `tenant-not-found`.',
    fixes: told => [
      ofWhichCloud(told),
      inputs('Name its cloud: AzureCloud, AzureUSGovernment or AzureChinaCloud', {
        cloud: told.record.settings?.cloud.name === 'AzureUSGovernment' ? 'AzureCloud' : 'AzureUSGovernment',
      }),
    ],
  },
  'conditional-access-blocked': {
    title: 'A Conditional Access policy blocks this sign-in',
    why: told =>
      `The credential matched, but a policy stopped the sign-in of ${valuesOf(told).clientId}. Such policies usually allow certain networks only, and the addresses of hosted runners change.`,
    unlike:
      'It has nothing to do with federated credentials or roles. Managed identities are not subject to such policies.',
    fixes: told => [
      advice(
        `Ask the tenant's administrators for an exception for ${valuesOf(told).clientId}, or run the job on a runner inside the allowed network. They find the policy by its id, if Entra told it (below, among the ids for support), or by the correlation id, under Sign-in logs › Service principal sign-ins › Conditional Access.`,
      ),
    ],
  },
  'token-scope-invalid': {
    title: 'The tenant does not know the service that the token is for',
    why: ({ record }) =>
      paragraph(
        record.settings?.smoke.tokenAudience === undefined
          ? 'In a tenant that never used Azure AI services, their service principal is missing.'
          : 'No application of the tenant has that Application ID URI; or it has no service principal there.',
        record.settings && `Tokens were asked for ${audiencesOf(record.settings).join(' and ')}.`,
      ),
    unlike: 'Entra accepted client id and credential: the problem is only what the token is for.',
    fixes: told => {
      const { subscriptionId } = valuesOf(told)
      const { tokenAudience } = told.record.settings?.smoke ?? {}
      if (tokenAudience !== undefined)
        return [
          show('See whether the tenant has it', 'ad sp show', {
            id: tokenAudience,
            query: '{name:displayName, appId:appId, objectId:id}',
          }),
          advice(
            "Set `token-audience` to the Application ID URI of the gateway's app registration, or to its client id.",
          ),
        ]
      return [
        registerProvider('Register the resource provider, which adds the service principal', {
          subscriptionId,
        }),
        advice(
          'Check the inputs `cloud`, `authority-host` and `tenant-id`: they may belong to different clouds.',
          'Otherwise',
        ),
      ]
    },
  },
} satisfies Partial<Explanations<'entra'>>

function audiencesOf({ cloud, smoke }: NonNullable<ExplainContext['record']['settings']>): string[] {
  return smoke.tokenAudience === undefined
    ? [cloud.resourceManager.audience, cloud.inferenceAudiences.cognitiveServices]
    : [smoke.tokenAudience]
}
