import { execFileSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { countRuns, lineHits, statements } from '../../scripts/raw-coverage.ts'
import { repositoryRoot } from '../../scripts/tools.ts'

const program = `import { argv } from 'node:process'

interface Shape { name: 'é' | '日本語' }

/** A comment. */
function describe(shape: Shape, kind: string | undefined): string {
  if (kind === undefined) {
    return 'none'
  }
  if (kind === 'broken')
    throw new Error(shape.name)
  const longer = (text: string): string =>
    text + '!'
  return longer(kind)
}

function never(): number {
  return 1
}

const late = () => never()

describe({ name: 'é' }, argv[2])
export { late }
`

let folder: string
let counts: string

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'raw-coverage-'))
  counts = join(folder, 'counts')
  mkdirSync(counts)
  writeFileSync(join(folder, 'program.mts'), program)
})

afterEach(() => rmSync(folder, { recursive: true }))

const run = (...args: string[]) =>
  execFileSync(process.execPath, [join(folder, 'program.mts'), ...args], {
    env: { ...process.env, NODE_V8_COVERAGE: counts },
  })

function hitsOfAllRuns(): Record<number, number> {
  const url = pathToFileURL(join(folder, 'program.mts')).href
  const lines = statements(program).map(({ line, start }) => ({ line, places: [{ url, offset: start }] }))
  const count = countRuns(
    counts,
    lines.flatMap(({ places }) => places),
  )
  return Object.fromEntries(lineHits(lines, count))
}

const hitsOfOneRun = { 7: 1, 8: 1, 10: 0, 11: 0, 12: 0, 13: 0, 14: 0, 18: 0, 21: 1, 23: 1 }

test('lines are counted where statements begin, to the branch', () => {
  run()

  expect(hitsOfAllRuns()).toEqual(hitsOfOneRun)
})

test('the counts of several processes add up', () => {
  run()
  run('there')
  run('there')

  expect(hitsOfAllRuns()).toEqual({ 7: 3, 8: 1, 10: 2, 11: 0, 12: 2, 13: 2, 14: 2, 18: 0, 21: 3, 23: 3 })
})

test('the counts of a jest worker and of processes add up', () => {
  const gathering = pathToFileURL(join(repositoryRoot, 'scripts/jest/gather-coverage.ts')).href
  const script = `
    const { gatherCoverage } = await import('${gathering}')
    const end = await gatherCoverage(${JSON.stringify(counts)})
    await import('${pathToFileURL(join(folder, 'program.mts')).href}')
    await end()
  `
  execFileSync(process.execPath, ['--input-type=module', '--eval', script])
  expect(hitsOfAllRuns()).toEqual(hitsOfOneRun)
  run()

  expect(hitsOfAllRuns()).toEqual({ ...hitsOfOneRun, 7: 2, 8: 2, 21: 2, 23: 2 })
})

test('every line of a program that never ran is missed', () => {
  expect(new Set(Object.values(hitsOfAllRuns()))).toEqual(new Set([0]))
})
