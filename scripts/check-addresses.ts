import { addresses } from './addresses.ts'

/** Requests every page that the product links to. Fails if one does not answer. */

/** The problem with one address; undefined if it answers. */
export async function problemOf(
  address: string,
  ask: (address: string) => Promise<{ status: number }>,
): Promise<string | undefined> {
  try {
    const { status } = await ask(address)
    // A site that refuses robots exists.
    if (status < 400 || status === 403 || status === 429) return undefined
    return `answers ${status}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const timeoutMs = 30_000
const pauseMs = 500

async function main(): Promise<void> {
  for (const [address, { files, uses }] of addresses()) {
    const problem = await problemOf(address, url => fetch(url, { signal: AbortSignal.timeout(timeoutMs) }))
    if (problem !== undefined) {
      process.stdout.write(`${address} ${problem}. Linked from ${files.join(', ')} (${uses.join('; ')})\n`)
      process.exitCode = 1
    }
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}

if (import.meta.main) await main()
