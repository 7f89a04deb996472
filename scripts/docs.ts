import { existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { addressesPage } from './addresses.ts'
import { attacksTable } from './attacks-table.ts'
import { diagnosisPage } from './diagnosis-page.ts'
import { faultsPage } from './faults-page.ts'
import { findingsPage } from './findings-page.ts'
import { commonInputsTable, inputsPage } from './inputs-page.ts'
import { issueForm } from './issue-forms.ts'
import { kindsPage } from './kinds-page.ts'
import { exampleBlock, examplesIn, limitsSection, operationsPage } from './local-cloud-pages.ts'
import { reportFields, reportSchemaFile } from './report-schema.ts'
import { seedSchemaFile, seedSchemaPath } from './seed-schema.ts'
import { repositoryRoot } from './tools.ts'

/** Text generated from code: a whole file, or the part of a file between `<!-- marker -->` and `<!-- /marker -->`. */
interface GeneratedText {
  /** Relative to the repository. */
  path: string
  /** Absent: the whole file. */
  marker?: string
  generate(): string
}

const generatedTexts: readonly GeneratedText[] = [
  { path: 'README.md', marker: 'inputs', generate: commonInputsTable },
  { path: 'docs/inputs.md', generate: inputsPage },
  { path: 'docs/diagnosis.md', generate: diagnosisPage },
  { path: 'docs/faults.md', generate: faultsPage },
  { path: 'docs/report.schema.json', generate: reportSchemaFile },
  { path: 'docs/report.md', marker: 'fields', generate: reportFields },
  { path: seedSchemaPath, generate: seedSchemaFile },
  { path: 'docs/findings.md', generate: findingsPage },
  { path: 'docs/security.md', marker: 'attacks', generate: attacksTable },
  { path: 'docs/local-cloud-operations.md', generate: operationsPage },
  { path: 'local-cloud/README.md', marker: 'limits', generate: limitsSection },
  { path: 'docs/models.md', generate: kindsPage },

  ...globSync('docs/local-cloud/*.md', { cwd: repositoryRoot }).flatMap(path =>
    examplesIn(readIfPresent(path)).map(marker => ({ path, marker, generate: () => exampleBlock(marker) })),
  ),
  ...['.github/ISSUE_TEMPLATE/bug.yml', '.github/ISSUE_TEMPLATE/idea.yml'].map(path => ({
    path,
    generate: () => issueForm(path),
  })),
  // Last, because it reads the others.
  { path: 'docs/addresses.md', generate: addressesPage },
]

/** `current` with the generated text in its place. Throws if a marker is missing. */
export function withGenerated(current: string, { path, marker, generate }: GeneratedText): string {
  if (marker === undefined) return generate()
  const [start, end] = [`<!-- ${marker} -->`, `<!-- /${marker} -->`]
  const from = current.indexOf(start)
  const to = current.indexOf(end, from)
  if (from < 0 || to < 0) throw new Error(`${path} must have ${start} and, below it, ${end}`)
  return `${current.slice(0, from)}${start}\n\n${generate()}\n\n${current.slice(to)}`
}

/** The expected content of every generated file, by path. */
function generateAll(): Map<string, string> {
  const files = new Map<string, string>()
  for (const text of generatedTexts) {
    files.set(text.path, withGenerated(files.get(text.path) ?? readIfPresent(text.path), text))
  }
  return files
}

function readIfPresent(path: string): string {
  const file = join(repositoryRoot, path)
  return existsSync(file) ? readFileSync(file, 'utf8') : ''
}

/** Paths of the files that differ from what the code generates. */
export function outdated(): string[] {
  return [...generateAll()].filter(([path, text]) => readIfPresent(path) !== text).map(([path]) => path)
}

function check(): void {
  for (const path of outdated()) {
    process.stdout.write(`${path} is out of date: run \`npm run docs\` and commit it.\n`)
    process.exitCode = 1
  }
}

function write(): void {
  for (const [path, text] of generateAll()) {
    const file = join(repositoryRoot, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, text)
  }
}

if (import.meta.main) {
  if (process.argv.includes('--check')) check()
  else write()
}
