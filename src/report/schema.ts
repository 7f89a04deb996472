import * as v from 'valibot'
import { findingIds } from '../advice/findings/finding.ts'
import { roleStates } from '../azure/rbac/assignment.ts'
import { principalTypes } from '../azure/rbac/principal.ts'
import { type DiagnosisCode, diagnosisCodes } from '../core/failures/codes.ts'
import { grants, keyAccessPolicies, runtimeUnknownPolicies, severities } from '../gate/settings.ts'
import { apis, routeApis } from '../services/inference/apis/index.ts'

/**
 * The JSON report. This is its one source: the type that `reportDocument` must give, the published docs/report.schema.json
 * and the table of docs/report.md are all made from it. Nothing of it is needed at run time.
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
  managedIdentity: textOrNull('Resource id of the managed identity, where it is one.'),
})

const diagnosis = v.strictObject({
  code: about(v.picklist(codes), 'The diagnosis code, as docs/diagnosis.md lists it.'),
  title: text('What failed, as a headline.'),
  doing: text('What was being done when it failed.'),
  said: about(
    v.strictObject({
      status: about(v.optional(v.number()), 'HTTP status; absent where no reply came.'),
      serviceCode: about(v.optional(v.string()), "The service's own error code, such as AADSTS700213."),
      message: text('The message, cut to a sane length.'),
      by: about(
        v.optional(v.string()),
        'Who said it, where it was not the service but something on the way, such as `an API Management gateway`.',
      ),
      ids: about(
        v.record(v.string(), v.string()),
        "Ids, by header, under which the service's support finds the request.",
      ),
      host: about(
        v.optional(v.string()),
        'The host that was meant, where no reply came, or none of its own.',
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
            'What a federated credential expects, in words, as far as it is known; absent: the same, letter by letter.',
          ),
        }),
      ),
    ),
    'What the run presented beside what is expected; absent where nothing was compared.',
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
  workflowRef: textOrNull('`owner/name/path@ref` of the workflow that was started.'),
  job: textOrNull('Id of the job.'),
  runId: textOrNull('Id of the run.'),
  runAttempt: textOrNull('Attempt of the run, from 1.'),
  url: textOrNull('Page of the run.'),
  event: textOrNull('Event that started the run.'),
  actor: textOrNull('Who started the run.'),
  commit: textOrNull('Commit that the run is of (`GITHUB_SHA`).'),
  ref: textOrNull('Branch or tag that the run is of (`GITHUB_REF`).'),
})

const settings = v.strictObject({
  clientId: text('`client-id`.'),
  tenantId: text('`tenant-id`.'),
  setupClientId: textOrNull('`setup-client-id`.'),
  assertionAudience: text('`audience`, or that of the cloud.'),
  authorityHost: text('Entra authority that was asked for tokens.'),
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
    "Who was to hold the role; null: the pipeline's own service principal.",
  ),
  revoke: about(v.boolean(), '`revoke`.'),
  also: about(v.array(v.string()), '`also`, line by line.'),
  runtimePrincipals: about(
    v.array(
      v.strictObject({
        id: text('The id, as it was given.'),
        deployments: about(v.array(v.string()), 'Its deployments; empty: those of the pipeline.'),
        role: textOrNull('Its role, a name or a GUID; null: as `role` says.'),
      }),
    ),
    '`runtime-principals`.',
  ),
  runtimeUnknown: about(v.picklist(runtimeUnknownPolicies), '`runtime-unknown`.'),
  keyAccess: about(v.picklist(keyAccessPolicies), '`key-access`.'),
  retiredKey: about(v.boolean(), 'Whether a `retired-key` was given. The key itself is never written.'),
  failOn: about(v.nullable(v.picklist(severities)), '`fail-on`, where it was given.'),
  exportEnvironment: about(v.boolean(), '`export-environment`.'),
  deployments: about(
    v.array(
      v.strictObject({
        name: text('Name of the deployment.'),
        api: about(v.nullable(v.picklist(['auto', ...apis])), 'Its own API; null: as `api` says.'),
      }),
    ),
    '`deployments`. Empty: the gate chose one (`chosenDeployment`).',
  ),
  api: about(v.picklist(['auto', ...apis]), '`api`.'),
  tokenAudience: textOrNull('`token-audience`, where it was given.'),
  apiVersion: textOrNull('`api-version`, where it was given.'),
  prompt: text('`prompt`, cut to 200 characters.'),
  maxOutputTokens: about(v.number(), '`max-output-tokens`.'),
  expect: textOrNull('`expect`.'),
  probeUrl: textOrNull('`probe-url`, without its query.'),
  probeExpect: textOrNull('`probe-expect`.'),
  propagationTimeoutSeconds: seconds('`propagation-timeout`.'),
  consecutiveSuccesses: about(v.number(), '`consecutive-successes`.'),
  requestTimeoutSeconds: seconds('`request-timeout`.'),
  modelDaysLeft: about(v.nullable(v.number()), '`model-days-left`, where it was given.'),
})

const target = v.strictObject({
  kind: about(
    v.picklist(['resource', 'endpoint']),
    '`endpoint`: no resource was named or found, the smoke call was all there was.',
  ),
  resourceId: textOrNull('ARM id of the account, or of its project where one was named.'),
  resource: about(
    v.nullable(
      v.strictObject({
        subscriptionId: text('Subscription.'),
        resourceGroup: text('Resource group.'),
        account: text('Name of the account.'),
        project: textOrNull('Name of the project, where one was named.'),
      }),
    ),
    'The same id in parts.',
  ),
  endpoint: textOrNull('`endpoint`, where it was given.'),
  endpointIsOwn: about(
    v.nullable(v.boolean()),
    "Whether the calls go to a host that Resource Manager names for the account or its project, as they always do without `endpoint`. False: a gateway's, or another resource's. Null: the account was not read.",
  ),
  search: about(
    v.nullable(v.picklist(['found', 'none', 'several', 'forbidden', 'unfinished'])),
    'What came of the search for the resource by the host of `endpoint`: it was `found`; `none`, or `several`, of the accounts that may be read have the host; the accounts may not be read (`forbidden`); or the run ended before. Null: the inputs name the resource, or no subscription.',
  ),
})

const model = v.strictObject({
  deployment: text('Name of the deployment.'),
  format: textOrNull('Format of its model, such as OpenAI.'),
  model: textOrNull('Name of its model.'),
  version: textOrNull('Version of its model.'),
  sku: textOrNull('SKU of the deployment: a model may end at another day in each.'),
  lifecycle: textOrNull('Stage of the life of the model, as Azure calls it.'),
  retiresAt: about(
    v.nullable(v.pipe(v.string(), v.isoTimestamp())),
    'When the model stops answering, UTC; null: no day is set, or it is not known (`unknown`).',
  ),
  daysLeft: about(
    v.nullable(v.number()),
    "Whole days until then, by Resource Manager's clock; negative where the day has passed.",
  ),
  upgrade: textOrNull('What Azure does with the deployment then: its `versionUpgradeOption`.'),
  unknown: textOrNull('Why the day is not known; null where it is, or none is set.'),
})

const smoke = v.strictObject({
  deployment: text('Name of the deployment.'),
  api: about(
    v.picklist(routeApis),
    'API of the call. `agent-list` calls no deployment: it is a look at the agents of the project, for `also`.',
  ),
  url: text('Where the call went.'),
  dataAction: text('Data action that the call needs.'),
  adaptations: about(v.array(v.string()), 'How the call had to be shaped differently for this model.'),
  outcome: about(v.picklist(['ok', ...codes]), '`ok`, or the code of the refusal.'),
  audience: textOrNull('Audience of the token that was accepted; null where the call was refused.'),
  latencyMs: about(v.nullable(v.number()), 'Milliseconds from request to answer.'),
  model: textOrNull('Model and version, as the service names them.'),
  answer: textOrNull(
    'What the model answered, cut to 500 characters; where it is no text, what came in its place.',
  ),
  cutShort: about(v.nullable(v.boolean()), 'Whether the token budget ended before the answer did.'),
  dimensions: about(v.nullable(v.number()), 'Length of the vector, of an embedding.'),
  quota: about(
    v.nullable(
      v.strictObject({
        remainingRequests: about(v.nullable(v.number()), 'Requests that are left this minute.'),
        limitRequests: about(v.nullable(v.number()), 'Requests a minute.'),
        remainingTokens: about(v.nullable(v.number()), 'Tokens that are left this minute.'),
        limitTokens: about(v.nullable(v.number()), 'Tokens a minute.'),
      }),
    ),
    "What was left of the deployment's quota after this call, as the answer says (`x-ratelimit-*`); null: it does not.",
  ),
})

const runtimePrincipal = v.strictObject({
  id: text('As the input names it.'),
  principalId: textOrNull('Its object id; null where it is not known.'),
  identity: about(
    v.nullable(
      v.strictObject({
        kind: about(
          v.picklist(['system-assigned', 'user-assigned', 'agent']),
          'Whose identity it is: the resource’s own, one that was assigned to it or named itself, or that of a published agent.',
        ),
        name: text('Resource id of the user-assigned identity, or of the resource that has it.'),
        clientId: textOrNull('Its client id, where the resource tells it.'),
      }),
    ),
    'What was found behind a resource id; null for an object id.',
  ),
  deployments: about(v.array(v.string()), 'What it shall call.'),
  dataActions: about(v.array(v.string()), 'The data actions that this takes.'),
  scope: textOrNull('Where its role counts; null where the run did not get so far.'),
  access: about(
    v.picklist(['called', 'allowed', 'not-known-live', 'missing', 'unknown']),
    '`called`: it is the pipeline, and was answered. `allowed`: its roles let it call. `not-known-live`: so do they, and one is not known to be half an hour old, or held through a group. `missing`: they do not. `unknown`: nobody could tell.',
  ),
  granted: about(v.boolean(), 'Whether this run granted its role; that is never taken back.'),
  reason: text('Why, in words.'),
  roles: about(
    v.array(
      v.strictObject({
        name: text('Name of the role.'),
        scope: text('Where it is assigned.'),
        assignmentId: text('Id of the role assignment.'),
        group: textOrNull('Object id of the group that holds it; null where the principal itself does.'),
        since: about(v.nullable(v.pipe(v.string(), v.isoTimestamp())), 'When it was assigned, UTC.'),
      }),
    ),
    'What lets it call, the youngest first.',
  ),
  ageSeconds: about(
    v.nullable(v.number()),
    'How old the youngest of these roles is, where that is less than it takes to be live for certain.',
  ),
})

const also = v.strictObject({
  dataAction: text('The data action.'),
  scope: text('Where a role that gives it counts.'),
  access: about(
    v.picklist(['called', 'allowed', 'not-known-live', 'missing', 'unknown']),
    '`called`: a call of the gate that needs it was answered. `allowed`: its roles give it, and are live. `not-known-live`: they give it, and nothing shows yet that they are live. `missing`: they do not. `unknown`: nobody could tell.',
  ),
  reason: text('Why, in words.'),
})

const app = v.strictObject({
  url: text('Where the app was asked, without the query.'),
  answered: about(v.boolean(), 'Whether it answered as often in a row as was asked for.'),
  waitedSeconds: seconds(
    'From the first refusal until it answered; 0 where nothing was refused, or it never did.',
  ),
  probes: about(
    v.array(
      v.strictObject({
        atSeconds: v.pipe(v.number(), v.description('Seconds since the first.')),
        outcome: text(
          '`ok`; the status, such as `HTTP 401`; `unexpected` where it is 2xx and shows nothing; or a code of the network, such as `connection-failed`.',
        ),
      }),
    ),
    'The probes of the app on the time axis.',
  ),
})

export const reportSchema = v.strictObject({
  schemaVersion: about(v.literal(1), 'Version of this format. It changes when a field changes or goes.'),
  startedAt: instant('When the gate started, UTC.'),
  endedAt: instant('When the gate had its result, UTC.'),
  writtenAt: instant('When this was written: as soon as it had its result.'),
  result: about(
    v.picklist(['passed', 'planned', 'failed', 'cancelled']),
    '`passed`: every deployment answered. `planned`: `grant: plan`, nothing was changed. `cancelled`: stopped before its end.',
  ),
  stoppedBy: textOrNull('Signal that stopped a cancelled run.'),
  diagnosis: about(v.nullable(diagnosis), 'Why it failed; null where it did not.'),
  findings: about(
    v.array(finding),
    'What leaves something to be desired, or is worth knowing, most severe first.',
  ),
  information: about(
    v.array(v.string()),
    'What is worth knowing and no finding, in sentences: what Cognitive Services User allows beyond the calls, where that is the role.',
  ),
  run: about(run, 'The workflow run.'),
  action: about(
    v.nullable(
      v.strictObject({
        repository: text('Repository that the action was taken from.'),
        ref: text('Tag, branch or commit that it was named by.'),
      }),
    ),
    'This action; null where it lay in the workspace (`uses: ./`).',
  ),
  settings: about(v.nullable(settings), 'What the run was told; null where the inputs were bad.'),
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
    'Who looked at roles and granted them, where that was another identity.',
  ),
  target: about(v.nullable(target), 'The resource.'),
  endpoint: textOrNull('Where the smoke calls went: origin, and base path of a gateway.'),
  chosenDeployment: textOrNull(
    'Deployment that the gate chose by itself, since `deployments` was empty; null where the inputs name what is called, or nothing was chosen.',
  ),
  keyAccess: about(
    v.picklist(['disabled', 'enabled', 'unknown']),
    'Whether the resource accepts API keys; the same as `keys.access`.',
  ),
  keys: about(
    v.strictObject({
      access: about(
        v.picklist(['disabled', 'enabled', 'unknown']),
        'Whether the resource accepts API keys: as the account says or, where it may not be read, as `retired-key` was answered.',
      ),
      retiredKey: about(
        v.nullable(v.picklist(['key-access-off', 'key-invalid', 'accepted'])),
        'What a call with `retired-key` came to: no key is accepted, this one is not, or it was. Null: not tried.',
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
    'The role that was asked for; null where it was not looked up.',
  ),
  roleState: about(v.picklist(roleStates), 'How the principal comes by the role.'),
  denyAssignments: about(
    v.array(
      v.strictObject({
        name: text('Display name.'),
        scope: text('Where it was made.'),
      }),
    ),
    'Deny assignments that block the calls, whatever the role. Empty: none was seen; they may not be readable.',
  ),
  membership: about(
    v.nullable(v.picklist(['member', 'not-member'])),
    'Whether the principal belongs to the group that is to hold the role; null where that is not known, or there is none.',
  ),
  roleAssignmentId: textOrNull('Id of the role assignment that gives the role, where it is known.'),
  grant: about(
    v.nullable(v.picklist(['granted', 'exists', 'refused', 'planned', 'unknown'])),
    'What came of the grant; null where none was tried.',
  ),
  plan: about(
    v.nullable(v.array(v.string())),
    'What `grant: plan` has come to, one line each. A line that begins with `+ role assignment` is a change that a run would make; the others say who may make it and what blocks it. Null in any other run.',
  ),
  propagationSeconds: seconds(
    'From the first denial until access was live; 0 where nothing was denied, or it never was.',
  ),
  attempts: about(v.number(), 'Rounds of smoke calls.'),
  connections: about(
    v.nullable(v.number()),
    'Over how many connections the answers came that are the proof; null where nothing is proven.',
  ),
  row: about(
    v.nullable(v.picklist(['not-needed', 'made', 'off', 'paid-by-the-piece'])),
    'Whether a row of answers had to agree: `not-needed` where the role has been held for half an hour, `off` where `consecutive-successes` is 1, `paid-by-the-piece` where no deployment is charged by tokens. Without a row one answer is the whole proof. Null where nothing is proven.',
  ),
  probes: about(
    v.array(
      v.strictObject({
        atSeconds: v.pipe(v.number(), v.description('Seconds since the first.')),
        outcome: about(v.picklist(['ok', ...codes]), '`ok`, or the code of the refusal that says most.'),
      }),
    ),
    'The rounds of smoke calls on the time axis.',
  ),
  models: about(
    v.nullable(v.array(model)),
    'When the models retire that were called. Null: their list was not read, or not by the end of the run.',
  ),
  smoke: about(v.array(smoke), 'The last smoke call to each deployment.'),
  runtimeAccess: about(
    v.nullable(v.picklist(['passed', 'missing', 'unknown'])),
    'The worst of all runtime principals; null where none were named.',
  ),
  runtimePrincipals: about(v.array(runtimePrincipal), 'Who runs what is deployed.'),
  also: about(
    v.array(also),
    'What the pipeline will do besides the calls (`also`); empty: nothing was asked for, or the run did not get so far.',
  ),
  app: about(v.nullable(app), 'The app behind `probe-url`; null where it was not asked.'),
  steps: about(
    v.array(
      v.strictObject({
        name: text('Name of the step.'),
        seconds: v.pipe(v.number(), v.description('How long it took.')),
        outcome: about(v.picklist(['done', 'failed']), 'How it ended.'),
      }),
    ),
    'The steps of the story.',
  ),
})

export type Report = v.InferOutput<typeof reportSchema>
