import type { RunRecord } from '../gate/record.ts'
import { isGrantable, runtimeFailure } from '../gate/runtime/enforce.ts'
import type { RuntimePrincipal, RuntimeWord } from '../gate/runtime/principal.ts'
import { principalName, reasonOf, runtimeLine, wordOf } from '../gate/runtime/words.ts'

/** What is told of those that run what is deployed. */

/** Whatever roles tell, nobody but the pipeline has called. */
export const toldFromRoles =
  "Told from roles: the gate waits for no data plane but the pipeline's own. `probe-url` proves an app by a call of its own."

export const runtimeMarks: Record<RuntimeWord, string> = {
  called: '✅',
  allowed: '✅',
  'not-known-live': '⏳',
  missing: '❌',
  unknown: '❔',
}

/** Where the gate passes all the same. */
export function runtimeDoubt(principal: RuntimePrincipal): string {
  const line = runtimeLine(principal)
  return principal.access.word === 'not-known-live'
    ? `${line} The gate does not wait for it; \`probe-url\` proves an app by a call of its own.`
    : line
}

/** What a proof leaves open, in short. */
export function runtimeReservations({ runtimePrincipals }: Pick<RunRecord, 'runtimePrincipals'>): string[] {
  return runtimePrincipals
    .filter(({ access }) => access.word === 'not-known-live' || access.word === 'unknown')
    .map(principal => `${principalName(principal)}: ${wordOf(principal)}.`)
}

/** What \`grant: plan\` says of them. */
export function runtimePlanLines({ runtimePrincipals, settings }: RunRecord): string[] {
  if (settings === undefined || runtimePrincipals.length === 0) return []
  const asGranting = { ...settings, access: { ...settings.access, grant: 'auto' as const } }
  const failure = runtimeFailure(runtimePrincipals, asGranting)
  return [
    ...runtimePrincipals.map(principal =>
      isGrantable(principal, asGranting)
        ? `Plan: ${principal.role?.name} would be granted to ${principalName(principal)} at ${principal.scope}. ${reasonOf(principal)}`
        : `Plan: nothing would be granted to ${runtimeLine(principal)}`,
    ),
    ...(failure === undefined ? [] : [`Plan: the gate would fail with ${failure.failure.code}.`]),
  ]
}

/** What this run granted to them, or was granting when it was stopped. */
export const runtimeGrantLines = ({ runtimePrincipals }: Pick<RunRecord, 'runtimePrincipals'>): string[] =>
  runtimePrincipals
    .filter(
      ({ access }) =>
        (access.word === 'not-known-live' && access.isGranted) ||
        (access.word === 'unknown' && access.because.kind === 'granting'),
    )
    .map(principal => `${runtimeLine(principal)} It stays.`)
