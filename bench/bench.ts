import { writeFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'
import { join, resolve } from 'node:path'
import { parseArgs } from 'node:util'
import { repositoryRoot } from '../scripts/tools.ts'
import { measureGrowth } from './growth.ts'
import { simulateNoticing } from './noticing.ts'
import { type Part, table } from './part.ts'
import { simulateRows } from './rows.ts'
import { measureStart } from './start.ts'

/**
 * Measures the project's promises about speed, size and waiting, and prints the results, promises first. Exits with 1 if a promise
 * is broken. CONTRIBUTING.md lists the options.
 */

const { values: options } = parseArgs({
  options: {
    only: { type: 'string', multiple: true },
    beside: { type: 'string', multiple: true },
    write: { type: 'boolean', default: false },
  },
})

/** Bundles to compare with, by their name in the table. */
function readBeside(): ReadonlyMap<string, string> {
  return new Map(
    (options.beside ?? []).map(given => {
      const [, name, path] = /^([^=]+)=(.+)$/.exec(given) ?? []
      if (name === undefined || path === undefined)
        throw new Error(`--beside takes name=/path/to/dist/index.js, not ${given}`)
      return [name, resolve(path)]
    }),
  )
}

const beside = readBeside()
const parts: Readonly<Record<string, () => Promise<Part>>> = {
  start: () => measureStart(beside),
  growth: measureGrowth,
  rows: simulateRows,
  noticing: simulateNoticing,
}

function chosenParts(): readonly string[] {
  const chosen = options.only ?? Object.keys(parts)
  const unknown = chosen.filter(name => parts[name] === undefined)
  if (unknown.length > 0)
    throw new Error(`--only takes ${Object.keys(parts).join(', ')}, not ${unknown.join(', ')}`)
  if (options.write && options.only !== undefined)
    throw new Error('--write needs all parts, so it excludes --only')
  return chosen
}

/** If a part fails, the results name it, and the other parts are still measured. */
async function measure(name: string): Promise<Part> {
  const startedAt = performance.now()
  try {
    const part = await parts[name]?.()
    if (part === undefined) throw new Error('No part has this name')
    return part
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error)
    process.stderr.write(`${name}: ${message}\n`)
    return {
      promises: [{ what: `The part ${name}`, measured: 'failed', promised: 'measured', isKept: false }],
      text: `## ${name}\n\nCould not be measured.\n`,
    }
  } finally {
    process.stderr.write(`${name}: ${((performance.now() - startedAt) / 1000).toFixed(0)} s\n`)
  }
}

/** Empty if all promises are kept. */
function reasons(): string {
  const missed = promises.filter(({ isKept, because }) => !isKept && because !== undefined)
  if (missed.length === 0) return ''
  return `Why some promises are missed:\n\n${missed.map(({ what, because }) => `- ${what}: ${because}`).join('\n')}\n\n`
}

const load = () => (loadavg()[0] ?? Number.NaN).toFixed(1)

const loadBefore = load()
const measured: Part[] = []
for (const name of chosenParts()) measured.push(await measure(name))

const promises = measured.flatMap(part => part.promises)
const [processor] = cpus()
const text = `# What was measured

Written by \`npm run bench\`, which fails if a promise is missed. Machine: ${cpus().length} × ${processor?.model ?? 'unknown processor'}, ${(totalmem() / 1024 ** 3).toFixed(0)} GB memory, Node ${process.version}.
Load average before and after: ${loadBefore} and ${load()}. If it is above ${cpus().length}, other programs were using the machine, and ratios are more reliable than absolute figures.

## Promises

${table(
  ['What', 'Measured', 'Promised', ''],
  promises.map(({ what, measured: figure, promised, isKept }) => [
    what,
    figure,
    promised,
    isKept ? 'kept' : '**missed**',
  ]),
)}

${reasons()}${measured.map(part => part.text).join('\n')}`

process.stdout.write(text)
if (options.write) writeFileSync(join(repositoryRoot, 'bench/RESULTS.md'), text)
if (promises.some(({ isKept }) => !isKept)) process.exitCode = 1
