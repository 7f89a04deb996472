import { type ChildProcess, spawn } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createInterface } from 'node:readline'
import type { Readable } from 'node:stream'
import * as v from 'valibot'
import { parse } from 'yaml'

/**
 * Runs a JavaScript action as GitHub's runner does (actions/runner, NodeScriptActionHandler and ActionCommandManager): inputs
 * and file commands through the environment, workflow commands taken out of the output, masks applied to what is left.
 */

export interface ActionInvocation {
  /** Folder of the action: where its action.yml lies. */
  action: string
  /** Started instead of what action.yml names for the step; relative to the action. */
  entry?: string
  /** Default: the main step. */
  step?: 'main' | 'post'
  /** What the main step left for the post step: `state` of its result. */
  state?: Readonly<Record<string, string>>
  /** As in `with:`; what is missing gets its default from action.yml. */
  inputs: Readonly<Record<string, string>>
  /** What the job's environment adds to the runner's own. */
  env?: Readonly<Record<string, string>>
  /** Options of node itself, before the entry. */
  nodeOptions?: readonly string[]
  /** An empty folder for the file commands, RUNNER_TEMP and the workspace; it is the caller's, and stays. */
  workFolder: string
  /** Called for each line of the log, as a person would see it. */
  onLine?: (line: string) => void
}

interface Annotation {
  level: 'error' | 'warning' | 'notice'
  title: string | undefined
  message: string
}

export interface ActionResult {
  /** Null where a signal ended the process. */
  exitCode: number | null
  /** The log as a person sees it: commands taken out, masks applied. */
  log: readonly string[]
  /** The same lines before masks were applied, for tests that nothing relies on masks. */
  unmasked: readonly string[]
  annotations: readonly Annotation[]
  /** Secrets that the action registered. */
  masks: readonly string[]
  outputs: Readonly<Record<string, string>>
  state: Readonly<Record<string, string>>
  /** Variables that it set for later steps. */
  environment: Readonly<Record<string, string>>
  summary: string
}

interface RunningAction {
  process: ChildProcess
  /** When the process was started: action.yml had been read by then. Milliseconds since the epoch. */
  startedAt: number
  result: Promise<ActionResult>
}

const manifest = v.object({
  inputs: v.optional(v.record(v.string(), v.object({ default: v.optional(v.string()) })), {}),
  runs: v.object({ main: v.string(), post: v.optional(v.string()) }),
})

/** By content: to parse it again for each run takes a fiftieth of what the run takes. */
const manifests = new Map<string, v.InferOutput<typeof manifest>>()

function readManifest(path: string): v.InferOutput<typeof manifest> {
  const text = readFileSync(path, 'utf8')
  const known = manifests.get(text)
  if (known !== undefined) return known
  const read = v.parse(manifest, parse(text))
  manifests.set(text, read)
  return read
}

const fileCommands = [
  'GITHUB_OUTPUT',
  'GITHUB_STATE',
  'GITHUB_ENV',
  'GITHUB_PATH',
  'GITHUB_STEP_SUMMARY',
] as const
type CommandFiles = Record<(typeof fileCommands)[number], string>

