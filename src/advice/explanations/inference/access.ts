import { roleCovers } from '../../../azure/rbac/built-in-roles.ts'
import { inWords } from '../../../core/text/duration.ts'
import { grantFixes, grantOf } from '../commands.ts'
import { type ExplainContext, type Explanations, type Fix, paragraph } from '../explanation.ts'
import { fixesOfForeignEndpoint, whereItCounts } from '../foreign-endpoint.ts'
import { deniedDataAction, valuesOf } from '../values.ts'
import { besideCalls, whatShows, whyNotShown } from './beside-calls.ts'
import {
  canNeverBecomeLive,
  denyAssignmentFixes,
  fixesOfDenial,
  waitLonger,
  whatWasMissing,
  whyDenied,
} from './denial.ts'

export const accessExplanations = {
  'access-denied': {
    title: 'The model denies the pipeline access',
    titleBeside: 'The pipeline lacks a right that `also` asks for',
    about: paragraph(
      'The principal lacks the data action that the call needs. The gate compares the denial with the roles that it can read. The role may be missing, too new, or held through a group. It may cover other operations, or only administer (Owner, Contributor). It may be assigned to another object id, or on a project instead of the account. Or a deny assignment overrules it.',
      'A missing role is a 401 here, not a 403.',
      'If a right in `also` is missing, the code is the same: the gate judges it by the roles if no call shows it.',
    ),
    why: whyDenied,
    unlike:
      'A token that is not accepted is `token-audience-rejected` or `token-not-accepted`; network rules are `network-blocked`; a role that this run granted is `access-not-propagated`. A denial never says whether the role is missing or not live yet: only the age of the assignment shows that.',
    fixes: fixesOfDenial,
  },
  'access-not-propagated': {
    title: 'The role is granted, but was not live in time',
    titleBeside: 'The role is there, but nothing shows that it is live',
    about:
      'The run granted the role, but the model still denied the call when `propagation-timeout` was over. Microsoft says that it takes up to ten minutes, and hours for an assignment at a management group. Or what `also` asks for comes from a role that is less than half an hour old, and all answered calls depend on another role: then nothing shows that the new role is live.',
    why: whyNotLive,
    unlike:
      'The assignment exists: granting it again changes nothing. If the role did not cover the call at all, the explanation would say so.',
    fixes: told =>
      besideCalls(told) !== undefined
        ? whatShows(told)
        : canNeverBecomeLive(told)
          ? fixesOfDenial(told)
          : [...fixesOfForeignEndpoint(told), ...waitLonger(told)],
  },
  'access-unexplained': {
    title: 'The calls are answered, but perhaps because of a right that was removed',
    about:
      'The models answer, although no role that existed before the first call allows it, or a deny assignment forbids it. Replicas honour a right for up to five minutes after it was removed, and `propagation-timeout` ended before that. So an answer proves nothing: the deploy could be denied a minute later.',
    why: ({ record }) => {
      const [deny] = record.deniedBy ?? []
      if (deny !== undefined)
        return `The deny assignment "${deny.name}" at ${deny.scope} forbids the calls, and wins over every role. If it was made a moment ago, access ends within minutes.`
      return record.roleState === 'granted'
        ? 'The models answered before this run granted the role. Until an older role has lapsed everywhere, nothing shows which of the two roles allows the calls.'
        : `No role of ${valuesOf({ record }).principalId} that Resource Manager lists gives the right to the calls, and this run does not grant one. If a role was removed a moment ago, access ends within minutes.`
    },
    unlike: 'Once the calls are denied, the code is `access-denied`. No call was denied in this run.',
    fixes: told => [...fixesOfUnexplained(told), ...waitLonger(told)],
  },
} satisfies Partial<Explanations<'inference'>>

function fixesOfUnexplained({ record }: ExplainContext): Fix[] {
  const values = valuesOf({ record })
  if ((record.deniedBy ?? []).length > 0) return denyAssignmentFixes(values)
  return record.roleState === 'granted' ? [] : grantFixes(grantOf(values))
}

function coversCall(told: ExplainContext): boolean {
  const dataAction = deniedDataAction(told)
  if (dataAction === undefined) return false
  return told.record.coverage === 'sufficient' || roleCovers(valuesOf(told).role.guid, dataAction) === true
}

function whyNotLive(told: ExplainContext): string {
  if (besideCalls(told) !== undefined) return whyNotShown(told)
  if (canNeverBecomeLive(told)) return whyDenied(told)
  const waitedMs = told.record.settings?.waiting.propagationTimeoutMs
  return paragraph(
    `This run made the role assignment, and the model still denied the call ${waitedMs === undefined ? 'at the end' : `after ${inWords(waitedMs)}`}.`,
    coversCall(told)
      ? `${valuesOf(told).role.name} covers the call (${deniedDataAction(told)}): only time is missing.`
      : whatWasMissing(told),
    'Microsoft says that it takes up to ten minutes, and hours for an assignment at a management group.',
    whereItCounts(told),
  )
}
