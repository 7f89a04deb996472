import { parseArgs } from 'node:util'
import { type ReplicasBy, replicaChoices } from '../replicas.ts'
import { FORMATS, type Format } from './formats.ts'

/** A mistake on the command line; ends the program with status 2. */
export class UsageError extends Error {}

/** How to start a cloud. */
export interface StartOptions {
  port?: number
  seedFile?: string
  granted: boolean
  /** Milliseconds. */
  propagation?: number[]
  /** Milliseconds. */
  keyAccessLag?: number[]
  replicasBy?: ReplicasBy
  /** Milliseconds. */
  provisioning?: number
  throttling: boolean
  instanceDiscovery: boolean
  format: Format
  /** A command and its arguments, which run in the environment of the cloud and end it. */
  command?: readonly [string, ...string[]]
}

type CommandLine =
  | { kind: 'help' }
  | { kind: 'start'; options: StartOptions }
  | { kind: 'init'; file: string }
  /** `file`: where another process writes its variables to; undefined: they are in the environment. */
  | { kind: 'wait'; file: string | undefined; timeoutMs: number }

const optionsOf = {
  start: {
    help: { type: 'boolean', short: 'h' },
    port: { type: 'string' },
    seed: { type: 'string' },
    granted: { type: 'boolean' },
    propagation: { type: 'string' },
    'key-access-lag': { type: 'string' },
    'replicas-by': { type: 'string' },
    provisioning: { type: 'string' },
    throttling: { type: 'boolean' },
    'instance-discovery': { type: 'boolean' },
    format: { type: 'string' },
  },
  init: { help: { type: 'boolean', short: 'h' } },
  wait: { help: { type: 'boolean', short: 'h' }, timeout: { type: 'string' } },
} as const

/** @throws UsageError */
export function readCommandLine(args: readonly string[]): CommandLine {
  const [first, ...others] = args
  if (first === 'init') return readInit(others)
  if (first === 'wait') return readWait(others)
  return readStart(args)
}

function readInit(args: readonly string[]): CommandLine {
  const { values, positionals } = parsed(() =>
    parseArgs({ args: [...args], options: optionsOf.init, allowPositionals: true }),
  )
  if (values.help) return { kind: 'help' }
  return { kind: 'init', file: onlyOne('init', positionals) ?? 'local-cloud.yaml' }
}

function readWait(args: readonly string[]): CommandLine {
  const { values, positionals } = parsed(() =>
    parseArgs({ args: [...args], options: optionsOf.wait, allowPositionals: true }),
  )
  if (values.help) return { kind: 'help' }
  const seconds = numberOf('--timeout', values.timeout ?? '60', 1, 86_400)
  return { kind: 'wait', file: onlyOne('wait', positionals), timeoutMs: seconds * 1000 }
}

function readStart(args: readonly string[]): CommandLine {
  const end = args.indexOf('--')
  const own = end < 0 ? args : args.slice(0, end)
  const { values } = parsed(() => parseArgs({ args: [...own], options: optionsOf.start }))
  if (values.help) return { kind: 'help' }
  const options: StartOptions = {
    granted: values.granted === true,
    throttling: values.throttling === true,
    instanceDiscovery: values['instance-discovery'] === true,
    format: oneOf('--format', values.format ?? 'shell', FORMATS),
  }
  if (values.port !== undefined) options.port = numberOf('--port', values.port, 1, 65_535)
  if (values.seed !== undefined) options.seedFile = values.seed
  if (values.propagation !== undefined) options.propagation = lagsOf('--propagation', values.propagation)
  if (values['key-access-lag'] !== undefined)
    options.keyAccessLag = lagsOf('--key-access-lag', values['key-access-lag'])
  if (values['replicas-by'] !== undefined)
    options.replicasBy = oneOf('--replicas-by', values['replicas-by'], replicaChoices)
  if (values.provisioning !== undefined)
    options.provisioning = numberOf('--provisioning', values.provisioning, 0, 86_400) * 1000
  if (end >= 0) options.command = commandOf(args.slice(end + 1))
  return { kind: 'start', options }
}

/** Turns what Node's parser throws into a UsageError. */
function parsed<T>(parse: () => T): T {
  try {
    return parse()
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error))
  }
}

function onlyOne(command: string, positionals: readonly string[]): string | undefined {
  const [one, ...more] = positionals
  if (more.length > 0) throw new UsageError(`${command} takes one file: '${more.join(' ')}' is too much.`)
  return one
}

function commandOf([program, ...args]: readonly string[]): [string, ...string[]] {
  if (program === undefined) throw new UsageError("A command has to follow '--'.")
  return [program, ...args]
}

function oneOf<Choice extends string>(option: string, text: string, choices: readonly Choice[]): Choice {
  const choice = choices.find(known => known === text)
  if (choice !== undefined) return choice
  throw new UsageError(`${option} is '${text}': it can be ${choices.join(', ')}.`)
}

function numberOf(option: string, text: string, lowest: number, highest: number): number {
  const value = Number(text)
  if (/^\d+$/.test(text) && value >= lowest && value <= highest) return value
  throw new UsageError(`${option} is '${text}': it takes whole numbers from ${lowest} to ${highest}.`)
}

/** One number of seconds a replica, in milliseconds. */
const lagsOf = (option: string, text: string) =>
  text.split(',').map(seconds => numberOf(option, seconds, 0, 86_400) * 1000)
