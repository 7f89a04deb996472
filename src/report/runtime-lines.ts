import type { StepError } from '../core/failures/failure.ts'
import { plain } from '../core/text/untrusted.ts'
import type { RunRecord } from '../gate/record.ts'
import { isGrantable, runtimeFailure } from '../gate/runtime/enforce.ts'
import type { RuntimePrincipal } from '../gate/runtime/principal.ts'
import { principalName, reasonOf, runtimeLine, wordOf } from '../gate/runtime/words.ts'
import type { Settings } from '../gate/settings.ts'
import type { ToldWord } from '../gate/told-access.ts'
import { isOfDeployment } from '../services/inference/beside-calls.ts'
import type { SmokeResult } from '../services/inference/smoke-call.ts'

/** The lines about runtime principals. */

const byProbe = '`probe-url` proves the access of an app itself'

/** Says that access was read from roles, because only the pipeline calls. @param isProbed Whether an app is called afterwards. */
export const toldFromRoles = (isProbed: boolean): string =>
  `This is read from roles: the gate waits only for the pipeline's own access. ${isProbed ? 'The probe proves the access of the app that it calls, and of no other' : byProbe}.`

export const runtimeMarks: Record<ToldWord, string> = {
  called: '✅',
  allowed: '✅',
  'not-known-live': '⏳',
  missing: '❌',
  unknown: '❔',
}

/** A doubt about a principal, in a gate that passes. @param isProbed Whether an app is called afterwards. */
export function runtimeDoubt(principal: RuntimePrincipal, isProbed: boolean): string {
  const line = runtimeLine(principal)
  if (principal.access.word !== 'not-known-live') return line
  const next = isProbed ? 'the probe of the app shows whether it is' : byProbe
  return `${line} The gate does not wait for it; ${next}.`
}

/** What a passed run does not show about runtime principals, in short. */
export function runtimeReservations({ runtimePrincipals }: Pick<RunRecord, 'runtimePrincipals'>): string[] {
  return runtimePrincipals
    .filter(({ access }) => access.word === 'not-known-live' || access.word === 'unknown')
    .map(principal => `Production: ${principalName(principal)}: ${wordOf(principal)}.`)
}

interface Addition {
  role: string
  /** The principal. */
  to: string
  /** The scope. */
  at: string
  /** When it is removed; undefined: it stays. */
  until?: string | undefined
}

/** A role assignment that a run would make, as lines of a diff. */
export const additionLines = ({ role, to, at, until }: Addition): string[] => [
  `+ role assignment ${plain(role)}`,
  `+   to ${plain(to)}`,
  `+   at ${plain(at)}`,
  ...(until === undefined ? [] : [`+   until ${until}`]),
]

/** The settings of a run that can grant. */
const asGranting = (settings: Settings): Settings => ({
  ...settings,
  access: { ...settings.access, grant: 'auto' },
})

/** What a run would grant to them. */
export function runtimeChanges({ runtimePrincipals, settings }: RunRecord): string[] {
  if (settings === undefined) return []
  return runtimePrincipals
    .filter(principal => isGrantable(principal, asGranting(settings)))
    .flatMap(principal =>
      additionLines({
        role: principal.role?.name ?? '',
        to: principalName(principal),
        at: principal.scope ?? '',
      }),
    )
}

/** What else `grant: plan` says about them. */
export function runtimeRemarks({ runtimePrincipals, settings }: RunRecord): string[] {
  if (settings === undefined) return []
  const granting = asGranting(settings)
  return runtimePrincipals.map(principal =>
    isGrantable(principal, granting)
      ? `${principalName(principal)}: ${reasonOf(principal)}`
      : `Plan: nothing would be granted to ${runtimeLine(principal)}`,
  )
}

/** Why a run that may grant would fail for them all the same. */
export const plannedRuntimeFailure = ({ runtimePrincipals, settings }: RunRecord): StepError | undefined =>
  settings && runtimeFailure(runtimePrincipals, asGranting(settings))

/** What this run granted to them, or was granting when it was stopped. */
export const runtimeGrantLines = ({ runtimePrincipals }: Pick<RunRecord, 'runtimePrincipals'>): string[] =>
  runtimePrincipals
    .filter(
      ({ access }) =>
        (access.word === 'not-known-live' && access.isGranted) ||
        (access.word === 'unknown' && access.because.kind === 'granting'),
    )
    .map(principal => `${runtimeLine(principal)} It stays.`)

/** The pipeline's own calls, if the role is for an app: they say nothing about the app. */
export function ownCallsInWords(all: readonly SmokeResult[]): string {
  const results = all.filter(({ route }) => isOfDeployment(route))
  const answered = results.filter(({ kind }) => kind === 'ok').length
  return `The role is for the app. The pipeline itself was answered by ${answered} of ${results.length} deployment${results.length === 1 ? '' : 's'}, which says nothing about the app.`
}

/** What is known about the app that the role is for. */
export function appInWords({ runtimePrincipals, settings }: RunRecord): string {
  const granteeId = settings?.access.grantee?.principalId
  const app = runtimePrincipals.find(({ principalId }) => principalId === granteeId)
  return app === undefined ? '' : runtimeLine(app)
}
