import { catalogue } from '../src/advice/explanations/diagnose.ts'
import { type DiagnosisCode, diagnosisCodes, type Hop } from '../src/core/failures/codes.ts'
import { ownRefusal } from '../src/core/failures/failure.ts'
import { noFacts } from '../src/gate/record.ts'
import { readWorkflowRun } from '../src/services/github/workflow-run.ts'
import { fixText, withPlaceholders } from './fix-text.ts'

/** docs/diagnosis.md, from the catalogue that runs speak from: there with their values, here with placeholders. */

const hopTitles: Record<Hop, string> = {
  input: 'Inputs',
  github: 'GitHub OIDC',
  entra: 'Entra ID',
  'resource-manager': 'Azure Resource Manager',
  inference: 'Inference',
  network: 'Network',
  posture: 'Posture',
}

const preface = `# Diagnosis codes

A run that fails names one cause, by a code: in the annotation, the log, the job summary, the JSON report and the output \`diagnosis\`. Log and summary also show what
the service said, with the ids that its support asks for, and the fixes below, the likeliest first, with the run's own values in place of the \`<PLACEHOLDERS>\`.

- Where a value shows as \`***\`, it comes from a secret, and the command cannot be pasted as it is. Client id, tenant id and subscription id are no secrets: keep them in
  variables (\`vars\`).
- Commands are for a POSIX shell, such as that of Azure Cloud Shell. Whatever a claim or a name holds, it is quoted.
- Codes that end in \`-rejected\` mean: refused, for a reason that has no code. What the service said is all that is known then.

Generated from \`src/diagnosis\` by \`npm run docs\`.`

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

/** The heading is the code alone, so that GitHub makes its anchor the code. */
function codeSection(code: DiagnosisCode): string {
  const told = { facts: noFacts(readWorkflowRun({})), refusal: ownRefusal(code, '') }
  const { title, about, why, unlike, fixes } = catalogue[code]
  return [
    `### ${code}`,
    `**${title}.**`,
    about ?? withPlaceholders(why(told)),
    ...fixes(told).map(fixText),
    unlike === undefined ? '' : `*To tell it apart:* ${withLinks(unlike, code)}`,
  ]
    .filter(part => part !== '')
    .join('\n\n')
}
