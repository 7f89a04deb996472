import { createHash, randomUUID } from 'node:crypto'
import { mkdirSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { basename, dirname, join, resolve } from 'node:path'
import { localFailure, StepError } from '../core/failures/failure.ts'
import { errorCode } from '../core/http/network-failure.ts'
import { plain } from '../core/text/untrusted.ts'

/** The path of a step's report. Each gate of a job has a different one, so that an attestation does not sign another gate's report. */

type Environment = Readonly<Record<string, string | undefined>>

/** A path that no other gate of the job uses: from the name of the step, with a number if that is not enough. */
export function ownReportPath(env: Environment): string {
  const step = (env.GITHUB_ACTION ?? '').replace(/[^\w.-]/g, '_').slice(0, 80)
  for (let count = 1; ; count += 1) {
    const name = ['key-less-gate-report', step, count === 1 ? '' : String(count)].filter(part => part !== '')
    const path = join(temporaryFolder(env), `${name.join('-')}.json`)
    if (isMine(path)) return path
  }
}

/**
 * The path in `report-path`, claimed for this step.
 * @throws StepError `input-invalid` if another gate of the job has it.
 */
export function givenReportPath(given: string, env: Environment): string {
  const path = resolve(given)
  // The runner empties the folder before and after each job.
  const isOfJob = env.RUNNER_TEMP !== undefined && env.RUNNER_TEMP !== ''
  if (!isOfJob || isMine(join(temporaryFolder(env), `key-less-gate-report-path-${nameOf(path)}`))) return path
  throw new StepError(
    'reading the inputs',
    localFailure(
      'input-invalid',
      `\`report-path\` is "${plain(given, 200)}", and another gate of this job has its report there; give each a path of its own, or none`,
    ),
  )
}

/** Writes the whole report or nothing. Replaces a link at the path and does not follow it. @throws errors of the file system */
export function writeReportFile(path: string, text: string): void {
  mkdirSync(dirname(path), { recursive: true })
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}`)
  try {
    writeFileSync(draft, text, { flag: 'wx' })
    renameSync(draft, path)
  } catch (error) {
    rmSync(draft, { force: true })
    throw error
  }
}

const temporaryFolder = ({ RUNNER_TEMP }: Environment) => RUNNER_TEMP || tmpdir()

/** A name that is the same for the same file, no matter which links lead to its folder. */
function nameOf(path: string): string {
  const folder = realFolder(dirname(path))
  return createHash('sha256')
    .update(join(folder, basename(path)))
    .digest('hex')
    .slice(0, 32)
}

function realFolder(folder: string): string {
  try {
    return realpathSync(folder)
  } catch {
    return folder
  }
}

/** Claims the path by creating a file, which only one process can do. If it cannot be created, writing the report says why. */
function isMine(path: string): boolean {
  try {
    writeFileSync(path, '', { flag: 'wx' })
    return true
  } catch (error) {
    return errorCode(error) !== 'EEXIST'
  }
}
