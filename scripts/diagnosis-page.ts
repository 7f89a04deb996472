import { examples } from '../__tests__/services/examples.ts'
import type { Example } from '../__tests__/support/example.ts'
import { catalogue } from '../src/advice/explanations/diagnose.ts'
import { type DiagnosisCode, diagnosisCodes, type Hop } from '../src/core/failures/codes.ts'
import { localFailure } from '../src/core/failures/failure.ts'
import { parseJson } from '../src/core/text/json.ts'
import { codeBlock } from '../src/core/text/untrusted.ts'
import { openRecord } from '../src/gate/record.ts'
import { readWorkflowRun } from '../src/services/github/workflow-run.ts'
import { fixText, withPlaceholders } from './fix-text.ts'

/** docs/diagnosis.md, generated from the catalogue that a run uses. A run fills in its values; the page has placeholders. */

const hopTitles: Record<Hop, string> = {
  input: 'Inputs',
  github: 'GitHub OIDC',
  entra: 'Entra ID',
  'resource-manager': 'Azure Resource Manager',
  inference: 'Inference',
  network: 'Network',
  posture: 'Posture',
  production: 'Production',
  action: 'The action itself',
}

const preface = `# Diagnosis codes

A failed run names one cause by a code. The code is in the annotation, the log, the job summary, the JSON report and the output \`diagnosis\`. Log and summary also show what
the service said, with the ids that its support asks for, and the fixes below, most likely first, with the values of the run instead of the \`<PLACEHOLDERS>\`.

- A value that shows as \`***\` comes from a secret, so you cannot paste the command as it is. Client id, tenant id and subscription id are not secrets: keep them in
  variables (\`vars\`).
- Commands are for a POSIX shell, such as that of Azure Cloud Shell. Every value in them is quoted, no matter what it contains.
- A code that ends in \`-rejected\` means that the service refused for a reason that has no code. Then only the service's own message says more.

Generated from \`src/advice/explanations/\` and from the recorded replies of \`__tests__/services/\` by \`npm run docs\`.`

export function diagnosisPage(): string {
  const hops = hopsInOrder.map(hop => hopSection(hop, diagnosisCodes[hop]))
  return `${[preface, index(), ...hops].join('\n\n')}\n`
}

const isHop = (name: string): name is Hop => name in hopTitles
const hopsInOrder = Object.keys(diagnosisCodes).filter(isHop)

function index(): string {
  const rows = hopsInOrder.map(
    hop => `| ${hopTitles[hop]} | ${diagnosisCodes[hop].map(code => `[\`${code}\`](#${code})`).join(', ')} |`,
  )
  return ['| Where | Codes |', '| --- | --- |', ...rows].join('\n')
}

function hopSection(hop: Hop, codes: readonly DiagnosisCode[]): string {
  return [`## ${hopTitles[hop]}`, ...codes.map(codeSection)].join('\n\n')
}

/** Other codes lead to their sections. */
const withLinks = (text: string, own: DiagnosisCode) =>
  text.replace(/`([a-z-]+)`/g, (span, code) =>
    code in catalogue && code !== own ? `[${span}](#${code})` : span,
  )

/** The service's reply, from the recorded example. */
function whatIsSaid(example: Example): string {
  if ('own' in example) return `**Found by the action itself:** ${example.own}`
  const { source } = example
  const from = /^https:/.test(source) ? `[source](${source})` : source
  if ('network' in example)
    return `**What the network says** (${from}): \`${example.network.code}\`, ${example.network.message}`
  const { status, body } = example.reply
  const json = parseJson(body)
  const block =
    json === undefined ? codeBlock(body, 'text') : codeBlock(JSON.stringify(json, null, 2), 'json')
  return `**What the service says** (status ${status}; ${from}):\n\n${block}`
}

/** The heading is only the code, so that GitHub uses the code as its anchor. */
function codeSection(code: DiagnosisCode): string {
  const told = { record: openRecord(readWorkflowRun({})).snapshot(), failure: localFailure(code, '') }
  const { title, about, why, unlike, fixes } = catalogue[code]
  return [
    `### ${code}`,
    `**${title}.**`,
    about ?? withPlaceholders(why(told)),
    withLinks(whatIsSaid(examples[code]), code),
    ...fixes(told).map(fixText),
    unlike === undefined ? '' : `*How to distinguish it:* ${withLinks(unlike, code)}`,
  ]
    .filter(part => part !== '')
    .join('\n\n')
}
