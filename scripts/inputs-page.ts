import { type ActionMetadata, readActionMetadata, readInputGroups } from './action-metadata.ts'

/** The inputs and outputs of action.yml as tables: all of them in docs/inputs.md, the common ones in README.md. */

/** The inputs that most workflows have, in the order in which a reader needs them. */
const commonInputs = [
  'client-id',
  'tenant-id',
  'resource-id',
  'deployments',
  'grant',
  'role',
  'propagation-timeout',
  'key-access',
]

/** Throws if action.yml lacks one of the common inputs. */
export function commonInputsTable(): string {
  const { inputs } = readActionMetadata()
  return inputsTable(
    Object.fromEntries(
      commonInputs.map(name => {
        const input = inputs[name]
        if (input === undefined) throw new Error(`action.yml has no input ${name}.`)
        return [name, input]
      }),
    ),
  )
}

export function inputsPage(): string {
  const groups = readInputGroups().map(({ title, inputs }) => `### ${title}\n\n${inputsTable(inputs)}\n`)
  return [
    '# Inputs and outputs\n',
    '<!-- Generated from action.yml by `npm run docs`. -->\n',
    'All inputs and outputs of the action. [README](../README.md#inputs) has the inputs to begin with.\n',
    '## Inputs\n',
    ...groups,
    '## Outputs\n',
    'Outputs are set on failure too. No token is ever an output. [The JSON report](report.md) has more.\n',
    outputsTable(readActionMetadata()),
    '',
  ].join('\n')
}

function inputsTable(inputs: ActionMetadata['inputs']): string {
  return table(
    ['Input', 'Default', 'Meaning'],
    Object.entries(inputs).map(([name, input]) => [
      code(name),
      input.default ? code(input.default) : '',
      input.description,
    ]),
  )
}

function outputsTable({ outputs }: ActionMetadata): string {
  return table(
    ['Output', 'Meaning'],
    Object.entries(outputs).map(([name, output]) => [code(name), output.description]),
  )
}

const code = (text: string) => `\`${text}\``

function table(head: readonly string[], rows: ReadonlyArray<readonly string[]>): string {
  const line = (cells: readonly string[]) =>
    `| ${cells.map(cell => cell.replaceAll('|', '\\|')).join(' | ')} |`
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n')
}
