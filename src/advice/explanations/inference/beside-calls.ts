import type { AlsoAccess } from '../../../gate/also.ts'
import { advice, type ExplainContext, type Fix, paragraph } from '../explanation.ts'
import { valuesOf } from '../values.ts'

/** For runs that failed because of `also`: no call was denied. */
export const besideCalls = ({ record, failure }: ExplainContext): AlsoAccess | undefined =>
  record.also?.find(
    ({ dataAction, access }) =>
      dataAction === failure.details?.dataAction &&
      (access.word === 'missing' ||
        access.word === 'not-known-live' ||
        (access.word === 'unknown' && access.because.kind !== 'own-calls')),
  )

/** It is not known whether roles give it. */
export const isUndecided = (also: AlsoAccess): boolean => also.access.word === 'unknown'

export function whyNotShown(told: ExplainContext): string {
  const { role } = valuesOf(told)
  return paragraph(
    `The calls were answered, because other roles allow them. ${role.name} is new, and Microsoft says that a role takes up to ten minutes to become live. No call of the gate depends on this role alone, so nothing shows whether it is live, and waiting would not show it either.`,
    told.record.settings?.access.revoke === true
      ? 'With `revoke: true` the role never grows older than this job.'
      : '',
  )
}

export const whatShows = (told: ExplainContext): Fix[] => [
  advice(
    told.record.settings?.access.revoke === true
      ? 'Let the role stay (`revoke: false`), or remove the other role that allows the calls: then they show that this one is live.'
      : 'Run the job again half an hour after the role was assigned. If nothing needs the other role that allows the calls, remove it: then the calls show at once that this one is live.',
  ),
]
