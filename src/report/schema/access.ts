import * as v from 'valibot'
import { routeApis } from '../../services/inference/apis/index.ts'
import { about, codes, seconds, text, textOrNull } from './fields.ts'

/** Fields about the calls, the runtime principals, `also` and the app. */

export const principal = v.strictObject({
  objectId: text('Object id of the service principal: the `oid` of its access token.'),
  tenantId: text('Its tenant: the `tid`.'),
  clientId: textOrNull('Client id of its application or managed identity.'),
  managedIdentity: textOrNull('Resource id of the managed identity, if it is one.'),
})

export const model = v.strictObject({
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

export const smoke = v.strictObject({
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

const accessWord = v.picklist(['called', 'allowed', 'not-known-live', 'missing', 'unknown'])

export const runtimePrincipal = v.strictObject({
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
    accessWord,
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

export const also = v.strictObject({
  dataAction: text('The data action.'),
  scope: text('Scope at which a role has to give it.'),
  access: about(
    accessWord,
    '`called`: a call of the gate that needs it was answered. `allowed`: the roles give it, and are live. `not-known-live`: the roles give it, but nothing shows yet that they are live. `missing`: the roles do not give it. `unknown`: the gate could not find out.',
  ),
  reason: text('Why, in words.'),
})

export const app = v.strictObject({
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
