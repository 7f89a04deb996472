import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/**
 * Who started this process. npm passes a signal on to the shell in which it runs a command, and a shell that dies of it leaves its
 * command behind. So a server that npm started has to check itself whether npm is still there.
 */

/** A process, and the one that started it. */
interface Link {
  pid: number
  parent: number
}

/** What is known about a process; undefined if it has ended. */
export interface ProcessTable {
  parentOf(pid: number): number | undefined
  /** The command line, word by word. */
  wordsOf(pid: number): readonly string[]
}

/** npm, a shell, node. If an npm is further up, a program below it started the server on purpose. */
const FURTHEST = 2

/** The links from a process up to the npm that started it; none if no npm did. */
export function linksToNpm(pid: number, table: ProcessTable): Link[] {
  const links: Link[] = []
  let child = pid
  for (let step = 0; step < FURTHEST; step += 1) {
    const parent = table.parentOf(child)
    if (parent === undefined || parent <= 1) return []
    links.push({ pid: child, parent })
    if (isNpm(table.wordsOf(parent))) return links
    child = parent
  }
  return []
}

/** A process whose parent has died belongs to another one, even while the dead one is still listed. */
export const isUnbroken = (links: readonly Link[], table: ProcessTable) =>
  links.every(({ pid, parent }) => table.parentOf(pid) === parent)

const NPM = ['npm', 'npx', 'npm-cli.js', 'npx-cli.js']

/** npm gives itself a title, such as `npm exec key-less-cloud`; before, it is a script of node's. */
function isNpm(words: readonly string[]): boolean {
  const [program, script] = words.map(word => basename(word))
  return NPM.includes(program ?? '') || (program === 'node' && NPM.includes(script ?? ''))
}

/** From /proc on Linux, and from ps everywhere else. */
export const processTable: ProcessTable = {
  parentOf(pid) {
    if (pid === process.pid) return process.ppid
    if (process.platform !== 'linux') return Number(ps(pid, 'ppid=')) || undefined
    // The name in parentheses may hold anything, parentheses too.
    const [, parent] = /\) \S+ (\d+)/.exec(read(`/proc/${pid}/stat`)) ?? []
    return parent === undefined ? undefined : Number(parent)
  },
  wordsOf(pid) {
    const line = process.platform === 'linux' ? read(`/proc/${pid}/cmdline`) : ps(pid, 'args=')
    return line.split(/[\0\s]+/).filter(Boolean)
  },
}

function read(file: string): string {
  try {
    return readFileSync(file, 'utf8')
  } catch {
    return ''
  }
}

/** Windows has no ps: there nobody notices the end of a parent. */
function ps(pid: number, field: string): string {
  try {
    return execFileSync('ps', ['-o', field, '-p', String(pid)], {
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'ignore'],
    })
  } catch {
    return ''
  }
}
