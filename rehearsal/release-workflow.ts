import * as v from 'valibot'
import { parse } from 'yaml'

/** The parts of release.yml that can run without GitHub. */

export interface ScriptStep {
  /** Its name; if it has none, its script. */
  name: string
  script: string
  env: Readonly<Record<string, string>>
}

const workflowSchema = v.object({
  jobs: v.record(
    v.string(),
    v.object({
      steps: v.array(
        v.object({
          name: v.optional(v.string()),
          run: v.optional(v.string()),
          env: v.optional(v.record(v.string(), v.string()), {}),
        }),
      ),
    }),
  ),
})

/**
 * The script steps of a job, in order, with values instead of expressions.
 * @throws Error if the job is missing, or if an expression has no value
 */
export function readSteps(text: string, job: string, values: Readonly<Record<string, string>>): ScriptStep[] {
  const steps = v.parse(workflowSchema, parse(text)).jobs[job]?.steps
  if (steps === undefined) throw new Error(`The workflow has no job ${job}`)
  const evaluated = (written: string) =>
    written.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
      const value = values[expression]
      if (value === undefined) throw new Error(`The rehearsal has no value for ${expression}`)
      return value
    })
  return steps.flatMap(({ name, run, env }) =>
    run === undefined
      ? []
      : [
          {
            name: name ?? run,
            script: evaluated(run),
            env: Object.fromEntries(Object.entries(env).map(([key, value]) => [key, evaluated(value)])),
          },
        ],
  )
}

interface Subject {
  name: string
  digest: { sha256: string }
}

/** The limit of actions/attest (its src/subject.ts). */
const MOST = 1024

/**
 * Reads `subject-checksums`, in the format of sha256sum, as actions/attest does: each pair of name and digest counts once.
 * @throws Error if actions/attest would refuse or skip a line, or find none
 */
export function subjectsOf(checksums: string): Subject[] {
  const subjects = checksums
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [, sha256, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
      if (sha256 === undefined || name === undefined)
        throw new Error(`${line} does not name a file and its digest.`)
      return { name, digest: { sha256 } }
    })
  if (subjects.length === 0) throw new Error('There is nothing to attest.')
  if (subjects.length > MOST)
    throw new Error(`${subjects.length} files to attest are too many: the limit is ${MOST}.`)
  return [...new Map(subjects.map(subject => [JSON.stringify(subject), subject])).values()]
}
