import * as v from 'valibot'
import { principalTypes } from '../../azure/rbac/principal.ts'
import { grants, keyAccessPolicies, runtimeUnknownPolicies, severities } from '../../gate/settings.ts'
import { apis } from '../../services/inference/apis/choices.ts'
import { about, seconds, text, textOrNull } from './fields.ts'

/** Fields about the inputs and the workflow run. */

export const run = v.strictObject({
  repository: textOrNull('`owner/name` of the repository.'),
  workflow: textOrNull('Name of the workflow.'),
  workflowRef: textOrNull('`owner/name/path@ref` of the workflow.'),
  job: textOrNull('Id of the job.'),
  runId: textOrNull('Id of the run.'),
  runAttempt: textOrNull('Attempt of the run, from 1.'),
  url: textOrNull('Page of the run.'),
  event: textOrNull('Event that started the run.'),
  actor: textOrNull('Who started the run.'),
  commit: textOrNull('Commit of the run (`GITHUB_SHA`).'),
  ref: textOrNull('Branch or tag of the run (`GITHUB_REF`).'),
})

export const settings = v.strictObject({
  clientId: text('`client-id`.'),
  tenantId: text('`tenant-id`.'),
  setupClientId: textOrNull('`setup-client-id`.'),
  assertionAudience: text('`audience`, or the default of the cloud.'),
  authorityHost: text('Entra authority that issued the tokens.'),
  resourceManagerEndpoint: text('Resource Manager endpoint.'),
  role: text('`role`, a name, a GUID or `auto`.'),
  grant: about(v.picklist(grants), '`grant`.'),
  grantee: about(
    v.nullable(
      v.strictObject({
        principalId: text('`principal-id`.'),
        principalType: about(v.picklist(principalTypes), '`principal-type`.'),
      }),
    ),
    "Who the role is for; null: the pipeline's own service principal.",
  ),
  revoke: about(v.boolean(), '`revoke`.'),
  also: about(v.array(v.string()), '`also`, line by line.'),
  runtimePrincipals: about(
    v.array(
      v.strictObject({
        id: text('The id, as given.'),
        deployments: about(v.array(v.string()), 'Its deployments; empty: the same as the pipeline.'),
        role: textOrNull('Its role, a name or a GUID; null: the one in `role`.'),
      }),
    ),
    '`runtime-principals`.',
  ),
  runtimeUnknown: about(v.picklist(runtimeUnknownPolicies), '`runtime-unknown`.'),
  keyAccess: about(v.picklist(keyAccessPolicies), '`key-access`.'),
  retiredKey: about(v.boolean(), 'Whether a `retired-key` was given. The key itself is never written.'),
  failOn: about(v.nullable(v.picklist(severities)), '`fail-on`, if given.'),
  exportEnvironment: about(v.boolean(), '`export-environment`.'),
  deployments: about(
    v.array(
      v.strictObject({
        name: text('Name of the deployment.'),
        api: about(v.nullable(v.picklist(['auto', ...apis])), 'Its own API; null: the one in `api`.'),
      }),
    ),
    '`deployments`. Empty: the gate chose one (`chosenDeployment`).',
  ),
  api: about(v.picklist(['auto', ...apis]), '`api`.'),
  tokenAudience: textOrNull('`token-audience`, if given.'),
  apiVersion: textOrNull('`api-version`, if given.'),
  prompt: text('`prompt`, cut to 200 characters.'),
  maxOutputTokens: about(v.number(), '`max-output-tokens`.'),
  expect: textOrNull('`expect`.'),
  probeUrl: textOrNull('`probe-url`, without its query.'),
  probeExpect: textOrNull('`probe-expect`.'),
  propagationTimeoutSeconds: seconds('`propagation-timeout`.'),
  consecutiveSuccesses: about(v.number(), '`consecutive-successes`.'),
  requestTimeoutSeconds: seconds('`request-timeout`.'),
  modelDaysLeft: about(v.nullable(v.number()), '`model-days-left`, if given.'),
})

export const target = v.strictObject({
  kind: about(
    v.picklist(['resource', 'endpoint']),
    '`endpoint`: no resource was named or found, so the gate only made the smoke call.',
  ),
  resourceId: textOrNull('ARM id of the account, or of its project if one was named.'),
  resource: about(
    v.nullable(
      v.strictObject({
        subscriptionId: text('Subscription.'),
        resourceGroup: text('Resource group.'),
        account: text('Name of the account.'),
        project: textOrNull('Name of the project, if one was named.'),
      }),
    ),
    'The same id in parts.',
  ),
  endpoint: textOrNull('`endpoint`, if given.'),
  endpointIsOwn: about(
    v.nullable(v.boolean()),
    'Whether the calls go to a host that Resource Manager names for the account or its project, as they always do without `endpoint`. False: to a gateway, or to another resource. Null: the account was not read.',
  ),
  search: about(
    v.nullable(v.picklist(['found', 'none', 'several', 'forbidden', 'unfinished'])),
    'Result of the search for the resource by the host of `endpoint`. `found`: exactly one of the readable accounts has the host. `none`, `several`: none of them has it, or several. `forbidden`: the accounts cannot be read. `unfinished`: the run ended before. Null: the inputs name the resource, or no subscription.',
  ),
})
