import * as v from 'valibot'
import { findingIds } from '../../advice/findings/finding.ts'
import { severities } from '../../gate/settings.ts'
import { about, codes, text } from './fields.ts'

/** Fields about the failure, the findings and their fixes. */

const fix = v.strictObject({
  title: text('What the fix does.'),
  language: about(v.picklist(['bash', 'yaml', 'bicep', 'text']), 'What `text` is written in.'),
  text: text("The fix, with the run's own values in it."),
})

const fixes = about(v.array(fix), 'What to do, most likely first.')

export const diagnosis = v.strictObject({
  code: about(v.picklist(codes), 'The diagnosis code; docs/diagnosis.md lists them.'),
  title: text('What failed, as a headline.'),
  doing: text('What the gate was doing when it failed.'),
  said: about(
    v.strictObject({
      status: about(v.optional(v.number()), 'HTTP status; absent if there was no reply.'),
      serviceCode: about(v.optional(v.string()), "The service's own error code, such as AADSTS700213."),
      message: text('The message, shortened.'),
      by: about(
        v.optional(v.string()),
        'Who said it, if it was not the service but something in between, such as `an API Management gateway`.',
      ),
      ids: about(
        v.record(v.string(), v.string()),
        "Ids, by header, with which the service's support finds the request.",
      ),
      host: about(
        v.optional(v.string()),
        'The host that was called, if no reply came, or none from that host.',
      ),
    }),
    'What the service said.',
  ),
  why: text('Why this is the most likely cause.'),
  comparison: about(
    v.optional(
      v.array(
        v.strictObject({
          claim: text('Which part of the token: `issuer`, `subject` or `audience`.'),
          presented: text('What this run presents.'),
          expected: about(
            v.optional(v.string()),
            'What a federated credential expects, in words, if it is known; absent: exactly the same text.',
          ),
        }),
      ),
    ),
    'What the run presented next to what is expected; absent if nothing was compared.',
  ),
  unlike: about(v.optional(v.string()), 'How to distinguish it from causes that look alike.'),
  fixes,
  docs: text('Where the code is documented.'),
})

export const finding = v.strictObject({
  id: about(v.picklist(findingIds), 'Name of the finding.'),
  severity: about(
    v.picklist(severities),
    '`high`: access is not key-less. `medium`: more rights than the calls need. `low`: worth knowing.',
  ),
  title: text('The finding, as a headline.'),
  detail: text("The finding with the run's own values."),
  fixes,
})
