import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { delimiter } from 'node:path'
import { text } from 'node:stream/consumers'

/**
 * Runs a script of the repository with sh, which finds the programs of `folder` before those of this machine.
 * @param env the script's whole environment, but for PATH
 */
export async function runScript(
  file: string,
  args: readonly string[],
  folder: string,
  env: Readonly<Record<string, string>> = {},
): Promise<{ status: unknown; stdout: string; stderr: string }> {
  const script = spawn('sh', [file, ...args], {
    env: { ...env, PATH: `${folder}${delimiter}${process.env.PATH}` },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  const [stdout, stderr, [status]] = await Promise.all([
    text(script.stdout),
    text(script.stderr),
    once(script, 'close'),
  ])
  return { status, stdout, stderr }
}
