import { basename } from 'node:path'
import * as v from 'valibot'
import { parse } from 'yaml'

/** What of release.yml can be played without GitHub. */

export interface ScriptStep {
  /** Its name, or its script where it has none. */
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
 * The steps of a job that are scripts, in their order, with values instead of expressions.
 * @throws Error where the job is not there, or an expression has no value
 */
export function readSteps(text: string, job: string, values: Readonly<Record<string, string>>): ScriptStep[] {
  const steps = v.parse(workflowSchema, parse(text)).jobs[job]?.steps
  if (steps === undefined) throw new Error(`The workflow has no job ${job}`)
  const evaluated = (written: string) =>
    written.replaceAll(/\$\{\{\s*(.*?)\s*\}\}/g, (_, expression: string) => {
      const value = values[expression]
      if (value === undefined) throw new Error(`Nobody here knows the value of ${expression}`)
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

export interface Subject {
  name: string
  digest: { sha256: string }
}

/** As many files as actions/attest takes at once (its src/subject.ts). */
const MOST = 1024

/**
 * What actions/attest makes of `subject-path`: a subject is called by the name of its file, and each pair of name and digest is there once.
 * @throws Error where it would refuse the files, or find none
 */
export function subjectsOf(files: readonly { path: string; sha256: string }[]): Subject[] {
  if (files.length === 0) throw new Error('There is nothing to attest.')
  if (files.length > MOST) throw new Error(`${files.length} files are to be attested: ${MOST} is the most.`)
  const subjects = files.map(({ path, sha256 }) => ({ name: basename(path), digest: { sha256 } }))
  return [...new Map(subjects.map(subject => [JSON.stringify(subject), subject])).values()]
}
