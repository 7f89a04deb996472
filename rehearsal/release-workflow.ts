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

interface Subject {
  name: string
  digest: { sha256: string }
}

/** As many as actions/attest takes at once (its src/subject.ts). */
const MOST = 1024

/**
 * What actions/attest makes of `subject-checksums`, which is what sha256sum writes: each pair of name and digest is there once.
 * @throws Error where it would refuse a line, skip it, or find none
 */
export function subjectsOf(checksums: string): Subject[] {
  const subjects = checksums
    .split('\n')
    .filter(line => line !== '')
    .map(line => {
      const [, sha256, name] = /^([0-9a-f]{64}) [ *](.+)$/.exec(line) ?? []
      if (sha256 === undefined || name === undefined) throw new Error(`${line} names nothing to attest.`)
      return { name, digest: { sha256 } }
    })
  if (subjects.length === 0) throw new Error('There is nothing to attest.')
  if (subjects.length > MOST)
    throw new Error(`${subjects.length} files are to be attested: ${MOST} is the most.`)
  return [...new Map(subjects.map(subject => [JSON.stringify(subject), subject])).values()]
}
