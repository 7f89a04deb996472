import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import * as v from 'valibot'
import { readKeyValues } from '../../action-runner/index.ts'

/** The part of a workflow's step that its script has to do with. */
export const scriptStepSchema = v.object({
  name: v.optional(v.string()),
  run: v.optional(v.string()),
  env: v.optional(v.record(v.string(), v.string()), {}),
})
type ScriptStep = v.InferOutput<typeof scriptStepSchema>

/** By its name. Throws where there is none. */
export function stepNamed<S extends ScriptStep>(steps: readonly S[], name: string): S {
  const step = steps.find(candidate => candidate.name === name)
  if (step === undefined) throw new Error(`There is no step named ${name}`)
  return step
}

interface Surroundings {
  /** What the step declares under `env:`, all of it, in place of the expressions. */
  env: Readonly<Record<string, string>>
  /** What the runner, or the job, has set. */
  runner?: Readonly<Record<string, string>>
  /** Programs of the runner that a script calls, as bash scripts by name. */
  programs?: Readonly<Record<string, string>>
  /** What lies in the folder that it runs in, by path. */
  files?: Readonly<Record<string, string>>
}

/** Runs a step's script as the runner does. */
export function runScript(step: ScriptStep, { env, runner = {}, programs = {}, files = {} }: Surroundings) {
  expect(Object.keys(env).toSorted()).toEqual(Object.keys(step.env).toSorted())
  const folder = mkdtempSync(join(tmpdir(), 'step-script-'))
  const output = join(folder, 'output')
  const summary = join(folder, 'summary')
  for (const file of [output, summary]) writeFileSync(file, '')
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true })
    writeFileSync(join(folder, path), text)
  }
  for (const [name, script] of Object.entries(programs))
    writeFileSync(join(folder, name), `#!/usr/bin/env bash\n${script}\n`, { mode: 0o755 })
  try {
    const { status, stdout } = spawnSync('bash', ['-e', '-c', step.run ?? ''], {
      cwd: folder,
      env: {
        PATH: `${folder}:${process.env.PATH ?? ''}`,
        GITHUB_OUTPUT: output,
        GITHUB_STEP_SUMMARY: summary,
        ...runner,
        ...env,
      },
      encoding: 'utf8',
    })
    return {
      status,
      stdout,
      outputs: readKeyValues(readFileSync(output, 'utf8')),
      summary: readFileSync(summary, 'utf8'),
      /** What it wrote into its folder, by name. */
      files: filesIn(folder, ['output', 'summary', ...Object.keys(programs)]),
    }
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function filesIn(folder: string, known: readonly string[]): Record<string, string> {
  const names = readdirSync(folder, { withFileTypes: true }).flatMap(entry =>
    entry.isFile() && !known.includes(entry.name) ? [entry.name] : [],
  )
  return Object.fromEntries(names.map(name => [name, readFileSync(join(folder, name), 'utf8')]))
}
