import { cpSync, mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { stringify } from 'yaml'
import { repositoryRoot } from '../scripts/tools.ts'

/** Folders that act uses as actions. */

/** The part of this repository that a runner needs. act copies the whole folder, and the repository has much more. */
export function layOutGate(folder: string): string {
  for (const part of ['action.yml', 'dist'])
    cpSync(join(repositoryRoot, part), join(folder, part), { recursive: true })
  return folder
}

/** An action that does nothing, and says why. */
export function layOutStandIn(folder: string, name: string, why: string): string {
  mkdirSync(folder, { recursive: true })
  const run = `echo ${JSON.stringify(`${name} does nothing here: ${why}.`)}`
  const action = { name, description: why, runs: { using: 'composite', steps: [{ shell: 'sh', run }] } }
  writeFileSync(join(folder, 'action.yml'), stringify(action))
  return folder
}
