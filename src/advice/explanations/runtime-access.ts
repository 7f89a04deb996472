import { automaticRole, nameOfChoice, reader } from '../../azure/rbac/built-in-roles.ts'
import { servicePrincipal } from '../../azure/rbac/principal.ts'
import type { RunRecord } from '../../gate/record.ts'
import type { RuntimePrincipal } from '../../gate/runtime/principal.ts'
import { principalName } from '../../gate/runtime/words.ts'
import type { RuntimePrincipalRequest } from '../../gate/settings.ts'
import type { WhyMissing } from '../../gate/told-access.ts'
import { assigneeOptions, az, bash, grantFixes, inputs, show } from './commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from './explanation.ts'
import { type Values, valuesOf } from './values.ts'

/** Access of those that run what is deployed. */

/** More commands than these nobody pastes one by one. */
const maxCommands = 10

const inState = <W extends RuntimePrincipal['access']['word']>(
  { runtimePrincipals }: RunRecord,
  word: W,
): Array<RuntimePrincipal & { access: Extract<RuntimePrincipal['access'], { word: W }> }> =>
  runtimePrincipals
    .flatMap(principal => {
      const { access } = principal
      return isWord(access, word) ? [{ ...principal, access }] : []
    })
    .slice(0, maxCommands)

const isWord = <W extends RuntimePrincipal['access']['word']>(
  access: RuntimePrincipal['access'],
  word: W,
): access is Extract<RuntimePrincipal['access'], { word: W }> => access.word === word

function missingFixes(told: ExplainContext): Fix[] {
  const values = valuesOf(told)
  const { record } = told
  const missing = inState(record, 'missing')
  const grantable = missing.filter(({ access }) => wantsRole.has(access.because.kind))
  const [first, ...others] = missing.length === 0 ? [placeholder(values)] : grantable.map(grantOf(values))
  const grants = [
    ...(first === undefined ? [] : grantFixes(first)),
    ...others.map(({ grantee, role, scope }) =>
      bash(
        `Grant ${role.name} to ${grantee.principalId}`,
        az('role assignment create', assigneeOptions(grantee), { role: role.guid }, { scope }),
      ),
    ),
  ]
  const byGate = inputs('Or let the gate grant what is missing', { grant: 'auto' })
  return [...grants, ...(grants.length > 0 ? [byGate] : []), ...otherRoles(missing, record)]
}

type Missing = RuntimePrincipal & { access: Extract<RuntimePrincipal['access'], { word: 'missing' }> }

/** What an administrator's grant fixes. */
const wantsRole: ReadonlySet<string> = new Set<WhyMissing['kind']>(['no-role', 'not-granted'])

/** What the name of another role fixes. */
const wantsOtherRole: ReadonlySet<string> = new Set<WhyMissing['kind']>(['unsuitable', 'role-lacks'])

const placeholder = ({ role, scope, resourceGroup }: Values) => ({
  grantee: servicePrincipal('<OBJECT-ID>'),
  role,
  scope,
  resourceGroup,
})

const grantOf =
  ({ role, scope, resourceGroup }: Values) =>
  (principal: RuntimePrincipal) => ({
    grantee: servicePrincipal(principal.principalId ?? '<OBJECT-ID>'),
    role: principal.role ?? role,
    scope: principal.scope ?? scope,
    resourceGroup,
  })

/** Where the role that they would be granted is none for their calls, or no role helps. */
function otherRoles(missing: readonly Missing[], { settings }: RunRecord): Fix[] {
  const denies = missing.flatMap(({ access: { because } }) =>
    because.kind === 'denied' ? [because.deny] : [],
  )
  const misfits = missing.filter(({ access: { because } }) => wantsOtherRole.has(because.kind))
  const lent = missing.filter(({ access: { because } }) => because.kind === 'ends-with-job')
  const lines = new Map(settings?.production.principals.map(request => [request.id, lineOf(request)]))
  for (const { id, deployments, dataActions } of misfits)
    lines.set(id, lineOf({ id, deployments, role: { kind: 'guid', ...automaticRole(dataActions) } }))
  return [
    ...denies.map(({ name }) =>
      advice(
        `Change the deny assignment "${name}" where it comes from: a deployment stack, or a managed application. No role helps against it.`,
      ),
    ),
    ...lent.map(principal =>
      advice(
        `Use an identity of its own for what runs in production, in place of ${principalName(principal)}. Or let the role stay: without \`revoke\` in the job that grants it, or assigned by an administrator once that job is over.`,
      ),
    ),
    ...(misfits.length === 0
      ? []
      : [
          inputs('Name a role that covers the calls', {
            'runtime-principals': [...lines.values()].join('\n'),
          }),
        ]),
  ]
}

