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
    `The calls were answered, by another role or by several. ${role.name} is young, and Azure speaks of up to ten minutes until a role is live: nothing that the gate called tells of this one, and it waits for nothing blindly.`,
    told.record.settings?.access.revoke === true
      ? 'With `revoke: true` the role never grows older than this job.'
      : '',
  )
}

export const whatShows = (told: ExplainContext): Fix[] => [
  advice(
    told.record.settings?.access.revoke === true
      ? 'Let the role stay (`revoke: false`), or take away the other role that lets the calls through: then they show that this one is live.'
      : 'Run the job again half an hour after the role was assigned. Where the other role that lets the calls through is not needed, take it away: then the calls show at once that this one is live.',
  ),
]
