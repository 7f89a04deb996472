import { execFile } from 'node:child_process'
import { existsSync } from 'node:fs'
import { delimiter, join } from 'node:path'

/** Programs that a script runs, but does not install. */

/** The result of a command. */
export interface Outcome {
  status: number
  stdout: string
  stderr: string
}

/** Runs a program to its end. */
export function execute(
  file: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv,
  cwd = process.cwd(),
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    execFile(file, args, { env, cwd, maxBuffer: 20_000_000 }, (error, stdout, stderr) => {
      if (error !== null && typeof error.code !== 'number') reject(error)
      else resolve({ status: Number(error?.code ?? 0), stdout, stderr })
    })
  })
}

/** The same, for a program that must succeed. @returns its output. @throws Error with its output, if it fails */
export async function mustRun(...[file, args, env, cwd]: Parameters<typeof execute>): Promise<string> {
  const { status, stdout, stderr } = await execute(file, args, env, cwd)
  if (status !== 0) throw new Error(`${file} ${args.join(' ')} ended with ${status}\n${stdout}${stderr}`)
  return stdout
}

/** Searches the PATH and runs nothing: the program could write into the user's configuration. */
export function isOnPath(program: string): boolean {
  const folders = (process.env.PATH ?? '').split(delimiter)
  return folders.some(folder => existsSync(join(folder, program)))
}
