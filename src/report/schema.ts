import * as v from 'valibot'
import { roleStates } from '../azure/rbac/assignment.ts'
import { retiredKeyOutcomes } from '../gate/key-access.ts'
import { rows } from '../gate/record.ts'
import { grantOutcomes, memberships } from '../gate/role-state.ts'
import { keyAccesses } from '../services/resource-manager/account.ts'
import { also, app, model, principal, runtimePrincipal, smoke } from './schema/access.ts'
import { diagnosis, finding } from './schema/diagnosis.ts'
import { about, codes, instant, seconds, text, textOrNull } from './schema/fields.ts'
import { run, settings, target } from './schema/inputs.ts'

/**
 * The JSON report. This schema is its only source: the type that `reportDocument` returns, docs/report.schema.json and the
 * table in docs/report.md all come from it. Nothing of it is needed at run time.
 */

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
    v.picklist(keyAccesses),
    'Whether the resource accepts API keys; the same as `keys.access`.',
  ),
  keys: about(
    v.strictObject({
      access: about(
        v.picklist(keyAccesses),
        'Whether the resource accepts API keys: from the account or, if that cannot be read, from the answer to `retired-key`.',
      ),
      retiredKey: about(
        v.nullable(v.picklist(retiredKeyOutcomes)),
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
    v.nullable(v.picklist(memberships)),
    'Whether the principal is a member of the group that the role is for; null if that is not known, or if there is no group.',
  ),
  roleAssignmentId: textOrNull('Id of the role assignment that gives the role, if it is known.'),
  grant: about(
    v.nullable(v.picklist([...grantOutcomes, 'planned'])),
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
    v.nullable(v.picklist(rows)),
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
