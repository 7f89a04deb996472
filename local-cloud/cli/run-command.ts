import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import type { StopSignal } from './stop.ts'

/**
 * Runs a command with the terminal of this process, and passes a request to stop on to it.
 * @returns its exit code, as in a shell
 * @throws Error if it cannot be started
 */
export function runCommand(
  [program, ...args]: readonly [string, ...string[]],
  environment: Readonly<Record<string, string>>,
  stop: Promise<StopSignal>,
): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, { stdio: 'inherit', env: { ...process.env, ...environment } })
    child.once('error', error => reject(new Error(`${program} cannot be started: ${error.message}`)))
    child.once('exit', (code, signal) =>
      resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])),
    )
    // Ctrl-C reaches everything in the foreground of a terminal anyway.
    void stop.then(signal => {
      if (signal !== 'SIGINT' || !process.stdin.isTTY) child.kill(signal)
    })
  })
}