export function startAction(invocation: ActionInvocation): RunningAction {
  const { action, step = 'main', state = {} } = invocation
  const workFolder = resolve(invocation.workFolder)
  const { inputs: declared, runs } = readManifest(join(action, 'action.yml'))
  const entry = invocation.entry ?? runs[step]
  if (entry === undefined) throw new Error(`The action has no ${step} step`)
  const files = createCommandFiles(workFolder)
  const [temp, workspace] = [join(workFolder, 'temp'), join(workFolder, 'workspace')]
  for (const folder of [temp, workspace]) mkdirSync(folder)
  const defaults = Object.fromEntries(
    Object.entries(declared).map(([name, input]) => [name, input.default ?? '']),
  )
  const reader = createLogReader(invocation.onLine, invocation.env?.RUNNER_DEBUG === '1')
  const startedAt = Date.now()
  const child = spawn(process.execPath, [...(invocation.nodeOptions ?? []), resolve(action, entry)], {
    cwd: workspace,
    env: {
      PATH: process.env.PATH ?? '',
      ...invocation.env,
      RUNNER_TEMP: temp,
      GITHUB_WORKSPACE: workspace,
      ...files,
      ...inputVariables({ ...defaults, ...invocation.inputs }),
      ...Object.fromEntries(Object.entries(state).map(([name, value]) => [`STATE_${name}`, value])),
    },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  return { process: child, startedAt, result: collect(child, files, reader) }
}

function createCommandFiles(folder: string): CommandFiles {
  const entries = fileCommands.map(name => [name, join(folder, name)] as const)
  for (const [, path] of entries) writeFileSync(path, '')
  return Object.fromEntries(entries) as CommandFiles
}

/** `with: client-id` becomes INPUT_CLIENT-ID: upper case, blanks to underscores, hyphens kept. */
function inputVariables(inputs: Readonly<Record<string, string>>): Record<string, string> {
  return Object.fromEntries(
    Object.entries(inputs).map(([name, value]) => [
      `INPUT_${name.replaceAll(' ', '_').toUpperCase()}`,
      value,
    ]),
  )
}

async function collect(
  child: ChildProcess & { stdout: Readable; stderr: Readable },
  files: CommandFiles,
  reader: ReturnType<typeof createLogReader>,
): Promise<ActionResult> {
  const exited = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  const read = [child.stdout, child.stderr].map(stream => readLines(stream, reader.take))
  const [exitCode] = await Promise.all([exited, ...read])
  return {
    exitCode,
    ...reader.result(),
    outputs: readKeyValues(readFileSync(files.GITHUB_OUTPUT, 'utf8')),
    state: readKeyValues(readFileSync(files.GITHUB_STATE, 'utf8')),
    environment: readKeyValues(readFileSync(files.GITHUB_ENV, 'utf8')),
    summary: readFileSync(files.GITHUB_STEP_SUMMARY, 'utf8'),
  }
}

async function readLines(stream: Readable, take: (line: string) => void): Promise<void> {
  for await (const line of createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY })) take(line)
}

interface Command {
  name: string
  properties: Record<string, string>
  message: string
}

const commandNames = new Set([
  ...[
    'add-mask',
    'add-matcher',
    'add-path',
    'debug',
    'echo',
    'endgroup',
    'error',
    'group',
    'notice',
    'remove-matcher',
  ],
  ...['save-state', 'set-env', 'set-output', 'stop-commands', 'warning'],
])

/** How a command is written: what stands around its head, what parts its properties, and what is escaped in which part. */
interface Notation {
  pattern: RegExp
  separator: string
  ofProperties: string
  ofMessage: string
}

const LINE_ENDS = '\r\n'
/** In the order in which the runner tries them: `::name key=value,…::message`, `##[name key=value;…]message`. */
const notations: readonly Notation[] = [
  {
    pattern: /^\s*::(?<head>.*?)::(?<message>.*)$/,
    separator: ',',
    ofProperties: `${LINE_ENDS}:,`,
    ofMessage: LINE_ENDS,
  },
  {
    pattern: /^.*?##\[(?<head>[^\]]*)\](?<message>.*)$/,
    separator: ';',
    ofProperties: `${LINE_ENDS};]`,
    ofMessage: `${LINE_ENDS};]`,
  },
]

/** The command that a line is: it begins with one, or has one of the old form anywhere in it. */
export function parseCommand(line: string): Command | undefined {
  for (const notation of notations) {
    const command = readCommand(line, notation)
    if (command !== undefined) return command
  }
  return undefined
}

