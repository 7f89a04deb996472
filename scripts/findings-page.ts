import { type FindingId, findingIds } from '../src/advice/findings/finding.ts'
import { inspections, seenOf } from '../src/advice/findings/findings.ts'
import { rolesAsOf } from '../src/azure/rbac/built-in-roles.ts'
import { openRecord } from '../src/gate/record.ts'
import { readWorkflowRun } from '../src/services/github/workflow-run.ts'
import { fixText } from './fix-text.ts'

/** docs/findings.md, generated from the findings that a run reports. A run fills in its values; the page has placeholders. */

const preface = `# Findings

A gate that passed has proven that the pipeline gets in without a key. Findings say what could still be better: keys that work, rights that the calls do not need. The log, the job summary and the
JSON report list them, most severe first, with the values of the run instead of the \`<PLACEHOLDERS>\`. A finding never fails a run by itself.
With \`fail-on: medium\` the run fails on medium and high findings, after access is proven (code [\`finding-forbidden\`](diagnosis.md#finding-forbidden)). With \`key-access: forbid\` it fails only on keys, and before anything is granted.

| Severity | Means |
| --- | --- |
| high | Access is not key-less. |
| medium | More rights than the calls need, or a setting that does not do its job. |
| low | Worth knowing. |

The gate reads live what a principal can do, if it has the right to read it: role assignments, also those of its groups, effective permissions, and definitions of roles. If it cannot read definitions, it knows
built-in roles by their GUIDs, as they were on ${rolesAsOf}.

Generated from \`src/advice/findings\` by \`npm run docs\`.`

export function findingsPage(): string {
  const index = findingIds.map(id => `- [\`${id}\`](#${id}): ${inspections[id].title}`)
  return `${[preface, index.join('\n'), ...findingIds.map(section)].join('\n\n')}\n`
}

/** The heading is only the id, so that GitHub uses the id as its anchor. */
function section(id: FindingId): string {
  const { title, about, fixes } = inspections[id]
  const seen = seenOf(openRecord(readWorkflowRun({})).snapshot())
  return [`## ${id}`, `**${title}.**`, about, ...fixes(seen).map(fixText)].join('\n\n')
}
