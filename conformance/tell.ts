import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { issueBody, isWorthAnIssue } from './issue.ts'
import { modeRows, modes, stepsSchema } from './modes.ts'
import { recordingsSchema } from './recording.ts'

/**
 * Usage: node conformance/tell.ts FOLDER RUN
 *
 * Writes what a run of live.yml found on standard output, as Markdown. FOLDER has the files of its artifacts: one that is missing, or that
 * cannot be read, is told. RUN is the address of the run. Ends with 0 where nobody has to look, and with 3
 * where somebody does: a program that breaks ends with 1.
 */

function main([folder, run]: readonly string[]): number {
  if (folder === undefined || run === undefined) throw new Error('Usage: node conformance/tell.ts FOLDER RUN')
  const textOf = (path: string) => {
    const file = join(folder, path)
    return existsSync(file) ? readFileSync(file, 'utf8') : undefined
  }
  const read = <S extends v.GenericSchema>(path: string, schema: S): v.InferOutput<S> | undefined => {
    const parsed = v.safeParse(v.pipe(v.string(), v.parseJson(), schema), textOf(path))
    return parsed.success ? parsed.output : undefined
  }
  const steps = read('steps.json', stepsSchema)
  const reports = new Map(modes.map(({ step }) => [step, read(`mode-${step}.json`, v.unknown())]))
  const found = {
    run,
    modes: steps && modeRows(steps, reports),
    differences: textOf('differences.txt'),
    drift: read('recordings.json', recordingsSchema)?.drift,
  }
  process.stdout.write(issueBody(found))
  return isWorthAnIssue(found) ? 3 : 0
}

process.exitCode = main(process.argv.slice(2))
