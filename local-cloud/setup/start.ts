import { type ChildProcess, spawn } from 'node:child_process'
import { openSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import * as v from 'valibot'
import { exportVariable, inputOf, mask, print, saveState } from './runner.ts'

const SECRETS = ['ACTIONS_ID_TOKEN_REQUEST_TOKEN', 'IDENTITY_HEADER', 'LOCAL_CLOUD_CONTROL_TOKEN']

/** Beside this file in the built action. */
const PROGRAM = join(import.meta.dirname, '../cli/index.js')

/**
 * Starts the cloud as a process that outlives the step, and exports its environment.
 * @throws Error with what it printed, if it does not start
 */
export async function start(): Promise<void> {
  const log = join(process.env.RUNNER_TEMP ?? '.', `local-cloud-${process.pid}.log`)
  const child = spawn(process.execPath, [PROGRAM, '--format', 'json', ...optionsFromInputs()], {
    detached: true,
    stdio: ['ignore', 'pipe', openSync(log, 'w')],
  })
  const variables = await firstOutput(child).catch(() => {
    throw new Error(`The local cloud did not start:\n${readFileSync(log, 'utf8')}`)
  })
  saveState('pid', String(child.pid))
  child.unref()
  for (const name of SECRETS) if (variables[name]) mask(variables[name])
  for (const [name, value] of Object.entries(variables)) {
    // The runner sets its own again for every step.
    if (!name.startsWith('GITHUB_')) exportVariable(name, value)
  }
  print('The local cloud is up.')
}

function optionsFromInputs(): string[] {
  const valued = ['seed', 'propagation', 'replicas-by', 'port'].flatMap(name => {
    const value = inputOf(name)
    return value === '' ? [] : [`--${name}`, value]
  })
  const flags = ['granted', 'throttling'].filter(isOn).map(name => `--${name}`)
  return [...valued, ...flags]
}

/** @throws Error if the input is neither true nor false */
function isOn(name: string): boolean {
  const value = inputOf(name)
  if (value !== 'true' && value !== 'false')
    throw new Error(`${name} is '${value}': it can be true or false.`)
  return value === 'true'
}

/** The variables come in one piece. Rejects if the program ends before. */
async function firstOutput(child: ChildProcess): Promise<Record<string, string>> {
  const text = await new Promise<string>((resolve, reject) => {
    child.stdout?.setEncoding('utf8').once('data', resolve)
    child.once('error', reject)
    child.once('exit', reject)
  })
  child.stdout?.destroy()
  return v.parse(v.record(v.string(), v.string()), JSON.parse(text))
}
