import { data, isDescriptionDictionary } from '@actions/expressions'
import {
  type ActionsMetadataProvider,
  type ContextProviderConfig,
  registerLogger,
  type ValidationConfig,
  validate,
} from '@actions/languageservice'
import { TextDocument } from 'vscode-languageserver-textdocument'
import { stringify } from 'yaml'
import { fileOf, ownMetadata, withOwner } from './own-actions.ts'

/**
 * GitHub's own linter, that of its editor extension. It is told what this repository offers: inputs and outputs of its actions,
 * inputs of its reusable workflows. What the actions of others take it does not know, and asks nobody.
 */

const actionsMetadataProvider: ActionsMetadataProvider = {
  async fetchActionMetadata({ owner, name, ref, path }) {
    const folders = path === undefined ? '' : `/${path}`
    return ownMetadata(`${owner}/${name}${folders}@${ref}`) ?? { name, description: '' }
  },
}

const strangersWorkflow = stringify({
  on: 'workflow_call',
  jobs: { job: { 'runs-on': 'ubuntu-latest', steps: [{ run: 'true' }] } },
})

const fileProvider: NonNullable<ValidationConfig['fileProvider']> = {
  async getFileContent(file) {
    const repository = 'repository' in file ? `${file.owner}/${file.repository}` : undefined
    return { name: file.path, content: fileOf(repository, file.path) ?? strangersWorkflow }
  },
}

const contextProviderConfig: ContextProviderConfig = {
  async getContext(name, known, { job }) {
    // Earlier steps may have set more of them, by way of $GITHUB_ENV.
    if (name === 'env' && known !== undefined) known.complete = false
    if (name === 'steps' && known !== undefined) for (const step of job?.steps ?? []) tellOutputs(step, known)
    // Of variables and secrets the linter has a way of its own to say that it does not know them.
    return name === 'env' || name === 'steps' ? known : undefined
  },
}

type Known = NonNullable<Parameters<ContextProviderConfig['getContext']>[1]>
type Step = NonNullable<Parameters<ContextProviderConfig['getContext']>[2]['job']>['steps'][number]

function tellOutputs(step: Step, steps: Known): void {
  const metadata = 'uses' in step ? ownMetadata(step.uses.value) : undefined
  const outputs = within(within(steps, step.id), 'outputs')
  if (metadata === undefined || outputs === undefined) return
  for (const output of Object.keys(metadata.outputs)) outputs.add(output, new data.Null())
  outputs.complete = true
}

function within(dictionary: Known | undefined, key: string): Known | undefined {
  const value = dictionary?.get(key)
  return value !== undefined && isDescriptionDictionary(value) ? value : undefined
}

// It would report what breaks it here, and then find nothing wrong with the workflow.
const ignored = () => {}
registerLogger({
  error(message) {
    throw new Error(message)
  },
  warn: ignored,
  info: ignored,
  log: ignored,
})

let documents = 0

/** What is wrong with a whole workflow, or with an action's metadata; empty where nothing is. */
export async function lintProblems(
  content: unknown,
  kind: 'workflow' | 'action' = 'workflow',
): Promise<string[]> {
  // The linter remembers what it has read by its address.
  documents += 1
  const folder = kind === 'workflow' ? '.github/workflows' : 'actions'
  const address = `file:///${documents}/${folder}/${kind}.yml`
  const document = TextDocument.create(address, 'yaml', 1, stringify(withOwners(content), { lineWidth: 0 }))
  const found = await validate(document, { actionsMetadataProvider, contextProviderConfig, fileProvider })
  return found.map(({ message, range: { start, end } }) => {
    const line = document.getText({ start: { line: start.line, character: 0 }, end }).trim()
    return `${message} (${line})`
  })
}

/** Every step that uses an action of ours, named as others would: of a path the linter asks nothing. */
function withOwners(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withOwners)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const isOwn = key === 'uses' && typeof inner === 'string' && /^\.\/(?!.*\.ya?ml$)/.test(inner)
      return [key, isOwn ? withOwner(inner) : withOwners(inner)]
    }),
  )
}
