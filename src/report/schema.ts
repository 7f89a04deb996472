import * as v from 'valibot'
import { findingIds } from '../advice/findings/finding.ts'
import { roleStates } from '../azure/rbac/assignment.ts'
import { principalTypes } from '../azure/rbac/principal.ts'
import { type DiagnosisCode, diagnosisCodes } from '../core/failures/codes.ts'
import { grants, keyAccessPolicies, runtimeUnknownPolicies, severities } from '../gate/settings.ts'
import { apis, routeApis } from '../services/inference/apis/index.ts'

/**
 * The JSON report. This schema is its only source: the type that `reportDocument` returns, docs/report.schema.json and the
 * table in docs/report.md all come from it. Nothing of it is needed at run time.
 */

const codes: readonly DiagnosisCode[] = Object.values(diagnosisCodes).flat()

const about = <T extends v.GenericSchema>(schema: T, description: string) =>
  v.pipe(schema, v.description(description))
const text = (description: string) => about(v.string(), description)
const textOrNull = (description: string) => about(v.nullable(v.string()), description)
const seconds = (description: string) => about(v.pipe(v.number(), v.minValue(0)), description)
const instant = (description: string) => about(v.pipe(v.string(), v.isoTimestamp()), description)

const fix = v.strictObject({
  title: text('What the fix does.'),
  language: about(v.picklist(['bash', 'yaml', 'bicep', 'text']), 'What `text` is written in.'),
  text: text("The fix, with the run's own values in it."),
})
const fixes = about(v.array(fix), 'What to do, most likely first.')

const principal = v.strictObject({
  objectId: text('Object id of the service principal: the `oid` of its access token.'),
  tenantId: text('Its tenant: the `tid`.'),
  clientId: textOrNull('Client id of its application or managed identity.'),
  managedIdentity: textOrNull('Resource id of the managed identity, if it is one.'),
})

const diagnosis = v.strictObject({
  code: about(v.picklist(codes), 'The diagnosis code; docs/diagnosis.md lists them.'),
  title: text('What failed, as a headline.'),
  doing: text('What the gate was doing when it failed.'),
  said: about(
    v.strictObject({
      status: about(v.optional(v.number()), 'HTTP status; absent if there was no reply.'),
      serviceCode: about(v.optional(v.string()), "The service's own error code, such as AADSTS700213."),
      message: text('The message, shortened.'),
      by: about(
        v.optional(v.string()),
        'Who said it, if it was not the service but something in between, such as `an API Management gateway`.',
      ),
      ids: about(
        v.record(v.string(), v.string()),
        "Ids, by header, with which the service's support finds the request.",
      ),
      host: about(
        v.optional(v.string()),
        'The host that was called, if no reply came, or none from that host.',
      ),
    }),
    'What the service said.',
  ),
  why: text('Why this is the most likely cause.'),
  comparison: about(
    v.optional(
      v.array(
        v.strictObject({
          claim: text('Which part of the token: `issuer`, `subject` or `audience`.'),
          presented: text('What this run presents.'),
          expected: about(
            v.optional(v.string()),
            'What a federated credential expects, in words, if it is known; absent: exactly the same text.',
          ),
        }),
      ),
    ),
    'What the run presented next to what is expected; absent if nothing was compared.',
  ),
  unlike: about(v.optional(v.string()), 'How to distinguish it from causes that look alike.'),
  fixes,
  docs: text('Where the code is documented.'),
})

const finding = v.strictObject({
  id: about(v.picklist(findingIds), 'Name of the finding.'),
  severity: about(
    v.picklist(severities),
    '`high`: access is not key-less. `medium`: more rights than the calls need. `low`: worth knowing.',
  ),
  title: text('The finding, as a headline.'),
  detail: text("The finding with the run's own values."),
  fixes,
})