function readCommand(
  line: string,
  { pattern, separator, ofProperties, ofMessage }: Notation,
): Command | undefined {
  const { head, message = '' } = pattern.exec(line)?.groups ?? {}
  const [, name = '', properties = ''] = /^([^ ]*)(?: (.*))?$/.exec(head ?? '') ?? []
  if (!commandNames.has(name.toLowerCase())) return undefined
  const pairs = properties.split(separator).map(pair => pair.trim().split('='))
  return {
    name: name.toLowerCase(),
    properties: Object.fromEntries(
      pairs.flatMap(([key = '', ...value]) =>
        key === '' ? [] : [[key, unescaped(value.join('='), ofProperties)]],
      ),
    ),
    message: unescaped(message, ofMessage),
  }
}

/** The percent sign last: it is how the others are escaped. */
const unescaped = (text: string, characters: string) =>
  [...characters, '%'].reduce((so, character) => {
    const code = character.charCodeAt(0).toString(16).toUpperCase().padStart(2, '0')
    return so.replaceAll(`%${code}`, character)
  }, text)

const levelWords: Record<Annotation['level'], string> = {
  error: 'Error',
  warning: 'Warning',
  notice: 'Notice',
}
const isLevel = (name: string): name is Annotation['level'] => name in levelWords

/** The runner masks every line of a secret that has several. */
const linesOf = (secret: string) =>
  secret
    .split(/[\r\n]+/)
    .map(line => line.trim())
    .filter(line => line !== '')

/** What is printed of a command that is neither a mask nor an annotation. */
function shownOf({ name, message }: Command, isDebug: boolean): string[] {
  if (name === 'group') return [message]
  return name === 'debug' && isDebug ? message.split('\n').map(line => `##[debug]${line}`) : []
}

/** @param isDebug whether debug lines are shown, as the runner does where RUNNER_DEBUG is 1 */
function createLogReader(onLine: ActionInvocation['onLine'], isDebug: boolean) {
  const log: string[] = []
  const unmasked: string[] = []
  const masks = new Set<string>()
  const annotations: Annotation[] = []

  const masked = (line: string) =>
    [...masks]
      .toSorted((a, b) => b.length - a.length)
      .reduce((text, secret) => text.replaceAll(secret, '***'), line)

  function print(line: string): void {
    unmasked.push(line)
    log.push(masked(line))
    onLine?.(masked(line))
  }

  function run(command: Command): void {
    const { name, properties, message } = command
    if (name === 'add-mask') {
      for (const secret of linesOf(message)) masks.add(secret)
    } else if (isLevel(name)) {
      annotations.push({ level: name, title: properties.title, message: masked(message).slice(0, 4096) })
      for (const line of `${levelWords[name]}: ${message}`.split('\n')) print(line)
    } else {
      for (const line of shownOf(command, isDebug)) print(line)
    }
  }

  /** Between `stop-commands` and the token that it names, lines are no commands. */
  let fence: string | undefined

  return {
    take(line: string): void {
      if (fence !== undefined) {
        if (line.trim() === `::${fence}::`) fence = undefined
        else print(line)
        return
      }
      const command = parseCommand(line)
      if (command === undefined) print(line)
      else if (command.name === 'stop-commands') fence = command.message
      else run(command)
    },
    result: () => ({ log, unmasked, annotations, masks: [...masks] }),
  }
}

/**
 * The heredoc form that the toolkit writes, and `name=value`: whichever sign comes first.
 * @throws Error where the runner would fail the step
 */
export function readKeyValues(text: string): Record<string, string> {
  const values: Record<string, string> = {}
  const lines = text.split(/\r?\n/)
  for (let index = 0; index < lines.length; index += 1) {
    const line = lines[index] ?? ''
    if (line === '') continue
    const { name, sign, rest = '' } = /^(?<name>.+?)(?<sign>=|<<)(?<rest>.*)$/.exec(line)?.groups ?? {}
    if (name === undefined || (sign === '<<' && rest === '')) throw new Error(`Invalid format '${line}'`)
    if (sign === '=') {
      values[name] = rest
      continue
    }
    const end = lines.indexOf(rest, index + 1)
    if (end === -1) throw new Error(`Invalid value. Matching delimiter not found '${rest}'`)
    values[name] = lines.slice(index + 1, end).join('\n')
    index = end
  }
  return values
}
