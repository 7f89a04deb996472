import { addresses } from './addresses.ts'

/** Asks every page that the product sends people to whether it is there. Fails where one is not. */

/** What became of one address: nothing where it answers. */
export async function problemOf(
  address: string,
  ask: (address: string) => Promise<{ status: number }>,
): Promise<string | undefined> {
  try {
    const { status } = await ask(address)
    // Sites that ask robots to stay away are there.
    if (status < 400 || status === 403 || status === 429) return undefined
    return `answers ${status}`
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

const timeoutMs = 30_000
const pauseMs = 500

async function main(): Promise<void> {
  for (const [address, files] of addresses()) {
    const problem = await problemOf(address, url => fetch(url, { signal: AbortSignal.timeout(timeoutMs) }))
    if (problem !== undefined) {
      process.stdout.write(`${address} ${problem}. It stands in ${files.join(', ')}\n`)
      process.exitCode = 1
    }
    await new Promise(resolve => setTimeout(resolve, pauseMs))
  }
}

if (import.meta.main) await main()