/** As the input has it: what else it says of others stays. */
const lineOf = ({ id, deployments, role }: Pick<RuntimePrincipalRequest, 'id' | 'deployments' | 'role'>) =>
  [
    id,
    ...(deployments.length === 0 ? [] : [`deployments=${deployments.join(',')}`]),
    ...(role === undefined ? [] : [`role=${nameOfChoice(role)}`]),
  ].join('; ')

function unknownFixes(told: ExplainContext): Fix[] {
  const fixes = inState(told.record, 'unknown').flatMap(principal => whatWouldTell(principal, told))
  return [...fixes, inputs('Or take it as a warning', { 'runtime-unknown': 'warn' })]
}

function whatWouldTell(
  principal: RuntimePrincipal & { access: Extract<RuntimePrincipal['access'], { word: 'unknown' }> },
  told: ExplainContext,
): Fix[] {
  const values = valuesOf(told)
  const name = principalName(principal)
  const { because } = principal.access
  switch (because.kind) {
    case 'unread':
      if (because.what !== 'API versions') return [letRead(because.scope, values)]
      return [
        advice(
          `Name the object id of its identity in place of ${name}: then nothing of its type has to be known.`,
        ),
        letRead(because.scope.replace(/\/providers\/.*/, ''), values),
      ]
    case 'role-unread':
      return [letRead(values.scope, values)]
    case 'no-resource':
    case 'identity-gone':
      return [
        advice(
          `Correct the line, or take it out until what it names is deployed: ${name}. An identity that was deleted and made anew has another object id.`,
        ),
      ]
    case 'no-such-principal':
      return [
        show('Find the object id of the service principal', 'ad sp show', {
          id: principal.principalId ?? '<CLIENT-ID>',
          query: '{name:displayName, objectId:id, type:servicePrincipalType}',
        }),
        advice(
          'Give the object id that is shown under Enterprise applications, or the resource id of the identity: then the gate finds the principal by itself.',
        ),
      ]
    case 'granting':
      return [advice('Run the job again: it looks first, and makes the same assignment once.')]
    case 'no-identity':
      return [
        advice(
          `Switch on an identity for ${name}, or name the identity that the app signs in as by its own resource id.`,
        ),
      ]
    case 'several':
    case 'not-its-own':
      return [
        advice(
          `Name the identity that the app signs in as, by its own resource id or object id, in place of ${name}. Or let the app's setting AZURE_CLIENT_ID name one of them: the Azure SDKs take that one.`,
        ),
      ]
    case 'perhaps-denied':
      return [
        advice(
          `Look at the deny assignment "${because.deny.name}" in the portal: Access control (IAM) › Deny assignments says whom it concerns.`,
        ),
      ]
    case 'condition':
      return [advice(`Assign the role to ${name} without a condition.`)]
    case 'not-looked':
    case 'own-calls':
      return []
  }
}

const letRead = (scope: string, { grantorId }: Values): Fix =>
  bash(
    `Let the identity that looks read it (${reader.name})`,
    az(
      'role assignment create',
      assigneeOptions(servicePrincipal(grantorId)),
      { role: reader.guid },
      { scope },
    ),
  )

export const runtimeAccessExplanations: Pick<
  Explanations<'production'>,
  'runtime-access-missing' | 'runtime-access-unknown'
> = {
  'runtime-access-missing': {
    title: 'What is deployed may not call the model',
    about: paragraph(
      'The roles of an identity that `runtime-principals` names do not let it call its deployments: its first call in production would be denied.',
      'That is told from role assignments, those of its groups and those inherited from above included. With `grant: auto` the gate grants what is missing, once all else is known to be well; this code says that it may not, or that it would not help.',
    ),
    why: () =>
      'The roles of the identity that runs what is deployed do not let it call its deployments, however long one waits: its first call in production would be denied. The access of the pipeline is another matter.',
    unlike: "`access-denied` is about the pipeline's own call.",
    fixes: missingFixes,
  },
  'runtime-access-unknown': {
    title: 'Whether what is deployed may call the model, nobody can tell',
    why: () =>
      'The gate passes for what it knows. An identity that cannot be found, or whose roles cannot be read, may well be without access; nothing is granted on a guess.',
    unlike: 'Where roles were read and give no access, the code is `runtime-access-missing`.',
    fixes: unknownFixes,
  },
}
