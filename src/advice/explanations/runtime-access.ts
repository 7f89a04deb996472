import { automaticRole, nameOfChoice, reader } from '../../azure/rbac/built-in-roles.ts'
import { servicePrincipal } from '../../azure/rbac/principal.ts'
import { plain } from '../../core/text/untrusted.ts'
import type { RunRecord } from '../../gate/record.ts'
import type { RuntimePrincipal } from '../../gate/runtime/principal.ts'
import { principalName } from '../../gate/runtime/words.ts'
import type { RuntimePrincipalRequest } from '../../gate/settings.ts'
import type { WhyMissing } from '../../gate/told-access.ts'
import { assigneeOptions, az, bash, grantFixes, inputs, show } from './commands.ts'
import { advice, type ExplainContext, type Explanations, type Fix, paragraph } from './explanation.ts'
import { type Values, valuesOf } from './values.ts'

/** Access of the identities that deployed apps run as. */

/** Nobody pastes more commands than these one by one. */
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

/** Problems that an administrator's grant fixes. */
const wantsRole: ReadonlySet<string> = new Set<WhyMissing['kind']>(['no-role', 'not-granted'])

/** Problems that naming another role fixes. */
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

/** For principals whose role to grant does not cover their calls, or that no role helps. */
function otherRoles(missing: readonly Missing[], { settings }: RunRecord): Fix[] {
  const denies = missing.flatMap(({ access: { because } }) =>
    because.kind === 'denied' ? [because.deny] : [],
  )
  const misfits = missing.filter(({ access: { because } }) => wantsOtherRole.has(because.kind))
  const lent = missing.filter(({ access: { because } }) => because.kind === 'ends-with-job')
  const excluded = missing.filter(({ access: { because } }) => because.kind === 'excluded')
  const lines = new Map(settings?.production.principals.map(request => [request.id, lineOf(request)]))
  for (const { id, deployments, dataActions } of misfits)
    lines.set(id, lineOf({ id, deployments, role: { kind: 'guid', ...automaticRole(dataActions) } }))
  return [
    ...denies.map(({ name }) =>
      advice(
        `Change the deny assignment "${name}" at its source: a deployment stack, or a managed application. No role overrides it.`,
      ),
    ),
    ...lent.map(principal =>
      advice(
        `Use a separate identity for production instead of ${principalName(principal)}. Or make the role permanent: remove \`revoke\` from the job that grants it, or let an administrator assign it after that job.`,
      ),
    ),
    ...excluded.map(principal =>
      advice(
        `Look at the condition under which ${principalName(principal)} holds ${plain(principal.role?.name ?? '', 100)} at ${plain(principal.scope ?? '')}. Change or remove it in the portal, under Access control (IAM) › Role assignments, if the calls are to be allowed.`,
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

/** The text of the input, with the lines of other principals unchanged. */
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
          `Give the object id of its identity instead of ${name}: then the gate need not know its type.`,
        ),
        letRead(because.scope.replace(/\/providers\/.*/, ''), values),
      ]
    case 'role-unread':
      return [letRead(values.scope, values)]
    case 'no-resource':
    case 'identity-gone':
      return [
        advice(
          `Correct the line, or remove it until the resource is deployed: ${name}. An identity that was deleted and created again has a new object id.`,
        ),
      ]
    case 'no-such-principal':
      return [
        show('Find the object id of the service principal', 'ad sp show', {
          id: principal.principalId ?? '<CLIENT-ID>',
          query: '{name:displayName, objectId:id, type:servicePrincipalType}',
        }),
        advice(
          'Give the object id that is shown under Enterprise applications. Or give the resource id of the identity: then the gate finds the principal by itself.',
        ),
      ]
    case 'granting':
      return [advice('Run the job again: it checks first, and creates the assignment only if it is missing.')]
    case 'no-identity':
      return [
        advice(
          `Switch on an identity for ${name}, or give the resource id of the identity that the app signs in as.`,
        ),
      ]
    case 'several':
    case 'not-its-own':
      return [
        advice(
          `Instead of ${name}, give the resource id or object id of the identity that the app signs in as. Or set AZURE_CLIENT_ID in the app's settings to one of them: the Azure SDKs use that one.`,
        ),
      ]
    case 'perhaps-denied':
      return [
        advice(
          `Look at the deny assignment "${because.deny.name}" in the portal: Access control (IAM) › Deny assignments shows to whom it applies.`,
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
    `Let the identity that reads roles read it (${reader.name})`,
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
    title: 'The deployed app cannot call the model',
    about: paragraph(
      'The roles of an identity that `runtime-principals` names do not let it call its deployments: its first call in production would be denied.',
      'The gate judges this by role assignments, including those of its groups and those inherited from above. With `grant: auto` the gate grants what is missing, after everything else has succeeded; this code says that it has no right to, or that a grant would not help.',
    ),
    why: () =>
      "The roles of the deployed app's identity do not let it call its deployments, and waiting does not change that: its first call in production would be denied. This is not about the pipeline's own access.",
    unlike: "`access-denied` is about the pipeline's own call.",
    fixes: missingFixes,
  },
  'runtime-access-unknown': {
    title: 'It is not known whether the deployed app may call the model',
    why: () =>
      'The gate passes only for what it knows. An identity that it cannot find, or whose roles it cannot read, may have no access; the gate grants nothing on a guess.',
    unlike: 'If the roles were read and give no access, the code is `runtime-access-missing`.',
    fixes: unknownFixes,
  },
}