const run = v.strictObject({
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

const settings = v.strictObject({
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

const target = v.strictObject({
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

const model = v.strictObject({
  deployment: text('Name of the deployment.'),
  format: textOrNull('Format of its model, such as OpenAI.'),
  model: textOrNull('Name of its model.'),
  version: textOrNull('Version of its model.'),
  sku: textOrNull('SKU of the deployment: a model may retire on a different day in each.'),
  lifecycle: textOrNull('Lifecycle stage of the model, as Azure names it.'),
  retiresAt: about(
    v.nullable(v.pipe(v.string(), v.isoTimestamp())),
    'When the model stops answering, UTC; null: no day is set, or the day is not known (`unknown`).',
  ),
  daysLeft: about(
    v.nullable(v.number()),
    "Whole days until then, by Resource Manager's clock; negative if the day has passed.",
  ),
  upgrade: textOrNull('What Azure does with the deployment then: its `versionUpgradeOption`.'),
  unknown: textOrNull('Why the day is not known; null if it is known, or if none is set.'),
})

const smoke = v.strictObject({
  deployment: text('Name of the deployment.'),
  api: about(
    v.picklist(routeApis),
    'API of the call. `agent-list` calls no deployment: it lists the agents of the project, for `also`.',
  ),
  url: text('Where the call went.'),
  dataAction: text('Data action that the call needs.'),
  adaptations: about(v.array(v.string()), 'What the gate had to change in the call for this model.'),
  outcome: about(v.picklist(['ok', ...codes]), '`ok`, or the code of the refusal.'),
  audience: textOrNull('Audience of the accepted token; null if the call was refused.'),
  latencyMs: about(v.nullable(v.number()), 'Milliseconds from request to answer.'),
  model: textOrNull('Model and version, as in the answer.'),
  answer: textOrNull('What the model answered, cut to 500 characters; if it is not text, what came instead.'),
  cutShort: about(v.nullable(v.boolean()), 'Whether the token budget ended before the answer did.'),
  dimensions: about(v.nullable(v.number()), 'Length of the vector, if the answer is an embedding.'),
  quota: about(
    v.nullable(
      v.strictObject({
        remainingRequests: about(v.nullable(v.number()), 'Requests left this minute.'),
        limitRequests: about(v.nullable(v.number()), 'Requests a minute.'),
        remainingTokens: about(v.nullable(v.number()), 'Tokens left this minute.'),
        limitTokens: about(v.nullable(v.number()), 'Tokens a minute.'),
      }),
    ),
    "What was left of the deployment's quota after this call, from the headers of the answer (`x-ratelimit-*`); null: it has none.",
  ),
})

const runtimePrincipal = v.strictObject({
  id: text('The id, as the input names it.'),
  principalId: textOrNull('Its object id; null if it is not known.'),
  identity: about(
    v.nullable(
      v.strictObject({
        kind: about(
          v.picklist(['system-assigned', 'user-assigned', 'agent']),
          'What identity it is: the resource’s own, a user-assigned one (of the resource, or named directly), or that of a published agent.',
        ),
        name: text('Resource id of the user-assigned identity, or of the resource that has it.'),
        clientId: textOrNull('Its client id, if the resource shows it.'),
      }),
    ),
    'The identity behind a resource id; null for an object id.',
  ),
  deployments: about(v.array(v.string()), 'The deployments that it calls.'),
  dataActions: about(v.array(v.string()), 'The data actions that these calls need.'),
  scope: textOrNull('Scope at which its role counts; null if the run did not get that far.'),
  access: about(
    v.picklist(['called', 'allowed', 'not-known-live', 'missing', 'unknown']),
    '`called`: it is the pipeline, and was answered. `allowed`: its roles let it call. `not-known-live`: its roles let it call, but one of them may be less than half an hour old, or is held through a group. `missing`: its roles do not let it call. `unknown`: the gate could not find out.',
  ),
  granted: about(v.boolean(), 'Whether this run granted its role. The gate never removes such a role.'),
  reason: text('Why, in words.'),
  roles: about(
    v.array(
      v.strictObject({
        name: text('Name of the role.'),
        scope: text('Where it is assigned.'),
        assignmentId: text('Id of the role assignment.'),
        group: textOrNull('Object id of the group that holds it; null if the principal itself holds it.'),
        since: about(v.nullable(v.pipe(v.string(), v.isoTimestamp())), 'When it was assigned, UTC.'),
      }),
    ),
    'The roles that let it call, newest first.',
  ),
  ageSeconds: about(
    v.nullable(v.number()),
    'Age of the newest of these roles, if it is too new to be certainly live.',
  ),
})

const also = v.strictObject({
  dataAction: text('The data action.'),
  scope: text('Scope at which a role has to give it.'),
  access: about(
    v.picklist(['called', 'allowed', 'not-known-live', 'missing', 'unknown']),
    '`called`: a call of the gate that needs it was answered. `allowed`: the roles give it, and are live. `not-known-live`: the roles give it, but nothing shows yet that they are live. `missing`: the roles do not give it. `unknown`: the gate could not find out.',
  ),
  reason: text('Why, in words.'),
})

const app = v.strictObject({
  url: text('The address that was called, without the query.'),
  answered: about(v.boolean(), 'Whether it answered as often in a row as required.'),
  waitedSeconds: seconds(
    'From the first refusal until it answered; 0 if nothing was refused, or if it never answered.',
  ),
  probes: about(
    v.array(
      v.strictObject({
        atSeconds: v.pipe(v.number(), v.description('Seconds since the first.')),
        outcome: text(
          '`ok`; the status, such as `HTTP 401`; `unexpected` if it is 2xx and proves nothing; or a network code, such as `connection-failed`.',
        ),
      }),
    ),
    'The probes of the app on the time axis.',
  ),
})

export const reportSchema = v.strictObject({
  schemaVersion: about(
    v.literal(1),
    'Version of this format. It changes when a field changes its meaning or is removed.',
  ),
  startedAt: instant('When the gate started, UTC.'),
  endedAt: instant('When the gate had its result, UTC.'),
  writtenAt: instant('When this was written: as soon as the gate had its result.'),
  result: about(
    v.picklist(['passed', 'planned', 'failed', 'cancelled']),
    '`passed`: every deployment answered. `planned`: `grant: plan`, nothing was changed. `cancelled`: stopped before its end.',
  ),
  stoppedBy: textOrNull('Signal that stopped a cancelled run.'),
  diagnosis: about(v.nullable(diagnosis), 'Why it failed; null if it did not.'),
  findings: about(v.array(finding), 'Risks, and what is worth knowing, most severe first.'),
  information: about(
    v.array(v.string()),
    'What is worth knowing but not a finding, in sentences: what Cognitive Services User allows beyond the calls, if that is the role, and that it cannot read roles.',
  ),
  run: about(run, 'The workflow run.'),
  action: about(
    v.nullable(
      v.strictObject({
        repository: text('Repository of the action.'),
        ref: text('Tag, branch or commit in `uses:`.'),
      }),
    ),
    'This action; null if it came from the workspace (`uses: ./`).',
  ),
  settings: about(v.nullable(settings), 'The inputs, as the gate read them; null if they were bad.'),
  cloud: textOrNull('`cloud`.'),
  assertion: about(
    v.nullable(
      v.strictObject({
        issuer: text('Issuer (`iss`).'),
        subject: text('Subject (`sub`): compare it with the federated credential.'),
        audience: text('Audience (`aud`).'),
      }),
    ),
    'The GitHub OIDC token.',
  ),
  principal: about(v.nullable(principal), 'Who called the model.'),
  setupPrincipal: about(
    v.nullable(principal),
    'Who read roles and granted them, if that was another identity.',
  ),
  target: about(v.nullable(target), 'The resource.'),
  endpoint: textOrNull('Where the smoke calls went: origin, and base path of a gateway.'),
  chosenDeployment: textOrNull(
    'Deployment that the gate chose by itself, because `deployments` was empty; null if the inputs name one, or nothing was chosen.',
  ),
  keyAccess: about(
    v.picklist(['disabled', 'enabled', 'unknown']),
    'Whether the resource accepts API keys; the same as `keys.access`.',
  ),
  keys: about(
    v.strictObject({
      access: about(
        v.picklist(['disabled', 'enabled', 'unknown']),
        'Whether the resource accepts API keys: from the account or, if that cannot be read, from the answer to `retired-key`.',
      ),
      retiredKey: about(
        v.nullable(v.picklist(['key-access-off', 'key-invalid', 'accepted'])),
        'Result of the call with `retired-key`. `key-access-off`: no key is accepted. `key-invalid`: this key is not. `accepted`: it is. Null: not tried.',
      ),
    }),
    'API keys.',
  ),
  role: about(
    v.nullable(
      v.strictObject({
        name: text('Name of the role.'),
        definitionId: text('Id of its definition.'),
        scope: text('Scope at which it counts.'),
      }),
    ),
    'The wanted role; null if it was not looked up.',
  ),
  roleState: about(v.picklist(roleStates), 'How the principal holds the role.'),
  denyAssignments: about(
    v.array(
      v.strictObject({
        name: text('Display name.'),
        scope: text('Scope at which it was made.'),
      }),
    ),
    'Deny assignments that block the calls, no matter which role. Empty: the gate saw none; perhaps it cannot read them.',
  ),
  membership: about(
    v.nullable(v.picklist(['member', 'not-member'])),
    'Whether the principal is a member of the group that the role is for; null if that is not known, or if there is no group.',
  ),
  roleAssignmentId: textOrNull('Id of the role assignment that gives the role, if it is known.'),
  grant: about(
    v.nullable(v.picklist(['granted', 'exists', 'refused', 'planned', 'unknown'])),
    'Result of the grant; null if none was tried.',
  ),
  plan: about(
    v.nullable(v.array(v.string())),
    'Result of `grant: plan`, one line each. A line that begins with `+ role assignment` is a change that a run would make; the others say who may make it and what blocks it. Null in any other run.',
  ),
  propagationSeconds: seconds(
    'From the first denial until access was live; 0 if nothing was denied, or if access never became live.',
  ),
  attempts: about(v.number(), 'Rounds of smoke calls.'),
  connections: about(
    v.nullable(v.number()),
    'Number of connections over which the answers came that are the proof; null if nothing is proven.',
  ),
  row: about(
    v.nullable(v.picklist(['not-needed', 'made', 'off', 'paid-by-the-piece'])),
    'Whether the proof needed a row of answers. `made`: several answers in a row. `not-needed`: the role has been held for half an hour. `off`: `consecutive-successes` is 1. `paid-by-the-piece`: no called deployment is charged by tokens. Without a row one answer is the whole proof. Null if nothing is proven.',
  ),
  probes: about(
    v.array(
      v.strictObject({
        atSeconds: v.pipe(v.number(), v.description('Seconds since the first.')),
        outcome: about(v.picklist(['ok', ...codes]), '`ok`, or the code of the most telling refusal.'),
      }),
    ),
    'The rounds of smoke calls on the time axis.',
  ),
  models: about(
    v.nullable(v.array(model)),
    'When the called models retire. Null: the list was not read, or not before the run ended.',
  ),
  smoke: about(v.array(smoke), 'The last smoke call to each deployment.'),
  runtimeAccess: about(
    v.nullable(v.picklist(['passed', 'missing', 'unknown'])),
    'The worst result of all runtime principals; null if none were named.',
  ),
  runtimePrincipals: about(v.array(runtimePrincipal), 'The identities in `runtime-principals`.'),
  also: about(
    v.array(also),
    'What the pipeline does besides the calls (`also`); empty: nothing was asked for, or the run did not get that far.',
  ),
  app: about(v.nullable(app), 'The app behind `probe-url`; null if it was not called.'),
  steps: about(
    v.array(
      v.strictObject({
        name: text('Name of the step.'),
        seconds: v.pipe(v.number(), v.description('How long it took.')),
        outcome: about(v.picklist(['done', 'failed']), 'How it ended.'),
      }),
    ),
    'The steps of the run.',
  ),
})

export type Report = v.InferOutput<typeof reportSchema>
