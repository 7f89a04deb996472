import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createLocalCloud } from '../local-cloud/local-cloud.ts'
import { clients, type Row, tryClient } from './clients.ts'
import { withGenerated } from './docs.ts'
import { repositoryRoot, temporaryFolder } from './tools.ts'

/**
 * Usage: node scripts/test-clients.ts [FOLDER [TEXT]]
 *
 * Runs programs that use other people's libraries, unmodified, against the local cloud, and writes into its README which of them
 * work as they do in Azure. Each is installed by its own package manager, in FOLDER, which is kept, or in a temporary folder. With
 * TEXT, only clients whose name contains it are tried, and the others keep their rows. Fails if an installed client does not
 * work, or if its package manager is there but cannot install it.
 */

const README = 'local-cloud/README.md'

const cellsOf = ({ client: { name, what }, versions, outcome }: Row): string =>
  `| ${name} | ${versions.join(', ')} | ${what} | ${outcome} |`

/** Takes the rows of tried clients from `rows`, and keeps the page's rows for the others. */
function writeTable(rows: ReadonlyMap<string, Row>): void {
  const file = join(repositoryRoot, README)
  const page = readFileSync(file, 'utf8')
  const lines = clients.flatMap(({ name }) => {
    const row = rows.get(name)
    return row === undefined
      ? page.split('\n').filter(line => line.startsWith(`| ${name} |`))
      : [cellsOf(row)]
  })
  const generate = () =>
    ['| Client | Version | What was run | |', '| --- | --- | --- | --- |', ...lines].join('\n')
  writeFileSync(file, withGenerated(page, { path: README, marker: 'clients', generate }))
}

async function main([named, text = '']: readonly string[]): Promise<void> {
  const folder = named === undefined ? temporaryFolder() : resolve(named)
  const tell = (words: string) => process.stderr.write(`${words}\n`)
  const cloud = await createLocalCloud({ granted: true })
  try {
    const rows = new Map<string, Row>()
    for (const [index, client] of clients.entries()) {
      if (!client.name.includes(text)) continue
      const row = await tryClient(client, join(folder, `${index}`), cloud.jobEnvironment(), tell)
      process.stdout.write(`${row.outcome.padEnd(12)}${client.name} ${row.versions.join(', ')}\n`)
      rows.set(client.name, row)
    }
    writeTable(rows)
    const bad = [...rows.values()].filter(
      ({ outcome }) => outcome !== 'green' && outcome !== 'not installed here',
    )
    if (bad.length > 0) process.exitCode = 1
  } finally {
    await cloud.close()
  }
}

await main(process.argv.slice(2))
