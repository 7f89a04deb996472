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
/** Before a page that did not answer is asked once more: a week's report must not be about one lost packet. */
const secondTryMs = 20_000
const wait = (ms: number) => new Promise(resolve => setTimeout(resolve, ms))

async function main(): Promise<void> {
  for (const [address, { files, uses }] of addresses()) {
    const ask = () => problemOf(address, url => fetch(url, { signal: AbortSignal.timeout(timeoutMs) }))
    let problem = await ask()
    if (problem !== undefined) {
      await wait(secondTryMs)
      problem = await ask()
    }
    if (problem !== undefined) {
      process.stdout.write(`${address} ${problem}. Linked from ${files.join(', ')} (${uses.join('; ')})\n`)
      process.exitCode = 1
    }
    await wait(pauseMs)
  }
}

if (import.meta.main) await main()
