import { randomUUID } from 'node:crypto'
import { appendFileSync } from 'node:fs'

/**
 * The few commands of GitHub's runner that this action needs. The toolkit has them too, but with an HTTP stack of 400 kB, which
 * every job that uses the gate would download.
 */

const { env } = process

export const print = (line: string) => process.stdout.write(`${line}\n`)

/** Named as in the toolkit: upper case, with its hyphens. */
export const inputOf = (name: string) => (env[`INPUT_${name.toUpperCase()}`] ?? '').trim()

export const stateOf = (name: string) => env[`STATE_${name}`] ?? ''

export const saveState = (name: string, value: string) => appendTo(env.GITHUB_STATE, name, value)

export const exportVariable = (name: string, value: string) => appendTo(env.GITHUB_ENV, name, value)

/** The value may have several lines. Nobody can guess the mark at its end. */
function appendTo(file: string | undefined, name: string, value: string): void {
  if (file === undefined) throw new Error('This is no step of a job: the files of the runner are missing.')
  const end = randomUUID()
  appendFileSync(file, `${name}<<${end}\n${value}\n${end}\n`)
}

export const mask = (secret: string) => command('add-mask', secret)
export const annotate = (message: string) => command('error', message)

function command(name: string, message: string): void {
  const escaped = message.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A')
  print(`::${name}::${escaped}`)
}

/** Prints lines of others in a separate group. The runner carries out no command in them. */
export function printForeign(title: string, lines: readonly string[]): void {
  const fence = randomUUID()
  print(`::group::${title}`)
  print(`::stop-commands::${fence}`)
  for (const line of lines) print(line)
  print(`::${fence}::`)
  print('::endgroup::')
}
