import * as v from 'valibot'
import { parse } from 'yaml'
import type { LocalCloud } from '../../local-cloud/local-cloud.ts'
import { wordsToCommand } from './az-arguments.ts'
import { azHandlers } from './az-handlers.ts'
import { deploy } from './bicep-fix.ts'
import { argumentsOf as wordsOf } from './pasted-command.ts'

/**
 * Applies the fixes that a diagnosis prints to the world of a local cloud, as an administrator would who pastes them: az
 * commands go through a real shell, YAML and Bicep are read as such. What it does not know it refuses, loudly.
 */

export const fixSchema = v.object({
  title: v.string(),
  language: v.picklist(['bash', 'yaml', 'bicep', 'text']),
  text: v.string(),
})
export type Fix = v.InferOutput<typeof fixSchema>

/** What a change of the workflow file does to the next run. */
interface WorkflowChange {
  inputs: Record<string, string>
  env: Record<string, string>
  /** A condition of the job or of the step leaves the next run out. */
  skipped: boolean
}

/** @param fill what a person puts instead of `<PLACEHOLDERS>` */
export function applyFix(
  cloud: LocalCloud,
  fix: Fix,
  fill: Readonly<Record<string, string>> = {},
): WorkflowChange {
  const text = Object.entries(fill).reduce(
    (filled, [name, value]) => filled.replaceAll(name, value),
    fix.text,
  )
  const left = /<[A-Z][A-Z0-9 _-]*>/.exec(text)
  if (left !== null) throw new Error(`Nobody filled in ${left[0]} of "${fix.title}":\n${text}`)
  switch (fix.language) {
    case 'bash':
      runAz(cloud, wordsOf({ text }))
      return { inputs: {}, env: {}, skipped: false }
    case 'bicep':
      deploy(cloud.world, text)
      return { inputs: {}, env: {}, skipped: false }
    case 'yaml':
      return changeOf(parse(text), cloud)
    case 'text':
      throw new Error(`"${fix.title}" is advice to a person: ${text}`)
  }
}

function runAz({ world }: LocalCloud, words: readonly string[]): void {
  const { command, args } = wordsToCommand(words)
  if (/ (list|show)$/.test(command)) return
  const handler = azHandlers[command]
  if (handler === undefined) throw new Error(`Nobody taught the tests what \`az ${words.join(' ')}\` does`)
  handler(args, world)
}

const scalars = v.record(
  v.string(),
  v.pipe(v.union([v.string(), v.number(), v.boolean()]), v.transform(String)),
)

/** Reads a piece of a workflow file: of a step, of a job, or of all of it. */
function changeOf(yaml: unknown, cloud: LocalCloud): WorkflowChange {
  const found = entriesOf(yaml)
  const under = (name: string) => found.filter(([key]) => key === name).map(([, value]) => value)
  const all = (name: string): Record<string, string> =>
    Object.assign({}, ...under(name).map(value => v.parse(scalars, value)))
  return {
    inputs: all('with'),
    env: { ...all('env'), ...givenBy(all('permissions'), cloud) },
    skipped: under('if').length > 0,
  }
}

/** Keys and values at every depth. */
function entriesOf(node: unknown): Array<[string, unknown]> {
  if (typeof node !== 'object' || node === null) return []
  return Object.entries(node).flatMap(([key, value]) => [[key, value], ...entriesOf(value)])
}

/** The runner offers OIDC tokens to jobs with the permission. */
function givenBy(permissions: Readonly<Record<string, string>>, cloud: LocalCloud): Record<string, string> {
  if (permissions['id-token'] !== 'write') return {}
  const { ACTIONS_ID_TOKEN_REQUEST_URL = '', ACTIONS_ID_TOKEN_REQUEST_TOKEN = '' } = cloud.runnerEnvironment()
  return { ACTIONS_ID_TOKEN_REQUEST_URL, ACTIONS_ID_TOKEN_REQUEST_TOKEN }
}
