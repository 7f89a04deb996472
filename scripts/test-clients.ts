import { readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { createLocalCloud } from '../local-cloud/local-cloud.ts'
import { clients, type Row, tryClient } from './clients.ts'
import { withGenerated } from './docs.ts'
import { repositoryRoot, temporaryFolder } from './tools.ts'

/**
 * Usage: node scripts/test-clients.ts [FOLDER]
 *
 * Runs programs in the libraries of others, unmodified, against the local cloud, and writes into its README which of them did
 * what they do in Azure. Each is installed by its own package manager, in FOLDER, which is kept, or in one that goes again. Fails
 * where one that is installed does not do it, or cannot be installed although its package manager is there.
 */

function tableOf(rows: readonly Row[]): string {
  const cells = rows.map(
    ({ client: { name, what }, versions, outcome }) =>
      `| ${name} | ${versions.join(', ')} | ${what} | ${outcome} |`,
  )
  return ['| Client | Version | What was run | |', '| --- | --- | --- | --- |', ...cells].join('\n')
}

function writeTable(table: string): void {
  const file = join(repositoryRoot, 'local-cloud/README.md')
  const text = { path: 'local-cloud/README.md', marker: 'clients', generate: () => table }
  writeFileSync(file, withGenerated(readFileSync(file, 'utf8'), text))
}

async function main([named]: readonly string[]): Promise<void> {
  const folder = named === undefined ? temporaryFolder() : resolve(named)
  const cloud = await createLocalCloud({ granted: true })
  try {
    const rows: Row[] = []
    for (const [index, client] of clients.entries()) {
      const place = join(folder, `${index}`)
      const row = await tryClient(client, place, cloud.jobEnvironment(), text =>
        process.stderr.write(`${text}\n`),
      )
      process.stdout.write(`${row.outcome.padEnd(12)}${client.name} ${row.versions.join(', ')}\n`)
      rows.push(row)
    }
    writeTable(tableOf(rows))
    if (rows.some(({ outcome }) => outcome === '**red**' || outcome === 'could not be installed here'))
      process.exitCode = 1
  } finally {
    await cloud.close()
  }
}

await main(process.argv.slice(2))
