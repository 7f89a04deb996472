import { localFailure, StepError } from '../../core/failures/failure.ts'
import type { Note } from '../record.ts'
import type { Reporter } from '../reporter.ts'
import type { Settings } from '../settings.ts'
import type { RuntimePrincipal } from './principal.ts'
import { runtimeLine } from './words.ts'

type Policies = Pick<Settings, 'access' | 'production'>

/** Whether a grant in this run would fix it. */
export const isGrantable = ({ access }: RuntimePrincipal, { access: { grant } }: Pick<Settings, 'access'>) =>
  access.word === 'missing' && access.because.kind === 'no-role' && grant === 'auto'

/**
 * Why the gate fails because of a runtime principal: first what is missing and no grant fixes, then what is not known. The
 * pipeline's own calls decide about its own access.
 * @returns undefined if it does not fail
 */
export function runtimeFailure(
  principals: readonly RuntimePrincipal[],
  settings: Policies,
): StepError | undefined {
  const missing = principals.filter(
    principal => principal.access.word === 'missing' && !isGrantable(principal, settings),
  )
  if (missing.length > 0) return failureOf('runtime-access-missing', missing)
  const unknown = principals.filter(
    principal => principal.access.word === 'unknown' && !isByOwnCalls(principal),
  )
  if (unknown.length === 0 || settings.production.unknown === 'warn') return undefined
  return failureOf('runtime-access-unknown', unknown)
}

const failureOf = (
  code: 'runtime-access-missing' | 'runtime-access-unknown',
  principals: readonly RuntimePrincipal[],
) => new StepError(looking, localFailure(code, principals.map(runtimeLine).join('\n')))

const looking = 'checking the identities in `runtime-principals`'

/** The pipeline's own calls were answered, and the gate passes: reports what is left to say. */
export function closeRuntime(
  principals: readonly RuntimePrincipal[],
  reporter: Reporter,
  note: Note<'runtime'>,
): void {
  const closed = principals.map(
    (principal): RuntimePrincipal =>
      isByOwnCalls(principal) ? { ...principal, access: { word: 'called' } } : principal,
  )
  note({ principals: closed })
  reporter.runtimeInDoubt(
    closed.filter(({ access }) => access.word === 'not-known-live' || access.word === 'unknown'),
  )
}

const isByOwnCalls = ({ access }: RuntimePrincipal) =>
  access.word === 'unknown' && access.because.kind === 'own-calls'

/** A plan never fails on access. @throws StepError */
export function enforceRuntimeAccess(principals: readonly RuntimePrincipal[], settings: Policies): void {
  const failure = runtimeFailure(principals, settings)
  if (failure !== undefined && settings.access.grant !== 'plan') throw failure
}
