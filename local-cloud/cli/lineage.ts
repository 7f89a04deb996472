import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { basename } from 'node:path'

/**
 * Who started this process. npm passes a signal on to the shell that it runs a command in, and a shell that dies of it leaves its
 * command behind: a server that npm started has to look itself whether npm is still there.
 */

/** A process, and the one that started it. */
interface Link {
  pid: number
  parent: number
}

/** What can be told of a process; undefined where it is gone. */
export interface ProcessTable {
  parentOf(pid: number): number | undefined
  /** The command line, word by word. */
  wordsOf(pid: number): readonly string[]
}

/** npm, a shell, node: where an npm is further up, a program below it started the server, and knows what it does. */
const FURTHEST = 2

/** The links from a process up to the npm that started it; none where no npm did. */
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

/** A process whose parent died belongs to another one, even while the dead one's entry lies about. */
export const isUnbroken = (links: readonly Link[], table: ProcessTable) =>
  links.every(({ pid, parent }) => table.parentOf(pid) === parent)

const NPM = ['npm', 'npx', 'npm-cli.js', 'npx-cli.js']

/** npm gives itself a title, such as `npm exec key-less-cloud`; before, it is a script of node's. */
function isNpm(words: readonly string[]): boolean {
  const [program, script] = words.map(word => basename(word))
  return NPM.includes(program ?? '') || (program === 'node' && NPM.includes(script ?? ''))
}

/** What Linux tells in /proc, and ps everywhere else. */
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

/** Windows has none: there the end of a parent is not noticed. */
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
