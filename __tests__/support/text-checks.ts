import { stripTypeScriptTypes } from 'node:module'
import { parse } from 'yaml'
import { parseBicep, parseShell, parseTerraform, type Shell } from './parsers.ts'
import { completeWorkflow } from './workflow-fragments.ts'
import { lintProblems } from './workflow-linter.ts'

type Check = (text: string) => void | Promise<void>

/** Throws where a workflow, or a piece of one, is not right. */
async function checkWorkflow(text: string): Promise<void> {
  const workflow = completeWorkflow(parse(text))
  requireNone([...(await lintProblems(workflow)), ...scriptProblems(workflow)])
}

/** Throws where the metadata of an action are not right. */
export async function checkAction(text: string): Promise<void> {
  const metadata: unknown = parse(text)
  requireNone([...(await lintProblems(metadata, 'action')), ...scriptProblems(metadata)])
}

function requireNone(problems: readonly string[]): void {
  if (problems.length > 0) throw new Error(problems.join('\n'))
}

/** What is wrong in the scripts of any depth below. The runner puts a value instead of each expression before bash reads it. */
function scriptProblems(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) return []
  return Object.entries(value).flatMap(([key, inner]) => {
    if (key !== 'run' || typeof inner !== 'string') return scriptProblems(inner)
    try {
      parseShell('bash', inner.replaceAll(/\$\{\{.*?\}\}/g, 'value'))
      return []
    } catch (error) {
      return [String(error)]
    }
  })
}

const checkJson: Check = text => {
  JSON.parse(text)
}
const checkScript: Check = text => {
  stripTypeScriptTypes(text)
}
const checkShell =
  (shell: Shell): Check =>
  text =>
    parseShell(shell, text)
const anything: Check = () => {}

const byLanguage: Readonly<Record<string, Check>> = {
  yaml: checkWorkflow,
  json: checkJson,
  sh: checkShell('sh'),
  bash: checkShell('bash'),
  bicep: parseBicep,
  hcl: parseTerraform,
  terraform: parseTerraform,
  typescript: checkScript,
  javascript: checkScript,
  text: anything,
  diff: anything,
  mermaid: anything,
  python: anything,
  powershell: anything,
  // Examples of the local cloud, as they lie in their files: `npm run test:clients` runs those of Go and Java.
  go: anything,
  java: anything,
  csharp: anything,
}

/** By the end of a file's path; the first that fits. */
const byFile: ReadonlyArray<readonly [RegExp, Check]> = [
  [/(^|\/)action\.ya?ml$/, checkAction],
  [/^(examples|\.github\/workflows)\/.*\.ya?ml$/, checkWorkflow],
  [/\.json$/, checkJson],
  [/\.sh$|^\.ci\/run$/, checkShell('bash')],
  [/\.(bicep|bicepparam)$/, parseBicep],
  [/\.(tf|tfvars)$/, parseTerraform],
]

export const isCheckedFile = (path: string) => byFile.some(([pattern]) => pattern.test(path))

/** What is wrong with a file of a kind that is checked; empty where nothing is. */
export function fileProblem(path: string, text: string): Promise<string> {
  return problemOf(byFile.find(([pattern]) => pattern.test(path))?.[1], text)
}

/**
 * What is wrong with a fenced block; empty where nothing is. `info` is what stands behind the fence: a language, and where a second
 * word names a file, as in `yaml azure.yaml`, the YAML is no workflow.
 */
export function blockProblem(info: string, text: string): Promise<string> {
  const [language = '', file] = info.split(' ')
  if (language === 'yaml' && file !== undefined) return problemOf(parse, text)
  return problemOf(byLanguage[language], text)
}

async function problemOf(check: Check | undefined, text: string): Promise<string> {
  if (check === undefined) return 'Nothing here can read this language.'
  try {
    await check(text)
    return ''
  } catch (error) {
    return String(error)
  }
}
